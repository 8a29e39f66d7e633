/** Corners where two rules meet: markers, policies, flags between words, and what `--json` may hold. */
import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { POSIX_GUARD } from "../../src/output/env-formats/plain.ts";
import { gumCred } from "../support/binary.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const TOKEN = "access-token-EXAMPLE-0123456789";
const NO_BUS = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };

function policy(text: string): Record<string, string> {
  const path = `${world.home}/policy.json`;
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return { GUM_CRED_POLICY: path };
}

/** What a shell holds after `eval` of these, as NAME=value lines. */
async function shellAfter(
  commands: string,
  names: string,
  env: Record<string, string> = {},
): Promise<string> {
  const script = `${commands}; for n in ${names}; do eval "echo $n=\\\${$n-}"; done`;
  return (
    await world.sh(script, { env: { PATH: `${gumCred().replace(/\/[^/]*$/, "")}:/usr/bin:/bin`, ...env } })
  ).stdout;
}

test("--unset of one provider leaves the marker of the others", async () => {
  await world.signInWithToken();
  const after = await shellAfter(
    "eval $(gum-cred env gumloop); eval $(gum-cred env xai --unset); gum-cred status --json; eval $(gum-cred env --unset)",
    "GUM_CRED_EXPORTED GUMLOOP_ACCESS_TOKEN",
  );
  const [status, ...rest] = after.split("\n");
  expect(JSON.parse(status ?? "")).toMatchObject({ source: "keychain" });
  expect(rest.slice(0, 2)).toEqual(["GUM_CRED_EXPORTED=", "GUMLOOP_ACCESS_TOKEN="]);
});

test("values handed into a container keep the base URL that came with them", async () => {
  const token = await world.signInWithToken();
  const exported = JSON.parse((await world.ok(["env", "gumloop", "--format", "json"])).stdout);
  const env = { ...exported, ...NO_BUS };
  expect(await world.ok(["get", "gumloop"], { env })).toMatchObject({ stdout: `${token}\n` });
  const { stdout } = await world.ok(["get", "gumloop", "--field", "base_url"], { env });
  expect(stdout).toBe(`${world.server.baseUrl}\n`);
  await world.ok(["status", "--verify"], { env });
});

test("exec tells a gum-cred inside where to look", async () => {
  await world.signInWithToken("default");
  const token = await world.signInWithToken("work");
  const inside = ["exec", "gumloop", "--profile", "work", "--", gumCred(), "header"];
  expect((await world.ok(inside)).stdout).toBe(`Authorization: Bearer ${token}\n`);
  const masked = ["exec", "gumloop", "--profile", "work", "--mask", "--", "printenv", "GUM_CRED_PROFILE"];
  expect((await world.ok(masked)).stdout).toBe("work\n");
});

test("a policy that only denies is nothing to export", async () => {
  const env = { ...NO_BUS, ...policy('{"version":1,"providers":{"deepseek":{"deny":true}}}') };
  expect(await world.run(["env"], { env })).toMatchObject({ code: 3, stdout: "(exit 3);\n" });
  expect((await world.run(["exec", "--", "true"], { env })).code).toBe(125);
});

test("a policy that cannot be read stops Gumloop's credential too", async () => {
  const env = { ...policy("x"), GUMLOOP_ACCESS_TOKEN: TOKEN };
  for (const args of [["env", "gumloop"], ["env"], ["get", "gumloop"], ["header"], ["status"]]) {
    const result = await world.run(args, { env });
    expect([args, result.code]).toEqual([args, 7]);
    expect(result.stderr).toContain("E_POLICY_INVALID");
  }
});

test("a policy that denies Gumloop: refused by name, left out and unset without", async () => {
  const rules = policy('{"version":1,"providers":{"gumloop":{"deny":true}}}');
  const env = { ...rules, GUMLOOP_ACCESS_TOKEN: TOKEN, OPENAI_API_KEY: "sk-EXAMPLE" };
  const named = await world.run(["env", "gumloop"], { env });
  expect(named).toMatchObject({ code: 6, stdout: "(exit 6);\n" });
  const { stdout } = await world.ok(["env"], { env });
  expect(stdout.slice(POSIX_GUARD.length)).toMatch(
    /^unset GUMLOOP_ACCESS_TOKEN .*OPENAI_API_KEY='sk-EXAMPLE';\n$/,
  );
  expect(JSON.parse((await world.run(["explain", "--json"], { env })).stdout)).toMatchObject({
    winner: null,
  });
});

