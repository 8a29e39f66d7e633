/** A policy obeyed by `login`; a keychain that was named; a command that fails or goes round; what `keys verify` ends with. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gumCred } from "../support/binary.ts";
import { startVendors, type Vendors } from "../support/vendors.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let vendors: Vendors;
beforeAll(() => {
  vendors = startVendors();
});
afterAll(() => vendors.stop());
beforeEach(() => vendors.reset());

function policy(rules: object | string, mode = 0o600): Record<string, string> {
  const path = `${world.home}/policy.json`;
  writeFileSync(path, typeof rules === "string" ? rules : JSON.stringify({ version: 1, ...rules }));
  chmodSync(path, mode);
  return { GUM_CRED_POLICY: path };
}

function script(name: string, body: string): string {
  const path = `${world.home}/${name}`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("login under a policy that forbids it sends nothing", () => {
  const ways: [args: string[], stdin: string][] = [
    [["--access-token", "-"], "token-EXAMPLE"],
    [["--api-key", "-", "--user-id", "u"], "key-EXAMPLE"],
    [["--from-webhook", "-"], "https://api.gumloop.com/x?api_key=key-EXAMPLE&user_id=u"],
    [["--method", "oauth", "--no-browser", "--timeout", "5"], ""],
  ];
  const policies: [name: string, put: () => Record<string, string>, code: number][] = [
    ["denied", () => policy({ providers: { gumloop: { deny: true } } }), 6],
    [
      "denied to the team",
      () => ({
        ...policy({ teams: { t: { providers: { gumloop: { deny: true } } } } }),
        GUMLOOP_TEAM_ID: "t",
      }),
      6,
    ],
    ["writable by others", () => policy({}, 0o666), 6],
    ["broken", () => policy("{"), 7],
    ["not there", () => ({ GUM_CRED_POLICY: "/nowhere/policy.json" }), 7],
  ];
  for (const [name, put, code] of policies) {
    test.each(ways)(`${name}: %j`, async (args, stdin) => {
      const before = world.server.log().length;
      const result = await world.run(["login", ...args, "--base-url", world.server.baseUrl], {
        stdin,
        env: put(),
      });
      expect([result.code, result.stdout]).toEqual([code, ""]);
      expect(world.server.log().length).toBe(before);
      expect(await world.entries("gumloop-cli")).toEqual({});
    });
  }
});

describe("a keychain or bus that was named and is not there is exit 4, whatever else has a key", () => {
  const named: [string, Record<string, string>][] = [
    ["another keychain", { GUM_CRED_KEYCHAIN: "kwallet" }],
    ["a keychain of another system", { GUM_CRED_KEYCHAIN: "macos-keychain" }],
    ["a dead bus", { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere/bus" }],
    ["an abstract name that nobody has", { DBUS_SESSION_BUS_ADDRESS: "unix:abstract=gum-cred-nobody" }],
    ["a bus over TCP", { DBUS_SESSION_BUS_ADDRESS: "tcp:host=127.0.0.1,port=1" }],
  ];
  test.each(named)("%s", async (_name, env) => {
    await world.ok(["keys", "set", "openai", "--key", "-", "--no-verify", "--level", "organization"], {
      stdin: "org-EXAMPLE",
    });
    const mine = { ...env, OPENAI_API_KEY: "mine-EXAMPLE" };
    for (const args of [
      ["get", "openai"],
      ["env", "openai"],
      ["header", "openai"],
      ["keys", "list"],
      ["keys", "verify"],
      ["logout"],
      ["login", "--access-token", "-"],
    ]) {
      const { code, stdout } = await world.run(args, { env: mine, stdin: "x" });
      expect([args, code, stdout.includes("mine")]).toEqual([
        args,
        args[0] === "keys" && args[1] === "list" ? code : 4,
        false,
      ]);
      expect([args, code]).not.toEqual([args, 0]);
    }
  });
  test("a machine without any is no error", async () => {
    for (const address of ["", "disabled:", "autolaunch:"]) {
      const env = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: "", OPENAI_API_KEY: "mine-EXAMPLE" };
      expect((await world.ok(["get", "openai"], { env })).stdout).toBe("mine-EXAMPLE\n");
    }
  });
});

describe("a policy's command", () => {
  const failing: [name: string, body: string, shown: RegExp][] = [
    [
      "its last line on stderr",
      "echo first >&2; echo 'vault is sealed' >&2; exit 2",
      /exit code 2\): vault is sealed$/m,
    ],
    ["the last that is not empty", "printf 'vault is sealed\\n\\n  \\n' >&2; exit 2", /: vault is sealed$/m],
    ["without line end", "printf 'a\\nvault is sealed' >&2; exit 2", /: vault is sealed$/m],
    [
      "without steering the terminal",
      "printf 'bad \\033[31m\\342\\200\\256line\\n' >&2; exit 1",
      /: bad \[31m line$/m,
    ],
    [
      "without the key that it printed",
      "echo sk-EXAMPLE-abc123; echo 'no: sk-EXAMPLE-abc123 is bad' >&2; exit 1",
      /: no: \*\*\* ?is bad$/m,
    ],
    [
      "without what looks like a key",
      "echo 'token hvs.EXAMPLEabcdef0123456789 and 0123456789EXAMPLEabcdef is bad' >&2; exit 1",
      /: token \*\*\* and \*\*\* is bad$/m,
    ],
    [
      "of a flood, the end",
      "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo 'the end' >&2; exit 1",
      /: the end$/m,
    ],
    ["nothing where there is none", "exit 3", /\(exit code 3\)$/m],
  ];
  test.each(failing)("that fails shows %s", async (_name, body, shown) => {
    const env = policy({ providers: { openai: { source: { command: [script("fails", body)] } } } });
    const { code, stdout, stderr } = await world.run(["get", "openai"], { env });
    expect([code, stdout]).toEqual([5, ""]);
    expect(stderr.split("\n")[0]).toMatch(shown);
  });

  test("that works shows nothing of stderr", async () => {
    const command = [script("works", "echo noise >&2; echo good-EXAMPLE")];
    const { stdout, stderr } = await world.ok(["get", "openai"], {
      env: policy({ providers: { openai: { source: { command } } } }),
    });
    expect([stdout, stderr]).toEqual(["good-EXAMPLE\n", ""]);
  });

  test("that starts shells whose start-up files run gum-cred does not go round", async () => {
    const home = `${world.home}/round`;
    mkdirSync(home, { recursive: true });
    const count = `${home}/count`;
    const names = ["openai", "anthropic", "xai"];
    const shells = ["/bin/bash", "/bin/sh"].filter(existsSync);
    for (const shell of shells) {
      for (const asked of [[], ["openai"], names]) {
        rmSync(count, { force: true });
        const startup = `echo x >>'${count}'\n'${gumCred()}' env ${asked.join(" ")} >/dev/null 2>&1\n`;
        for (const name of [".profile", ".bash_profile", ".bashrc"])
          writeFileSync(`${home}/${name}`, startup);
        const command = [script("login-shell", `exec ${shell} -l -c 'echo good-EXAMPLE'`)];
        const providers = Object.fromEntries(
          names.map((name) => [name, { source: { command, timeout_ms: 15_000 } }]),
        );
        const env = { ...policy({ providers }), HOME: home };
        await world.run(["get", "openai"], { env });
        // At most once for each order in which the three can be asked for.
        expect(readFileSync(count, "utf8").length / 2).toBeLessThanOrEqual(6);
      }
    }
  }, 60_000);
});

describe("keys verify", () => {
  const state = (vendor: "openai" | "anthropic" | "deepseek", kind: "good" | "bad" | "down") => {
    const key = kind === "bad" ? `bad-${vendor}-EXAMPLE` : vendors.addKey(vendor);
    return {
      [`${vendor.toUpperCase()}_API_KEY`]: key,
      ...(kind === "down" ? { [`${vendor.toUpperCase()}_BASE_URL`]: "http://127.0.0.1:1" } : {}),
    };
  };
  const runs: [openai: "good" | "bad" | "down", anthropic: "good" | "bad" | "down", code: number][] = [
    ["good", "good", 0],
    ["good", "bad", 3],
    ["bad", "good", 3],
    ["good", "down", 5],
    ["down", "good", 5],
    ["down", "bad", 3],
    ["bad", "down", 3],
    ["down", "down", 5],
  ];
  const nothing = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
  test.each(runs)(
    "openai %s, anthropic %s: %d, with a denied vendor left out",
    async (openai, anthropic, code) => {
      const env = {
        ...nothing,
        ...vendors.env,
        ...state("openai", openai),
        ...state("anthropic", anthropic),
        DEEPSEEK_API_KEY: "denied-EXAMPLE",
        ...policy({ providers: { deepseek: { deny: true } } }),
      };
      const all = await world.run(["keys", "verify", "--json"], { env });
      expect(all.code).toBe(code);
      expect(
        JSON.parse(all.stdout)
          .keys.map(({ provider }: { provider: string }) => provider)
          .sort(),
      ).toEqual(["anthropic", "openai"]);
      expect((await world.run(["keys", "verify", "openai", "deepseek"], { env })).code).toBe(6);
    },
  );

  test("a source that fails keeps no other vendor from being asked", async () => {
    const env = {
      ...nothing,
      ...vendors.env,
      ...state("anthropic", "good"),
      ...policy({ providers: { openai: { source: { command: [script("down", "exit 1")] } } } }),
    };
    const { code, stdout } = await world.run(["keys", "verify", "--json"], { env });
    const rows = JSON.parse(stdout).keys;
    expect(code).toBe(5);
    expect(
      rows.map(({ provider, verdict }: Record<string, string>) => `${provider} ${verdict}`).sort(),
    ).toEqual(["anthropic valid", "openai unverifiable"]);
  });

  test("--base-url takes one vendor's key, never several", async () => {
    const env: Record<string, string> = {
      ...nothing,
      ...state("openai", "good"),
      ...state("anthropic", "good"),
    };
    for (const names of [[], ["openai", "anthropic"]]) {
      const { code } = await world.run(
        ["keys", "verify", ...names, "--base-url", `${vendors.url}/openai/v1`],
        { env },
      );
      expect([names, code, vendors.log().length]).toEqual([names, 2, 0]);
    }
    const one = ["keys", "verify", "openai", "--base-url", vendors.baseUrl("openai")];
    expect((await world.run(one, { env })).code).toBe(0);
    const file = `OPENAI_API_KEY=${env["OPENAI_API_KEY"]}\nANTHROPIC_API_KEY=${env["ANTHROPIC_API_KEY"]}\n`;
    const imported = await world.run(["keys", "import", "-", "--base-url", vendors.url], { stdin: file });
    expect([imported.code, vendors.log().length]).toEqual([2, 1]);
  });

  test("an organisation's key is not sent where a variable or flag of the user's says", async () => {
    const key = vendors.addKey("openai");
    const path = `${world.home}/org-key`;
    writeFileSync(path, key, { mode: 0o600 });
    const places: Record<string, string>[] = [
      { GUM_CRED_ORG_OPENAI_API_KEY: key },
      policy({ providers: { openai: { source: { file: path } } } }),
    ];
    for (const place of places) {
      // No way out to the vendor's own host: only whether this one is asked counts.
      const env = { ...nothing, ...vendors.env, ...place, HTTPS_PROXY: "http://127.0.0.1:1" };
      const { code } = await world.run(["keys", "verify", "openai"], { env });
      expect([code, vendors.log().length]).toEqual([5, 0]);
      const flag = await world.run(["keys", "verify", "openai", "--base-url", vendors.baseUrl("openai")], {
        env,
      });
      expect([flag.code, vendors.log().length]).toEqual([6, 0]);
    }
    const mine = { ...nothing, ...vendors.env, OPENAI_API_KEY: key };
    expect((await world.run(["keys", "verify", "openai"], { env: mine })).code).toBe(0);
  });
});

describe("a vendor that the policy names", () => {
  const KEY = "sk-proj-EXAMPLE-stored-0123456789";
  beforeEach(async () => {
    const set = ["keys", "set", "openai", "--key", "-", "--no-verify", "--level", "organization"];
    await world.ok(set, { stdin: KEY });
  });

  test.each(["gpt", "gemini", "claude", "grok", "azure", "bedrock"])(
    "by its other name %s is refused",
    async (name) => {
      for (const rules of [
        { providers: { [name]: { deny: true } } },
        { teams: { t: { providers: { [name]: { deny: true } } } } },
      ]) {
        const env = policy(rules);
        const result = await world.run(["get", "openai"], { env });
        expect([result.code, result.stdout, result.stderr]).toEqual([
          7,
          "",
          expect.stringContaining("is another name"),
        ]);
        expect((await world.run(["policy", "check", env["GUM_CRED_POLICY"] ?? ""])).code).toBe(7);
      }
    },
  );

  test("and denies is left out of 'keys list', and an error where it was asked for", async () => {
    const env = policy({ providers: { openai: { deny: true }, deepseek: { deny: true } } });
    const { stdout } = await world.ok(["keys", "list", "--json"], { env });
    expect(JSON.parse(stdout).errors).toEqual([]);
    expect(stdout).not.toContain("openai");
    expect((await world.run(["keys", "list", "openai"], { env })).code).toBe(6);
  });

  test("for the broker alone is masked by 'redact' all the same", async () => {
    const { key } = await world.signInWithKey();
    const env = policy({ providers: { openai: { exportable: false }, gumloop: { exportable: false } } });
    const { stdout } = await world.ok(["redact"], { env, stdin: `a ${KEY} b ${key} c` });
    expect(stdout).toBe("a *** b *** c");
    expect((await world.run(["get", "openai"], { env })).code).toBe(6);
  });
});
