/** A signal while a key is read from Vault: the token that a login gave is revoked before it takes effect. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { gumCred } from "../support/binary.ts";
import { writePolicy } from "../support/policy.ts";

const folder = mkdtempSync("/tmp/gum-cred-interrupted-");
let paths: string[] = [];
let slow: RegExp = /never/;
let reached: () => void = () => {};
const server = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0 },
  fetch: async (request) => {
    const path = new URL(request.url).pathname.replace("/v1/", "");
    paths.push(path);
    if (slow.test(path)) {
      reached();
      await Bun.sleep(path.endsWith("/login") ? 600 : 10_000);
    }
    if (path.endsWith("/login"))
      return Response.json({ auth: { client_token: "s.EXAMPLE-0123456789", lease_duration: 600 } });
    if (path.endsWith("/revoke-self")) return new Response(null, { status: 204 });
    return Response.json({ data: { data: { key: "sk-EXAMPLE-0123456789" } } });
  },
});
beforeEach(() => {
  paths = [];
});
afterAll(() => {
  server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const LOGIN = "auth/approle/login";
const REVOKE = "auth/token/revoke-self";
const source = {
  vault: {
    ...{ address: `http://127.0.0.1:${server.port}`, mount: "kv", path: "one", field: "key" },
    auth: { approle: { role_id: "role-EXAMPLE" } },
  },
};

/** Runs it and sends the signals when the server holds a request at `where`. */
async function interrupted(
  args: readonly string[],
  where: RegExp,
  signals: readonly NodeJS.Signals[],
  trap = ":",
  more: object = {},
) {
  slow = where;
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const none = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
  const child = Bun.spawn(["sh", "-c", `${trap}; exec "$@"`, "sh", gumCred(), ...args], {
    env: {
      PATH: "/usr/bin:/bin",
      HOME: folder,
      ...none,
      ...writePolicy(`${folder}/policy.json`, { openai: { source }, ...more }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  await isReached;
  // Long enough for what it waits for to be under way, and for a run that answers signals to be one.
  await Bun.sleep(200);
  const started = performance.now();
  for (const signal of signals) {
    child.kill(signal);
    await Bun.sleep(50);
  }
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr, ms: performance.now() - started };
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s during the read", async (signal) => {
  const result = await interrupted(["get", "openai"], /^kv/, [signal]);
  expect(result).toMatchObject({ signal, stdout: "", stderr: "" });
  expect(paths).toEqual([LOGIN, "kv/data/one", REVOKE]);
  expect(result.ms).toBeLessThan(3_000);
});

test("during the login, whose token may be on its way", async () => {
  const result = await interrupted(["get", "openai"], /login$/, ["SIGTERM"]);
  expect(result.signal).toBe("SIGTERM");
  expect(paths).toEqual([LOGIN, ...paths.slice(1, -1), REVOKE]);
});

test("env still prints its failure statement", async () => {
  const result = await interrupted(["env", "openai"], /^kv/, ["SIGTERM"]);
  expect(result).toMatchObject({ code: 130, stdout: "(exit 130);\n" });
  expect(paths.at(-1)).toBe(REVOKE);
});

test("exec starts nothing, with references too", async () => {
  for (const more of [[], ["--file", "F=gum://openai"]]) {
    paths = [];
    const args = ["exec", "openai", ...more, "--", "echo", "ran"];
    expect(await interrupted(args, /^kv/, ["SIGINT"])).toMatchObject({ signal: "SIGINT", stdout: "" });
    expect(paths.at(-1)).toBe(REVOKE);
  }
});

test("a command beside it is killed, and the login still revoked", async () => {
  const command = ["/bin/sh", "-c", `echo $$ > ${folder}/pid; exec sleep 61`];
  const result = await interrupted(["env"], /^kv/, ["SIGTERM"], ":", { xai: { source: { command } } });
  expect([result.code, result.stdout]).toEqual([130, "(exit 130);\n"]);
  expect(paths.at(-1)).toBe(REVOKE);
  const pid = (await Bun.file(`${folder}/pid`).text()).trim();
  await Bun.sleep(100);
  expect(Bun.spawnSync(["ps", "-o", "stat=", "-p", pid]).stdout.toString()).not.toMatch(/^[^Z]/);
});

test("a second signal ends it at once", async () => {
  const result = await interrupted(["get", "openai"], /^kv|revoke/, ["SIGINT", "SIGINT"]);
  expect([result.signal, result.stdout]).toEqual(["SIGINT", ""]);
  expect(result.ms).toBeLessThan(800);
});

test("a signal that the caller ignores ends nothing, and is still ignored in the command", async () => {
  slow = /login$/;
  const args = ["exec", "openai", "--", "grep", "SigIgn", "/proc/self/status"];
  const result = await interrupted(args, /login$/, ["SIGHUP"], "trap '' HUP");
  expect(result).toMatchObject({ code: 0, stdout: "SigIgn:\t0000000000000001\n" });
});