test("explain under an enforced organisation key says what env does", async () => {
  const env = { GUM_CRED_ORG_OPENAI_API_KEY: "sk-org-EXAMPLE", OPENAI_API_KEY: "sk-mine-EXAMPLE" };
  const { stdout } = await world.run(["explain", "openai", "--level", "personal", "--json"], { env });
  expect(JSON.parse(stdout).winner).toBeNull();
  expect((await world.run(["env", "openai", "--level", "personal"], { env })).code).toBe(6);
});

test("a global flag's value between two words is no subcommand", async () => {
  await world.ok(["keys", "--profile", "default", "list"]);
  await world.ok(["keys", "set", "deepseek", "--key", "-", "--no-verify", "--profile", "remove"], {
    stdin: "sk-deepseek-EXAMPLE",
  });
  const again = await world.run(["keys", "--profile", "remove", "set", "deepseek", "--no-verify"], {
    stdin: "",
  });
  expect(again.code).not.toBe(0);
  await world.ok(["get", "deepseek", "--profile", "remove"]);
});

test("header --json names the headers and holds no value", async () => {
  const { stdout } = await world.ok(["header", "--json"], { env: { GUMLOOP_ACCESS_TOKEN: TOKEN } });
  expect(JSON.parse(stdout)).toEqual({ headers: ["Authorization"] });
});

test("of two formats the last one counts, for a failure too", async () => {
  const result = await world.run(["env", "--format", "fish", "--format", "posix", "xai"]);
  expect(result.stdout).toBe("(exit 3);\n");
});

test("an organisation's command ends with gum-cred", async () => {
  const store = `${world.home}/store`;
  writeFileSync(store, `#!/bin/sh\necho $$ > ${world.home}/store.pid\nexec sleep 30\n`, { mode: 0o755 });
  const rules = { openai: { source: { command: [store], timeout_ms: 15_000 } } };
  const env = policy(JSON.stringify({ version: 1, providers: rules }));
  const child = Bun.spawn([gumCred(), "get", "openai"], { env: { ...world.env, ...env }, stderr: "ignore" });
  const pid = await fileText(`${world.home}/store.pid`);
  child.kill("SIGTERM");
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
  const state = await world.sh(`sleep 0.2; ps -o stat= -p ${pid} || echo gone`);
  expect(state.stdout.trim()).toMatch(/^(gone|Z.*)$/);
});

async function fileText(path: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const text = await Bun.file(path)
      .text()
      .catch(() => "");
    if (text.endsWith("\n")) return text.trim();
    await Bun.sleep(20);
  }
  throw new Error(`${path} does not come`);
}

test("status does not warn of what a policy denies, and stderr stays one JSON object", async () => {
  const env = { ...policy('{"version":1,"providers":{"deepseek":{"deny":true}}}'), ...NO_BUS };
  const { stderr } = await world.run(["status", "--json"], { env });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "E_NOT_SIGNED_IN" } });
});

test("keys list on a locked keychain is no empty list, and its stderr is JSON", async () => {
  await world.keyring.lock();
  try {
    expect(await world.run(["keys", "list"])).toMatchObject({ code: 4, stdout: "" });
    const { stderr } = await world.run(["keys", "list", "--json"]);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "E_KEYCHAIN_LOCKED" } });
  } finally {
    await world.keyring.unlock();
  }
});

test("a stored value that no request can carry is malformed, not a network failure", async () => {
  const env = { OPENAI_API_KEY: "ké EXAMPLE" };
  const result = await world.run(["keys", "verify", "openai", "--json"], { env });
  expect(result.code).toBe(7);
  expect(result.stdout).toContain("unverifiable");
  expect((await world.run(["keys", "verify", "gumloop"])).code).toBe(2);
});

