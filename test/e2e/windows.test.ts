/**
 * gum-cred.exe as it is built for Windows, under Wine, with Wine's Credential Manager: a whole life from login to
 * logout. Windows itself is not here; .github/workflows/desktop.yml has the same round for a real one.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { resolve } from "node:path";
import { type StandIn, startStandIn } from "../support/stand-in/server.ts";
import { closeWine, openWine, type Wine } from "../support/wine/wine.ts";

const ROOT = resolve(import.meta.dir, "../..");

let wine: Wine;
let server: StandIn;

beforeAll(async () => {
  const built = Bun.spawnSync([process.execPath, "scripts/build.ts", "--target", "windows-x64"], {
    cwd: ROOT,
    stderr: "pipe",
  });
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  wine = await openWine();
  copyFileSync(`${ROOT}/dist/windows-x64/gum-cred.exe`, `${wine.folder}/gum-cred.exe`);
  server = startStandIn({ consent: "approve" });
}, 180_000);
afterAll(async () => {
  await server?.stop();
  await closeWine();
});

async function gumCred(args: readonly string[], env: Record<string, string> = {}, stdin = "") {
  const child = wine.start("gum-cred.exe", args, env);
  child.stdin.write(stdin);
  child.stdin.end();
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(stderr).not.toContain("EXAMPLE");
  return { stdout, stderr, code };
}

test("login, status, env in Windows' shells, logout", async () => {
  const { key, userId } = server.addApiKey();
  const at = ["--base-url", server.baseUrl];
  const wrong = await gumCred(["login", "--api-key", "-", "--user-id", userId, ...at], {}, "wrong-EXAMPLE");
  expect(wrong.code).toBe(3);
  expect((await gumCred(["status"])).code).toBe(3);

  const login = await gumCred(["login", "--api-key", "-", "--user-id", userId, "--json", ...at], {}, key);
  expect(JSON.parse(login.stdout)).toMatchObject({ status: "ok", keychain: "windows-credential-manager" });
  const status = await gumCred(["status", "--verify", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ source: "keychain", verification: "verified" });

  const powershell = await gumCred(["env", "gumloop", "--format", "powershell"]);
  expect(powershell.stdout).toContain(`$env:GUMLOOP_API_KEY = '${key}'`);
  const cmd = await gumCred(["env", "gumloop", "--format", "cmd"]);
  expect(cmd.stdout).toContain(`set "GUMLOOP_API_KEY=${key}"`);
  expect((await gumCred(["get", "gumloop"])).stdout.trim()).toBe(key);

  expect((await gumCred(["logout"])).code).toBe(0);
  expect((await gumCred(["get", "gumloop"])).code).toBe(3);
}, 180_000);

test("an OAuth session is refreshed and revoked", async () => {
  const { accessToken } = server.issueTokens();
  const login = ["login", "--access-token", "-", "--base-url", server.baseUrl];
  expect((await gumCred(login, {}, accessToken)).code).toBe(0);
  expect((await gumCred(["get", "gumloop"])).stdout.trim()).toBe(accessToken);
  const logout = await gumCred(["logout", "--json"]);
  expect(JSON.parse(logout.stdout)).toMatchObject({ oauth_revoked: true });
}, 180_000);

test("exec waits for the program and exits as it did", async () => {
  const env = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" };
  const exec = (...command: string[]) => gumCred(["exec", "gumloop", "--", ...command], env);
  const shown = await exec("cmd", "/c", "echo %GUMLOOP_ACCESS_TOKEN%& exit 42");
  expect([shown.stdout.trim(), shown.code]).toEqual(["tok-EXAMPLE", 42]);
  expect((await exec("no-such-program")).code).toBe(127);
}, 180_000);

test("the environment needs no keychain, and a long key is stored in parts", async () => {
  const env = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" };
  expect((await gumCred(["get", "gumloop"], env)).stdout.trim()).toBe("tok-EXAMPLE");
  const long = `sk-${"x".repeat(6_000)}EXAMPLE`;
  const set = ["keys", "set", "openai", "--key", "-", "--no-verify"];
  expect((await gumCred(set, {}, long)).code).toBe(0);
  expect((await gumCred(["get", "openai"])).stdout.trim()).toBe(long);
}, 180_000);
