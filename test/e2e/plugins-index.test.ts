/** The index of installed plugins in the built binary: it finds every key that reading all manifests finds, and trusts nothing. */
import { beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { pinOf, writePins } from "../../src/providers/installed/pins.ts";
import { pluginPlaces } from "../../src/providers/installed/places.ts";
import { writeIndex } from "../../src/providers/installed/plugin-index.ts";
import type { Found } from "../../src/providers/installed/survey.ts";
import { gumCred, type RunOptions } from "../support/binary.ts";
import { manifestWith } from "../support/manifests.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const IDS = ["alpha", "beta", "gamma", "delta", "omega"];
const KEY = "sk-EXAMPLE-0123456789";
const SETTLED_MS = 2_100;

const config = () => `${world.home}/.config`;
const manifest = (id: string) => `${config()}/gum-cred/plugins/${id}.json`;
const index = () => `${world.home}/.local/state/gum-cred/plugins.index.json`;
const home = () => ({ HOME: world.home, XDG_CONFIG_HOME: config() });
const gum = (args: readonly string[], env: Record<string, string> = {}, options: RunOptions = {}) =>
  // In the home of this test, not the keyring's own.
  world.run(args, { ...options, env: { ...home(), ...env } });

const named = (id: string) => manifestWith({ id, title: id, env: [`${id.toUpperCase()}_API_KEY`] });

/** Every plugin installed and agreed to, and no index. */
beforeEach(() => {
  rmSync(`${world.home}/.local`, { recursive: true, force: true });
  rmSync(config(), { recursive: true, force: true });
  mkdirSync(`${config()}/gum-cred/plugins`, { recursive: true, mode: 0o700 });
  for (const id of IDS) writeFileSync(manifest(id), named(id), { mode: 0o600 });
  writePins(`${config()}/gum-cred/plugins.lock.json`, new Map(IDS.map((id) => [id, pinOf(named(id))])));
});

async function indexed(): Promise<void> {
  await Bun.sleep(SETTLED_MS);
  await gum(["completion", "providers"]);
  if (!existsSync(index())) throw new Error("no index was written");
}

test("every key is found with it as without: by variable, file, level, keychain, policy", async () => {
  await gum(["keys", "set", "beta", "--key", "-", "--no-verify"], {}, { stdin: `${KEY}-beta` });
  await gum(
    ["keys", "set", "beta", "--key", "-", "--no-verify", "--profile", "work"],
    {},
    { stdin: `${KEY}-work` },
  );
  const [file, policy] = [`${world.home}/gamma.key`, `${world.home}/policy.json`];
  writeFileSync(file, `${KEY}-gamma`);
  writeFileSync(policy, JSON.stringify({ version: 1, providers: { omega: { source: { file } } } }), {
    mode: 0o600,
  });
  const env = {
    ALPHA_API_KEY: `${KEY}-alpha`,
    GAMMA_API_KEY_FILE: file,
    GUM_CRED_ORG_DELTA_API_KEY: `${KEY}-delta`,
    GUM_CRED_POLICY: policy,
    EPSILON_API_KEY: KEY,
  };
  const commands = [
    ["env"],
    ["env", "--format", "json"],
    ["env", "--profile", "work"],
    ["env", "--unset"],
    ["status", "--json"],
    ["keys", "list", "--json"],
    ["completion", "providers"],
  ];
  const all = async () =>
    Promise.all(
      commands.map(async (command) => {
        const { code, stdout, stderr } = await gum(command, env);
        return { command, code, stdout, stderr };
      }),
    );
  const without = await all();
  expect(existsSync(index())).toBe(false);
  await indexed();
  expect(await all()).toEqual(without);
  const exported = JSON.parse(without[1]?.stdout ?? "");
  expect(
    Object.keys(exported)
      .filter((name) => /^(ALPHA|BETA|GAMMA|DELTA|OMEGA)_/.test(name))
      .toSorted(),
  ).toEqual(["ALPHA_API_KEY", "BETA_API_KEY", "DELTA_API_KEY", "GAMMA_API_KEY", "OMEGA_API_KEY"]);
  expect(without[2]?.stdout).toContain(`${KEY}-work`);
  for (const profile of ["default", "work"]) await gum(["keys", "remove", "beta", "--profile", profile]);
});

describe.if(Bun.which("strace") !== null)("a run without names reads", () => {
  const opened = async (env: Record<string, string> = {}) => {
    const log = `${world.home}/trace`;
    const program = ["strace", "-f", "-qq", "-e", "trace=openat,open", "-o", log, gumCred()];
    await world.run(["env", "--format", "json"], {
      program,
      env: { ...home(), OPENAI_API_KEY: KEY, ...env },
    });
    return IDS.filter((id) => readFileSync(log, "utf8").includes(`/${id}.json`));
  };
  test("with it no manifest but those in play, without it all", async () => {
    await indexed();
    expect(await opened()).toEqual([]);
    expect(await opened({ GAMMA_API_KEY: KEY })).toEqual(["gamma"]);
    rmSync(index());
    expect(await opened()).toEqual(IDS);
  });
  test("after a change what changed, each time until it has stood for two seconds", async () => {
    await indexed();
    const bytes = named("beta");
    rmSync(manifest("beta"));
    writeFileSync(manifest("beta"), bytes, { mode: 0o600 });
    expect(await opened()).toEqual(["beta"]);
    expect(await opened()).toEqual(["beta"]);
    await Bun.sleep(SETTLED_MS);
    expect(await opened()).toEqual(["beta"]);
    expect(await opened()).toEqual([]);
    expect(await opened({ GAMMA_API_KEY: KEY })).toEqual(["gamma"]);
  });
  test("while one is not fit, that one, and warns of it once", async () => {
    await indexed();
    appendFileSync(manifest("beta"), " ");
    appendFileSync(`${config()}/gum-cred/plugins.lock.json`, "\n");
    expect(await opened()).toEqual(["beta"]);
    const { stdout, stderr } = await gum(["env"], { GAMMA_API_KEY: KEY, BETA_API_KEY: KEY });
    expect([stdout.includes("GAMMA_API_KEY"), stdout.includes("BETA_API_KEY")]).toEqual([true, false]);
    expect(stderr.split("is not used")).toHaveLength(2);
  });
});

describe("what changes is noticed", () => {
  test("a changed plugin is named and left out, and every run says so until it is trusted", async () => {
    await indexed();
    appendFileSync(manifest("alpha"), " ");
    for (let run = 0; run < 2; run++) {
      const { stdout, stderr } = await gum(["env"], { ALPHA_API_KEY: KEY, BETA_API_KEY: KEY });
      expect(stdout).not.toContain("ALPHA_API_KEY");
      expect(stdout).toContain("BETA_API_KEY");
      expect(stderr).toContain("the plugin 'alpha' is not used");
    }
    await gum(["plugins", "trust", "alpha"]);
    expect((await gum(["env"], { ALPHA_API_KEY: KEY })).stdout).toContain("ALPHA_API_KEY");
  });
  test("a plugin added, and one removed, by hand or by command", async () => {
    await indexed();
    writeFileSync(`${world.home}/new.json`, named("zeta"), { mode: 0o600 });
    await gum(["plugins", "add", `${world.home}/new.json`, "--yes"]);
    expect((await gum(["env"], { ZETA_API_KEY: KEY })).stdout).toContain("ZETA_API_KEY");
    rmSync(manifest("alpha"));
    const { stdout } = await gum(["env"], { ALPHA_API_KEY: KEY, ZETA_API_KEY: KEY });
    expect([stdout.includes("ALPHA_API_KEY"), stdout.includes("ZETA_API_KEY")]).toEqual([false, true]);
  });
});

describe("an index that somebody forged", () => {
  /** The best that can be forged: right in every stamp, and vouching for these plugins. */
  async function forge(ids: readonly string[]): Promise<void> {
    const places = pluginPlaces(home());
    const found = ids.map((id): Found => {
      const names = { id, title: id, variables: [`${id.toUpperCase()}_API_KEY`], likeness: [id] };
      return {
        ...{ id, place: "user", path: manifest(id), state: "ok", error: null, provider: null, files: [] },
        ...{ known: { names, stamp: "", pin: "", files: [], programs: "-" }, changedMs: 0 },
      };
    });
    await writeIndex(index(), places, found, Date.now() + 60_000);
    const program = (await gum(["--version"])).stdout;
    writeFileSync(index(), JSON.stringify({ ...JSON.parse(readFileSync(index(), "utf8")), program }));
  }
  test("is taken for gum-cred's own, which the next test counts on", async () => {
    writeFileSync(manifest("evil"), named("evil"), { mode: 0o600 });
    await forge([...IDS, "evil"]);
    expect((await gum(["completion", "providers"])).stdout).toContain("evil\n");
  });
  test("does not make a plugin trusted that nobody agreed to, or that changed", async () => {
    writeFileSync(manifest("evil"), named("evil"), { mode: 0o600 });
    appendFileSync(manifest("alpha"), " ");
    await forge([...IDS, "evil"]);
    const env = { EVIL_API_KEY: KEY, ALPHA_API_KEY: KEY, BETA_API_KEY: KEY };
    const { stdout, stderr } = await gum(["env"], env);
    expect([stdout.includes("EVIL"), stdout.includes("ALPHA"), stdout.includes("BETA")]).toEqual([
      false,
      false,
      true,
    ]);
    expect(stderr).toContain("the plugin 'evil' is not used");
    expect(stderr).toContain("the plugin 'alpha' is not used");
    for (const id of ["evil", "alpha"]) {
      expect(await gum(["env", id], env)).toMatchObject({ code: 6, stdout: "(exit 6);\n" });
    }
  });
});

test("the index holds no secret, and is this user's alone", async () => {
  await gum(["env"], { ALPHA_API_KEY: KEY });
  await indexed();
  expect(readFileSync(index(), "utf8")).not.toContain("EXAMPLE");
  expect(statSync(index()).mode & 0o777).toBe(0o600);
});

test("where it cannot be kept, everything works without it", async () => {
  await Bun.sleep(SETTLED_MS);
  writeFileSync(`${world.home}/.local`, "a file");
  for (let run = 0; run < 2; run++) {
    expect(await gum(["env"], { ALPHA_API_KEY: KEY })).toMatchObject({ code: 0, stderr: "" });
  }
});