test("a rejected credential is not called signed in", async () => {
  const env = { GUMLOOP_ACCESS_TOKEN: TOKEN, GUMLOOP_BASE_URL: world.server.baseUrl };
  const { code, stdout } = await world.run(["status", "--verify"], { env });
  expect(code).toBe(3);
  expect(stdout).toMatch(/Signed in +no, the OAuth access token was rejected/);
});

test("keys import refuses what keys set refuses", async () => {
  const file = `${world.home}/.env`;
  writeFileSync(file, "XAI_API_KEY=a b c EXAMPLE\n");
  expect((await world.run(["keys", "import", file, "--no-verify", "--no-input"])).code).not.toBe(0);
  expect((await world.run(["get", "xai"])).code).toBe(3);
});

test("doctor and completion work where the base URL makes no sense", async () => {
  const env = { GUMLOOP_BASE_URL: "http://internal:8080" };
  const { code, stdout } = await world.run(["doctor", "--json"], { env });
  expect(code).toBe(6);
  expect(JSON.parse(stdout).checks[0]).toMatchObject({ name: "variables", state: "problem" });
  expect((await world.ok(["completion", "bash"], { env })).stdout).toContain("gum-cred");
});

test("help is a way to ask for help", async () => {
  const asked = await world.ok(["help", "env"]);
  expect(asked.stdout).toBe((await world.ok(["env", "--help"])).stdout);
});

test.each([
  "--level team env",
  "--format posix env",
  "--format posix --level team env",
  "--profil x env",
  "--profile env",
  "--profile env openai",
  "env --profile",
  "env --format",
])("a wrong line that means env fails in the shell too: %s", async (line) => {
  expect(await world.run(line.split(" "))).toMatchObject({ code: 2, stdout: "(exit 2);\n" });
});

test.each(["--profile=env", "foo env", "explain --foo env"])(
  "a line that does not mean env prints no failure statement: %s",
  async (line) => {
    expect((await world.run(line.split(" "))).stdout).not.toContain("(exit");
  },
);

test.each(["--profile status --help", "help --profile status"])("prints help: %s", async (line) => {
  const { stdout } = await world.ok(["status", "--help"]);
  expect(await world.run(line.split(" "))).toMatchObject({ code: 0, stdout });
});

test.each(["env --format fish --bogus", "env --level nope --format fish", "env --format fish --profile"])(
  "the failure statement has the format of a line that is wrong elsewhere: %s",
  async (line) => {
    const { code, stdout } = await world.run(line.split(" "));
    expect([code, stdout.slice(0, 8)]).toEqual([2, "function"]);
  },
);

test.each(["foo --json", "env --bogus --json", "--json --profile env"])(
  "an error in JSON: %s",
  async (line) => {
    const { stderr } = await world.run(line.split(" "));
    expect(JSON.parse(stderr)).toMatchObject({ error: { exit_code: 2 } });
  },
);

const ODD = "sk-EXAMPLE\u00a0x";
test.each([
  [["header", "openai"], { OPENAI_API_KEY: ODD }, "set OPENAI_API_KEY again"],
  [["header", "openai"], { GUM_CRED_ORG_OPENAI_API_KEY: ODD }, "set GUM_CRED_ORG_OPENAI_API_KEY again"],
  [["header", "openai"], { OPENAI_API_KEY_FILE: "odd" }, "correct the file of OPENAI_API_KEY_FILE"],
  [["header"], { GUMLOOP_API_KEY: "key-EXAMPLE", GUMLOOP_USER_ID: ODD }, "set GUMLOOP_USER_ID again"],
  [["header"], { GUMLOOP_ACCESS_TOKEN: ODD }, "set GUMLOOP_ACCESS_TOKEN again"],
] as const)(
  "%p with a value for no header, from %p, says where to put it right",
  async (args, given, hint) => {
    const file = `${world.home}/odd`;
    writeFileSync(file, ODD, { mode: 0o600 });
    const env = Object.entries(given).map(([name, value]) => [name, value === "odd" ? file : value]);
    const { code, stdout, stderr } = await world.run([...args], { env: Object.fromEntries(env) });
    expect([code, stdout]).toEqual([7, ""]);
    expect(stderr).toContain("such as U+00A0\n");
    expect(stderr).toContain(`hint: ${hint}`);
    expect(stderr).not.toContain("gum-cred keys set");
  },
);
