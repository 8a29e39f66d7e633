/**
 * One round of the built binary with this machine's own keychain: login, status, env, logout against the stand-in
 * server. `bun test/support/desktop-round.ts BINARY`. Uses a profile of its own and leaves nothing in the keychain.
 * Exits 1, saying what was expected, when anything is not as it should be.
 */
import { deepStrictEqual } from "node:assert";
import { startStandIn } from "./stand-in/server.ts";

const [binary = "dist/gum-cred"] = process.argv.slice(2);
const profile = `desktop-round-${process.pid}`;
const server = startStandIn();
const { key, userId } = server.addApiKey();

/** Runs one command without the variables that would win over the keychain. */
async function gumCred(expectedCode: number, stdin: string, ...args: readonly string[]): Promise<string> {
  const wins = (name: string) => name.startsWith("GUM") && name !== "GUM_CRED_KEYCHAIN";
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !wins(name)));
  const child = Bun.spawn([binary, ...args, "--profile", profile], {
    env,
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  console.log(`${args[0]}: exit code ${code}\n${stderr}`);
  deepStrictEqual(code, expectedCode, `gum-cred ${args[0]}`);
  return stdout;
}

try {
  const where = ["--user-id", userId, "--base-url", server.baseUrl];
  await gumCred(0, key, "login", "--api-key", "-", ...where);

  const status = JSON.parse(await gumCred(0, "", "status", "--verify", "--json"));
  const { authenticated, source, user_id, verification } = status;
  deepStrictEqual(
    { authenticated, source, user_id, verification },
    { authenticated: true, source: "keychain", user_id: userId, verification: "verified" },
  );

  const variables = JSON.parse(await gumCred(0, "", "env", "gumloop", "--format", "json"));
  const { GUMLOOP_API_KEY, GUMLOOP_USER_ID, GUMLOOP_BASE_URL } = variables;
  deepStrictEqual([GUMLOOP_API_KEY, GUMLOOP_USER_ID, GUMLOOP_BASE_URL], [key, userId, server.baseUrl]);

  await gumCred(0, "", "logout");
  await gumCred(3, "", "status", "--json");
  console.log("all as it should be");
} finally {
  await server.stop();
}
process.exit(0);
