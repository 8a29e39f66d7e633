/** The index of installed plugins on real files: whatever changes makes it stale, and nothing but gum-cred's own is read. */
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { loadInstalled } from "../../../src/providers/installed/installed.ts";
import { PROVIDERS } from "../../../src/providers/registry.ts";
import { named, useInstalledWorlds } from "../../support/installed-world.ts";

const isRoot = process.geteuid?.() === 0;
const { world, indexed } = useInstalledWorlds();
type At = Awaited<ReturnType<typeof indexed>>;

describe("an index", () => {
  test("says what is installed, the administrator's first, and whose variables are whose", async () => {
    const found = await (await indexed()).read();
    expect(found?.ids()).toEqual(["acme", "heron", "kestrel"]);
    expect(found?.variables().toSorted()).toEqual([
      "ACME_API_KEY",
      "ACME_KEY",
      "HERON_API_KEY",
      "KESTREL_API_KEY",
      "KESTREL_KEY",
    ]);
    expect(found?.ownerOf("KESTREL_KEY")).toBe("kestrel");
    for (const name of ["OPENAI_API_KEY", "", "constructor", "__proto__"])
      expect(found?.ownerOf(name)).toBeNull();
  });
  test("is for this user alone", async () => {
    const { path, home } = await indexed();
    expect([statSync(path).mode & 0o777, statSync(`${home}/state/gum-cred`).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
  });
  test("outlasts being read, and changes elsewhere", async () => {
    const at = await indexed();
    readFileSync(at.manifest("kestrel"));
    writeFileSync(`${at.home}/bin/other`, "x");
    writeFileSync(`${at.home}/config/other`, "x");
    expect(await at.read()).not.toBeNull();
  });
});

describe("an index is stale after", () => {
  const changes: [name: string, change: (at: At) => void][] = [
    [
      "a manifest moved into its place",
      (at) => {
        writeFileSync(`${at.home}/new`, named("kestrel"), { mode: 0o600 });
        renameSync(`${at.home}/new`, at.manifest("kestrel"));
      },
    ],
    ["a manifest removed", (at) => rmSync(at.manifest("kestrel"))],
    ["a manifest more", (at) => writeFileSync(at.manifest("another"), named("another"))],
    ["another plugin installed", (at) => at.install("another", named("another"))],
    ["other pins", (at) => appendFileSync(at.places.user.pins, "\n")],
    ["no pins", (at) => rmSync(at.places.user.pins)],
    ["a plugin more of the administrator's", (at) => writeFileSync(`${at.places.system}/b.json`, named("b"))],
    ["a change of one of the administrator's", (at) => appendFileSync(`${at.places.system}/acme.json`, "\n")],
    ["a folder that others can write", (at) => chmodSync(at.places.user.folder, 0o777)],
    ["a folder above that others can write", (at) => chmodSync(`${at.home}/config`, 0o777)],
    ["a folder above the administrator's", (at) => chmodSync(`${at.home}/etc`, 0o777)],
    [
      "a link in place of a manifest",
      (at) => {
        renameSync(at.manifest("kestrel"), `${at.home}/kestrel.json`);
        symlinkSync(`${at.home}/kestrel.json`, at.manifest("kestrel"));
      },
    ],
  ];
  for (const [name, change] of changes) {
    test(name, async () => {
      const at = await indexed();
      change(at);
      expect(await at.read()).toBeNull();
    });
  }
  test.if(isRoot)("another owner of a folder above", async () => {
    const at = await indexed();
    chownSync(`${at.home}/config`, 65534, 65534);
    expect(await at.read()).toBeNull();
  });
});

describe("an index outlasts what pins guard, and the plugin itself is refused:", () => {
  const changes: [name: string, id: string, code: string, change: (at: At) => void][] = [
    [
      "a byte more in a manifest",
      "kestrel",
      "E_PLUGIN_CHANGED",
      (at) => appendFileSync(at.manifest("kestrel"), " "),
    ],
    [
      "a manifest that others can write",
      "kestrel",
      "E_UNSAFE_FILE",
      (at) => chmodSync(at.manifest("kestrel"), 0o622),
    ],
    ["a change of a program", "heron", "E_PLUGIN_CHANGED", (at) => appendFileSync(at.program, "#")],
    ["a program gone", "heron", "E_PLUGIN_INVALID", (at) => rmSync(at.program)],
    [
      "a program's folder that others can write",
      "heron",
      "E_UNSAFE_FILE",
      (at) => chmodSync(`${at.home}/bin`, 0o777),
    ],
    [
      "an argument that became a file",
      "heron",
      "E_PLUGIN_CHANGED",
      (at) => writeFileSync(`${at.home}/bin/later`, "x"),
    ],
    [
      "another manifest of the same size and time",
      "kestrel",
      "E_PLUGIN_CHANGED",
      (at) => {
        const [path, like] = [at.manifest("kestrel"), `${at.home}/like`];
        Bun.spawnSync(["cp", "--preserve=timestamps", path, like]);
        writeFileSync(path, readFileSync(path, "utf8").replace("m", "n"));
        Bun.spawnSync(["touch", `--reference=${like}`, path]);
        const [now, then] = [path, like].map((file) => statSync(file, { bigint: true }));
        expect([now?.size, now?.mtimeNs]).toEqual([then?.size, then?.mtimeNs]);
      },
    ],
    [
      "another owner of a manifest",
      "kestrel",
      "E_UNSAFE_FILE",
      (at) =>
        isRoot ? chownSync(at.manifest("kestrel"), 65534, 65534) : chmodSync(at.manifest("kestrel"), 0o666),
    ],
  ];
  for (const [name, id, code, change] of changes) {
    test(name, async () => {
      const at = await indexed();
      change(at);
      expect((await at.read())?.ids()).toContain(id);
      await expect(loadInstalled(id, { places: at.places, builtIn: PROVIDERS })).rejects.toMatchObject({
        code,
      });
    });
  }
});

describe("no index is written", () => {
  test("that would stand for all while a plugin is not fit", async () => {
    const at = world();
    appendFileSync(at.manifest("kestrel"), " ");
    await at.write();
    expect(await at.read()).toBeNull();
    expect([...at.memory().keys()]).toEqual(["system/acme", "user/heron"]);
  });
  test("while something may have changed during the look", async () => {
    const at = world();
    await at.write(Date.now());
    expect(at.isWritten()).toBe(false);
    await at.write(Date.now() + 2_500);
    expect(at.isWritten()).toBe(true);
  });
  test("where none can be, and nothing fails", async () => {
    const at = world();
    writeFileSync(`${at.home}/state`, "a file");
    await at.write();
    expect(await at.read()).toBeNull();
  });
  test("where others could put another one", async () => {
    const at = world();
    mkdirSync(`${at.home}/state/gum-cred`, { recursive: true });
    chmodSync(`${at.home}/state/gum-cred`, 0o777);
    await at.write();
    expect(at.isWritten()).toBe(false);
  });
});

describe("an index is not believed that", () => {
  const spoil = (path: string, changes: Readonly<Record<string, unknown>>): void =>
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...changes }));
  type Case = [name: string, spoil: (path: string) => void];
  const cases: Case[] = [
    ["others can write", (path) => chmodSync(path, 0o620)],
    [
      "is a link",
      (path) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
    ],
    [
      "is a pipe",
      (path) => {
        rmSync(path);
        Bun.spawnSync(["mkfifo", path]);
      },
    ],
    ["is a folder", (path) => [rmSync(path), mkdirSync(path)]],
    ["is empty", (path) => writeFileSync(path, "")],
    ["is cut off", (path) => writeFileSync(path, readFileSync(path).subarray(0, -5))],
    ["is no index", (path) => writeFileSync(path, "[1]")],
    ["is nothing", (path) => writeFileSync(path, "null")],
    ["another version wrote", (path) => spoil(path, { program: "gum-cred 0.0.1 (abc)\n" })],
    ["has another stamp", (path) => spoil(path, { stamp: "0" })],
    ["leaves a plugin out", (path) => spoil(path, { user: "kestrel" })],
    ["has a plugin more", (path) => spoil(path, { user: "evil heron kestrel" })],
    ["has a command for an id", (path) => spoil(path, { user: "heron kestrel $(id)" })],
    ["is too large", (path) => appendFileSync(path, " ".repeat(4 * 1024 * 1024))],
  ];
  for (const [name, change] of cases) {
    test(name, async () => {
      const at = await indexed();
      change(at.path);
      expect(await at.read()).toBeNull();
    });
  }
  test("has no variables, or such as no shell should see", async () => {
    const at = await indexed();
    for (const owners of [null, "", "null", "[", '{"X;id":"kestrel"}', '{"__proto__":{"X":"kestrel"}}']) {
      spoil(at.path, { owners });
      const found = await at.read();
      expect([owners, found?.variables(), found?.ownerOf("X")]).toEqual([owners, [], null]);
    }
  });
  test.if(isRoot)("belongs to somebody else", async () => {
    const at = await indexed();
    chownSync(at.path, 65534, 65534);
    expect(await at.read()).toBeNull();
  });
});

