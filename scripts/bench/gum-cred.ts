/** gum-cred itself against an empty program built in the same way, and against secret-tool on the same keyring. */
import { startPrivateKeyring } from "../../test/support/private-keyring.ts";
import { startStandIn } from "../../test/support/stand-in/server.ts";
import { type Case, fairCopy, measure } from "./measure.ts";
import type { Comparison } from "./table.ts";

/** The promises: docs/performance.md has them too. */
const TARGETS = { environment: 1.5, keychain: 1.0, exec: 1.6 };

const ENVIRONMENT = { GUMLOOP_ACCESS_TOKEN: "access-token-EXAMPLE" };

/** `folder` is for copies of the binaries of `dist`. */
export async function benchGumCred(dist: string, folder: string, rounds: number): Promise<Comparison[]> {
  const gumCred = fairCopy(`${dist}/gum-cred`, `${folder}/gum-cred`);
  const empty = fairCopy(`${dist}/empty`, `${folder}/empty`);
  const timings = await withStoredProfile(gumCred, (session) => {
    const lookup = ["secret-tool", "lookup", "service", "gumloop-cli", "username", "default:access_token"];
    const cases: Case[] = [
      { name: "empty", command: [empty] },
      { name: "env, from the environment", command: [gumCred, "env", "gumloop"], env: ENVIRONMENT },
      { name: "exec true", command: [gumCred, "exec", "gumloop", "--", "true"], env: ENVIRONMENT },
      { name: "--help", command: [gumCred, "--help"] },
      { name: "--version", command: [gumCred, "--version"] },
      { name: "secret-tool lookup", command: lookup, env: session },
      { name: "env, from the keyring", command: [gumCred, "env", "gumloop"], env: session },
      { name: "env, every provider", command: [gumCred, "env"], env: session },
    ];
    return measure(cases, rounds);
  });
  const compare = (name: string, other: string, target: number | null = null): Comparison => {
    const [what, against] = [timings.get(name), timings.get(other)];
    if (!what || !against) throw new Error(`${name} and ${other} were not measured`);
    return { what, against, target };
  };
  return [
    compare("env, from the environment", "empty", TARGETS.environment),
    compare("exec true", "empty", TARGETS.exec),
    compare("--help", "empty"),
    compare("--version", "empty"),
    compare("env, from the keyring", "secret-tool lookup", TARGETS.keychain),
    compare("env, every provider", "secret-tool lookup"),
  ];
}

/** Signs in on a keyring of our own, then hands over the variables that lead to it. */
async function withStoredProfile<T>(
  gumCred: string,
  use: (session: Record<string, string>) => T,
): Promise<T> {
  const server = startStandIn();
  const keyring = await startPrivateKeyring();
  try {
    const login = Bun.spawn([gumCred, "login", "--access-token", "-", "--base-url", server.baseUrl], {
      env: keyring.env,
      stdin: new Blob([server.issueTokens().accessToken]),
      stdout: "ignore",
      stderr: "pipe",
    });
    if ((await login.exited) !== 0)
      throw new Error(`login failed: ${await new Response(login.stderr).text()}`);
    return use(keyring.env);
  } finally {
    await keyring.stop();
    await server.stop();
  }
}
