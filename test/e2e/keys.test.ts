/** LLM keys: levels, policy, what may never slip in, and the `keys` commands, with a real keyring. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { POSIX_GUARD } from "../../src/output/env-formats/plain.ts";
import { startVendors, type Vendors } from "../support/vendors.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let vendors: Vendors;
beforeAll(() => {
  vendors = startVendors();
});
afterAll(() => vendors.stop());
beforeEach(() => vendors.reset());

const TEAM = "team_4f8c92ab";

async function store(provider: string, key: string, ...more: string[]): Promise<void> {
  await world.ok(["keys", "set", provider, "--key", "-", "--no-verify", ...more], { stdin: key });
}

/** Writes a policy that only its owner may write, and the variable that names it. */
function policy(rules: object): Record<string, string> {
  const path = `${world.home}/policy.json`;
  writeFileSync(
    path,
    JSON.stringify({ version: 1, organization: { id: "acme", name: "Acme Inc." }, ...rules }),
  );
  chmodSync(path, 0o600);
  return { GUM_CRED_POLICY: path };
}

function script(name: string, body: string): string {
  const path = `${world.home}/${name}`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("levels", () => {
  test("organisation, then team in scope, then personal; and each can be explained", async () => {
    await store("openai", "sk-personal-EXAMPLE");
    await store("openai", "sk-team-EXAMPLE", "--level", "team", "--team-id", TEAM);
    const get = async (...args: string[]) => (await world.ok(["get", "openai", ...args])).stdout.trim();
    expect(await get()).toBe("sk-personal-EXAMPLE");
    expect(await get("--team-id", TEAM)).toBe("sk-team-EXAMPLE");
    expect(await get("--team-id", TEAM, "--level", "personal")).toBe("sk-personal-EXAMPLE");
    await store("openai", "sk-org-EXAMPLE", "--level", "organization");
    expect(await get("--team-id", TEAM)).toBe("sk-org-EXAMPLE");

    const { stdout } = await world.ok(["explain", "openai", "--json", "--team-id", TEAM], {
      env: { OPENAI_API_KEY: "sk-mine-EXAMPLE" },
    });
    const { winner, candidates } = JSON.parse(stdout);
    expect(winner).toMatchObject({ level: "organization", source: "keychain", state: "selected" });
    const rows = candidates.map(
      (one: Record<string, string>) => `${one["level"]} ${one["location"]} ${one["state"]}`,
    );
    expect(rows).toEqual([
      "organization GUM_CRED_ORG_OPENAI_API_KEY absent",
      "organization GUM_CRED_ORG_OPENAI_API_KEY_FILE absent",
      "organization gum-cred/llm:organization:openai selected",
      "team GUM_CRED_TEAM_OPENAI_API_KEY absent",
      "team GUM_CRED_TEAM_OPENAI_API_KEY_FILE absent",
      `team gum-cred/llm:team:${TEAM}:openai shadowed`,
      "personal OPENAI_API_KEY shadowed",
      "personal OPENAI_API_KEY_FILE absent",
      "personal gum-cred/llm:personal:default:openai shadowed",
    ]);
    for (const args of [
      ["get", "openai", "--level", "personal"],
      ["get", "openai", "--level", "team", "--team-id", TEAM],
      ["keys", "set", "openai", "--key", "-", "--no-verify"],
    ]) {
      const refused = await world.run(args, {
        stdin: "sk-other-EXAMPLE",
        env: { OPENAI_API_KEY: "sk-mine-EXAMPLE" },
      });
      expect(refused).toMatchObject({ code: 6, stdout: "" });
      expect(refused.stderr).toContain("error[E_POLICY]");
    }
    await world.ok(["keys", "remove", "openai", "--level", "organization"]);
    expect(await get()).toBe("sk-personal-EXAMPLE");
  });

  test("env: the organisation's for one, the personal one for another, and what would shadow goes", async () => {
    await store("anthropic", "sk-ant-api-personal-EXAMPLE");
    const env = {
      GUM_CRED_ORG_OPENAI_API_KEY: "sk-org-EXAMPLE",
      OPENAI_API_KEY: "sk-mine-EXAMPLE",
      ANTHROPIC_AUTH_TOKEN: "other-EXAMPLE",
    };
    const script = `set -eu; eval $(gum-cred env openai anthropic); echo "$OPENAI_API_KEY|$ANTHROPIC_API_KEY|\${ANTHROPIC_AUTH_TOKEN-unset}"
      eval $(gum-cred env openai anthropic); echo "$OPENAI_API_KEY"`;
    const result = await world.sh(script, { env });
    expect(result.stdout).toBe("sk-org-EXAMPLE|sk-ant-api-personal-EXAMPLE|unset\nsk-org-EXAMPLE\n");
    const child = await world.ok(["exec", "openai", "--", "printenv", "OPENAI_API_KEY"], { env });
    expect(child.stdout).toBe("sk-org-EXAMPLE\n");
  });

  test("a personal variable stays when the organisation sets none", async () => {
    const env = { XAI_API_KEY: "xai-mine-EXAMPLE", GEMINI_API_KEY: "AQ.mine-EXAMPLE" };
    const { stdout } = await world.ok(["env", "xai", "google", "--format", "json"], { env });
    expect(JSON.parse(stdout)).toEqual(env);
  });

  test("without names: every key there is, Gumloop or not; with a name that has none: exit 3", async () => {
    const { stdout } = await world.ok(["env", "--format", "json"], {
      env: { DEEPSEEK_API_KEY: "sk-EXAMPLE-deep" },
    });
    expect(JSON.parse(stdout)).toMatchObject({ DEEPSEEK_API_KEY: "sk-EXAMPLE-deep" });
    expect(await world.run(["env", "fireworks"])).toMatchObject({ code: 3, stdout: "(exit 3);\n" });
    const bare = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
    const container = await world.ok(["env"], { env: { ...bare, GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" } });
    expect(container.stdout).toContain("tok-EXAMPLE");
  });

  test("names are normalised, look-alikes refused", async () => {
    const env = { OPENAI_API_KEY: "sk-mine-EXAMPLE" };
    for (const name of ["OpenAI", " openai ", "OPENAI"]) {
      expect((await world.ok(["get", name], { env })).stdout).toBe("sk-mine-EXAMPLE\n");
    }
    for (const name of ["оpenai", "openai\u200b", "ⓞpenai", "open ai"]) {
      expect((await world.run(["get", name], { env })).code).toBe(2);
    }
  });
});

describe("when the organisation's source cannot give its key, no other key is used", () => {
  const personal = { OPENAI_API_KEY: "sk-personal-EXAMPLE" };
  const cases: [name: string, source: () => object, code: number][] = [
    ["times out", () => ({ command: [script("slow", "sleep 30"), "x"], timeout_ms: 300 }), 5],
    ["fails", () => ({ command: [script("failing", "echo sk-wrong-EXAMPLE; exit 3")] }), 5],
    ["is not there", () => ({ command: ["/nonexistent/vault"] }), 5],
    ["floods", () => ({ command: [script("flood", "yes EXAMPLE")] }), 5],
    ["prints more than a key", () => ({ command: [script("two", "echo a; echo b")] }), 5],
    ["returns nothing", () => ({ command: [script("empty", "true")] }), 6],
    ["file is missing", () => ({ file: "/nonexistent/key" }), 6],
    ["variable is unset", () => ({ env: "ACME_UNSET" }), 6],
    ["keychain entry is missing", () => ({ keychain: true }), 6],
  ];
  for (const [name, source, code] of cases) {
    test(name, async () => {
      await store("openai", "sk-stored-EXAMPLE", "--profile", "p").catch(() => {});
      const env = { ...personal, ...policy({ providers: { openai: { source: source() } } }) };
      const started = Date.now();
      for (const args of [
        ["env", "openai"],
        ["env"],
        ["get", "openai"],
        ["header", "openai"],
        ["exec", "openai", "--", "printenv"],
      ]) {
        const result = await world.run(args, { env });
        expect(result.stdout).not.toContain("EXAMPLE");
        expect([args[0], result.code]).toEqual([args[0], args[0] === "exec" ? 125 : code]);
      }
      const asked = await world.run(["get", "openai", "--level", "personal"], { env });
      expect(asked).toMatchObject({ code: 6, stdout: "" });
      expect(Date.now() - started).toBeLessThan(10_000);
    });
  }

  test("keychain is locked", async () => {
    await world.keyring.lock();
    const withPolicy = { ...personal, ...policy({ providers: { openai: { source: { keychain: true } } } }) };
    for (const env of [personal, withPolicy]) {
      for (const args of [["env"], ["get", "openai"]]) {
        const result = await world.run(args, { env });
        expect(result.stdout).not.toContain("EXAMPLE");
        expect(result.code).toBe(4);
      }
    }
    await world.keyring.unlock();
  });
});

describe("policy", () => {
  test("command, file and variable give the organisation's key, whatever the user has", async () => {
    const secretFile = `${world.home}/org.key`;
    writeFileSync(secretFile, "sk-file-EXAMPLE\n");
    const sources: [object, string][] = [
      [
        { command: [script("vault", 'echo "sk-$1-EXAMPLE"; echo noise EXAMPLE >&2'), "cmd"] },
        "sk-cmd-EXAMPLE",
      ],
      [{ file: secretFile }, "sk-file-EXAMPLE"],
      [{ env: "ACME_OPENAI" }, "sk-env-EXAMPLE"],
    ];
    for (const [source, key] of sources) {
      const env = {
        ...policy({ providers: { openai: { source } } }),
        ACME_OPENAI: "sk-env-EXAMPLE",
        OPENAI_API_KEY: "sk-mine-EXAMPLE",
      };
      expect((await world.ok(["get", "openai"], { env })).stdout).toBe(`${key}\n`);
    }
  });

  test("the command runs without a shell, in a minimal environment, outside the current directory", async () => {
    const command = [
      script("show", 'test -z "$OPENAI_API_KEY$LD_PRELOAD$EVIL" && test "$PWD" = / && echo "$1"'),
      "$(id)",
    ];
    const env = {
      ...policy({ providers: { openai: { source: { command } } } }),
      OPENAI_API_KEY: "sk-EXAMPLE",
      EVIL: "1",
    };
    expect((await world.ok(["get", "openai"], { env })).stdout).toBe("$(id)\n");
  });

  test("deny refuses the provider altogether, and takes its variables out of env", async () => {
    const env = { ...policy({ providers: { deepseek: { deny: true } } }), DEEPSEEK_API_KEY: "sk-EXAMPLE" };
    const named = await world.run(["env", "deepseek"], { env });
    expect(named).toMatchObject({ code: 6, stdout: "(exit 6);\n" });
    expect(named.stderr).toContain("Acme Inc.");
    const all = await world.ok(["env"], { env: { ...env, XAI_API_KEY: "xai-EXAMPLE" } });
    expect(all.stdout).toStartWith(POSIX_GUARD);
    expect(all.stdout.slice(POSIX_GUARD.length)).toMatch(/^unset [A-Z_ ]*DEEPSEEK_API_KEY/);
    expect(
      (await world.run(["keys", "set", "deepseek", "--key", "-"], { env, stdin: "sk-EXAMPLE" })).code,
    ).toBe(6);
  });

  test("the variable that a source is read from stays in the shell, and nothing of the user's stays beside its key", async () => {
    const evaluated = async (rules: object, set: Record<string, string>) => {
      const env = { ...policy({ providers: { anthropic: rules } }), ...set };
      const show = 'echo "$?|$ANTHROPIC_API_KEY|$ANTHROPIC_AUTH_TOKEN"';
      const twice = `eval $(gum-cred env anthropic); eval $(gum-cred env anthropic); ${show}`;
      return (await world.sh(twice, { env })).stdout.trim();
    };
    const token = { ANTHROPIC_AUTH_TOKEN: "org-EXAMPLE" };
    expect(await evaluated({ source: { env: "ANTHROPIC_AUTH_TOKEN" } }, token)).toBe(
      "0|org-EXAMPLE|org-EXAMPLE",
    );
    const both = { ANTHROPIC_API_KEY: "org-EXAMPLE", ANTHROPIC_AUTH_TOKEN: "mine-EXAMPLE" };
    expect(await evaluated({ source: { env: "ANTHROPIC_API_KEY" } }, both)).toBe("0|org-EXAMPLE|");
  });

  test("a team's source counts in its scope", async () => {
    const file = `${world.home}/team.key`;
    writeFileSync(file, "fw-team-EXAMPLE");
    const env = policy({ teams: { [TEAM]: { providers: { fireworks: { source: { file } } } } } });
    expect((await world.ok(["get", "fireworks", "--team-id", TEAM], { env })).stdout).toBe(
      "fw-team-EXAMPLE\n",
    );
    expect((await world.run(["get", "fireworks"], { env })).code).toBe(3);
  });

  test("a file that is not fit is an error, never ignored", async () => {
    const path = `${world.home}/policy.json`;
    const env = { ...policy({}), OPENAI_API_KEY: "sk-EXAMPLE" };
    const get = () => world.run(["get", "openai"], { env });
    expect((await get()).code).toBe(0);
    chmodSync(path, 0o666);
    expect((await get()).code).toBe(6);
    chmodSync(path, 0o600);
    for (const content of ["", "{", "[]", '{"version":2}', '{"version":1,"provders":{}}']) {
      writeFileSync(path, content);
      expect((await get()).code).toBe(7);
    }
    expect((await world.run(["get", "openai"], { env: { ...env, GUM_CRED_POLICY: "/nowhere" } })).code).toBe(
      7,
    );
    await world.sh(`ln -sf ${path} ${world.home}/link.json`);
    const link = { ...env, GUM_CRED_POLICY: `${world.home}/link.json` };
    expect((await world.run(["get", "openai"], { env: link })).code).toBe(6);
  });

  test("check names every problem with its path; show tells the rules", async () => {
    const path = `${world.home}/policy.json`;
    const env = policy({
      providers: {
        OpenAI: { deny: true },
        xai: { source: { command: ["relative"] } },
        google: { source: { file: "/a", env: "B" } },
        deepseek: { deny: false },
      },
    });
    const check = await world.run(["policy", "check", path, "--json"]);
    expect(check.code).toBe(7);
    const { problems } = JSON.parse(check.stdout);
    const paths = problems.map((problem: { path: string }) => problem.path);
    expect(paths).toContain("$.providers.OpenAI");
    expect(paths).toContain("$.providers.xai.source.command[0]");
    expect(paths).toContain("$.providers.deepseek.deny");
    expect(paths.some((one: string) => one.startsWith("$.providers.google.source"))).toBe(true);

    policy({ providers: { openai: { source: { keychain: true } } } });
    expect((await world.ok(["policy", "check", path])).stdout).toContain("valid");
    const show = JSON.parse((await world.ok(["policy", "show", "--json"], { env })).stdout);
    expect(show).toMatchObject({
      organization: { name: "Acme Inc." },
      rules: [{ provider: "openai", rule: "keychain" }],
    });
  });
});

describe("keys", () => {
  test("set verifies first; what the vendor rejects or does not answer stores nothing", async () => {
    const good = vendors.addKey("openai");
    const set = (key: string, ...more: string[]) =>
      world.run(["keys", "set", "openai", "--key", "-", "--profile", "set", ...more], {
        stdin: key,
        env: vendors.env,
      });
    expect((await set("sk-wrong-EXAMPLE")).code).toBe(3);
    vendors.faults.inject({ path: "/openai/v1/models", status: 503, times: 1 });
    const down = await set(good);
    expect(down.code).toBe(5);
    expect(down.stderr).toContain("--no-verify");
    expect((await world.run(["get", "openai", "--profile", "set"])).code).toBe(3);
    expect((await set(good)).code).toBe(0);
    expect((await world.ok(["get", "openai", "--profile", "set"])).stdout).toBe(`${good}\n`);
    expect(vendors.log().at(-1)?.headers["authorization"]).toBe(`Bearer ${good}`);
    const restricted = vendors.addKey("openai", "restricted");
    const kept = await set(restricted, "--json");
    expect(JSON.parse(kept.stdout)).toMatchObject({ status: "ok", verdict: "restricted" });
  });

  test("a key is never sent to the base URL that a variable means for Gumloop", async () => {
    const before = world.server.log().length;
    const env = { ...vendors.env, GUMLOOP_BASE_URL: world.server.baseUrl };
    await world.run(["keys", "set", "openai", "--key", "-"], { stdin: "sk-wrong-EXAMPLE", env });
    expect(world.server.log().length).toBe(before);
  });

  test("list shows every level masked; verify asks and remembers", async () => {
    const profile = ["--profile", "list"];
    const key = vendors.addKey("anthropic");
    await world.ok(["keys", "set", "anthropic", "--key", "-", ...profile], { stdin: key, env: vendors.env });
    const env = { ...vendors.env, ANTHROPIC_API_KEY: "sk-ant-api-mine-EXAMPLE" };
    const { keys } = JSON.parse((await world.ok(["keys", "list", "--json", ...profile], { env })).stdout);
    const mine = keys.filter((one: { provider: string }) => one.provider === "anthropic");
    expect(mine).toMatchObject([
      { level: "personal", source: "env", wins: true, last_verdict: null },
      { level: "personal", source: "keychain", wins: false, last_verdict: "valid" },
    ]);
    expect(JSON.stringify(keys)).not.toContain("EXAMPLE");
    const bad = await world.run(["keys", "verify", "anthropic", "--json", ...profile], { env });
    expect(bad.code).toBe(3);
    expect(JSON.parse(bad.stdout).keys).toMatchObject([{ provider: "anthropic", verdict: "rejected" }]);
    const good = await world.ok(["keys", "verify", "anthropic", ...profile], { env: vendors.env });
    expect(good.stdout).toContain("valid");
  });

  test("rotate stores the new key and shows the old one's tail only", async () => {
    const [old, fresh] = [vendors.addKey("openai"), vendors.addKey("openai")];
    const profile = ["--profile", "rotate"];
    expect(
      (await world.run(["keys", "rotate", "openai", "--key", "-", ...profile], { stdin: fresh })).code,
    ).toBe(3);
    await world.ok(["keys", "set", "openai", "--key", "-", ...profile], { stdin: old, env: vendors.env });
    const { stdout } = await world.ok(["keys", "rotate", "openai", "--key", "-", ...profile], {
      stdin: fresh,
      env: vendors.env,
    });
    expect(stdout).toContain(`****${old.slice(-4)}`);
    expect(stdout).toContain("https://platform.openai.com/api-keys");
    expect((await world.ok(["get", "openai", ...profile])).stdout).toBe(`${fresh}\n`);
  });

  test("import plans, verifies each, and leaves the file alone", async () => {
    const [openai, google] = [vendors.addKey("openai"), vendors.addKey("google")];
    const file = `${world.home}/import.env`;
    const text = `# keys\nexport OPENAI_API_KEY="${openai}"\nGEMINI_API_KEY='other-EXAMPLE'\nGOOGLE_API_KEY=${google} # inline\nANTHROPIC_API_KEY=sk-ant-wrong-EXAMPLE\nGUMLOOP_API_KEY=gum-EXAMPLE\nOTHER=x\n`;
    writeFileSync(file, text);
    const args = ["keys", "import", file, "--profile", "import", "--json"];
    const plan = JSON.parse((await world.ok([...args, "--dry-run"], { env: vendors.env })).stdout);
    expect(plan.keys.map((one: { variable: string }) => one.variable)).toEqual([
      "OPENAI_API_KEY",
      "ANTHROPIC_API_KEY",
      "GOOGLE_API_KEY",
    ]);
    expect((await world.run(["get", "openai", "--profile", "import"])).code).toBe(3);
    const done = await world.run(args, { env: vendors.env });
    expect(done.code).toBe(3);
    expect(JSON.parse(done.stdout).keys).toMatchObject([
      { provider: "openai", stored: true, verdict: "valid" },
      { provider: "anthropic", stored: false, error: "E_REJECTED" },
      { provider: "google", stored: true, verdict: "valid" },
    ]);
    expect((await world.ok(["get", "google", "--profile", "import"])).stdout).toBe(`${google}\n`);
    expect(await Bun.file(file).text()).toBe(text);
  });

  test("remove, and what is not there", async () => {
    await store("xai", "xai-EXAMPLE", "--profile", "gone");
    await world.ok(["keys", "remove", "xai", "--profile", "gone"]);
    expect((await world.run(["keys", "remove", "xai", "--profile", "gone"])).code).toBe(3);
    expect((await world.run(["keys", "set", "gumloop", "--key", "-"], { stdin: "x-EXAMPLE" })).code).toBe(2);
    expect((await world.run(["keys", "set", "openai"])).code).toBe(2);
    expect(
      (await world.run(["keys", "set", "openai", "--level", "team", "--key", "-"], { stdin: "x-EXAMPLE" }))
        .code,
    ).toBe(2);
  });
});