/** Runs in another process, on the same world: `at` has its paths. */
function script({ places, path }: ReturnType<typeof world>, body: string): readonly string[] {
  const source = `${process.cwd()}/src/providers`;
  const text = `
    const [places, path] = [${JSON.stringify(places)}, ${JSON.stringify(path)}];
    const { surveyInstalled } = await import("${source}/installed/survey.ts");
    const { readIndex, readMemory, writeIndex } = await import("${source}/installed/plugin-index.ts");
    const { PROVIDERS } = await import("${source}/registry.ts");
    const found = await surveyInstalled({ places, builtIn: PROVIDERS }, new Map());
    const write = () => writeIndex(path, places, found, Date.now() + 60_000);
    const read = async () => (await readIndex(path, places))?.ids() ?? null;
    const reread = async () =>
      (await surveyInstalled({ places, builtIn: PROVIDERS }, readMemory(path))).flatMap(({ id, provider }) => (provider ? [id] : []));
    ${body}`;
  return [process.execPath, "-e", text];
}

test("several may write it at once: whoever reads meanwhile finds a whole one", async () => {
  const at = await indexed();
  const writers = Array.from({ length: 3 }, () =>
    Bun.spawn([...script(at, "for (let i = 0; i < 40; i++) await write();")], { stderr: "pipe" }),
  );
  let done = false;
  const codes = Promise.all(writers.map(({ exited }) => exited)).finally(() => {
    done = true;
  });
  let reads = 0;
  while (!done) {
    expect((await at.read())?.ids()).toEqual(["acme", "heron", "kestrel"]);
    expect(at.memory().size).toBe(3);
    reads++;
    await Bun.sleep(0);
  }
  expect(await codes).toEqual([0, 0, 0]);
  expect(reads).toBeGreaterThan(50);
});

test("where the C library has no statx, node:fs tells the same", () => {
  const at = world();
  const touch = `require("node:fs").appendFileSync(${JSON.stringify(`${at.places.system}/acme.json`)}, " ")`;
  // Any system but Linux.
  const body = `
    Object.defineProperty(process, "platform", { value: "openbsd" });
    await write();
    const before = [await read(), await reread()];
    ${touch};
    const after = [await read(), await reread()];
    console.log(JSON.stringify([before, after]));`;
  const { stdout, stderr } = Bun.spawnSync([...script(at, body)]);
  expect(stderr.toString()).toBe("");
  expect(JSON.parse(stdout.toString())).toEqual([
    [["acme", "heron", "kestrel"], []],
    [null, ["acme"]],
  ]);
});
