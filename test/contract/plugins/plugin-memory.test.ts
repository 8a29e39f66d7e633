/**
 * What the index remembers of each manifest, on real files: after any change exactly the manifests are read that it
 * concerns, and what is found is what reading all of them finds.
 */
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { skeleton } from "../../../src/providers/installed/look-alikes.ts";
import { readPins, writePins } from "../../../src/providers/installed/pins.ts";
import { writeIndex } from "../../../src/providers/installed/plugin-index.ts";
import type { Found } from "../../../src/providers/installed/survey.ts";
import { named, useInstalledWorlds } from "../../support/installed-world.ts";
import { commandManifest } from "../../support/manifests.ts";

const { world, indexed } = useInstalledWorlds();
type At = Awaited<ReturnType<typeof indexed>>;
const isRoot = process.geteuid?.() === 0;
const ALL = ["acme", "heron", "kestrel"];

const result = ({ id, place, path, state, error, files, known }: Found) => ({
  ...{ id, place, path, state, files, message: error?.message, hint: error?.hint, names: known?.names },
});
const usable = (found: readonly Found[]) => found.flatMap(({ id, known }) => (known ? [id] : []));

/** Looks with the memory and without: both find the same. Which were read, and what is usable. */
async function look(at: At): Promise<{ read: readonly string[]; usable: readonly string[] }> {
  const found = await at.survey(at.memory());
  expect(found.map(result)).toEqual((await at.survey()).map(result));
  const read = found.filter(({ provider, error }) => provider !== null || error !== null);
  return { read: read.map(({ id }) => id).toSorted(), usable: usable(found) };
}

describe("reads", () => {
  type Row = [name: string, change: (at: At) => void, read: readonly string[], usable: readonly string[]];
  const rows: Row[] = [
    ["nothing while nothing changes", () => {}, [], ALL],
    ["nothing after a manifest was read", (at) => readFileSync(at.manifest("kestrel")), [], ALL],
    [
      "a changed manifest",
      (at) => at.install("kestrel", named("kestrel", { env: ["OTHER_KEY"] })),
      ["kestrel"],
      ALL,
    ],
    [
      "a manifest that changed behind its pin",
      (at) => appendFileSync(at.manifest("kestrel"), " "),
      ["kestrel"],
      ["acme", "heron"],
    ],
    ["an added one", (at) => at.install("wren", named("wren")), ["wren"], [...ALL, "wren"]],
    [
      "an added one that nobody agreed to",
      (at) => writeFileSync(at.manifest("wren"), named("wren")),
      ["wren"],
      ALL,
    ],
    ["none for a removed one", (at) => rmSync(at.manifest("kestrel")), [], ["acme", "heron"]],
    [
      "one that was renamed over another",
      (at) => {
        writeFileSync(`${at.home}/new`, readFileSync(at.manifest("kestrel")), { mode: 0o600 });
        renameSync(`${at.home}/new`, at.manifest("kestrel"));
      },
      ["kestrel"],
      ALL,
    ],
    [
      "one of the same size and time of writing with other bytes",
      (at) => {
        const path = at.manifest("kestrel");
        const { size, mtime } = statSync(path);
        writeFileSync(path, readFileSync(path, "utf8").replace("kestrel", "kestrem"));
        utimesSync(path, mtime, mtime);
        expect(statSync(path).size).toBe(size);
      },
      ["kestrel"],
      ["acme", "heron"],
    ],
    [
      "one that another file was swapped for and back",
      (at) => {
        linkSync(at.manifest("kestrel"), `${at.home}/kept`);
        rmSync(at.manifest("kestrel"));
        renameSync(`${at.home}/kept`, at.manifest("kestrel"));
      },
      ["kestrel"],
      ALL,
    ],
    [
      "one that its group can write",
      (at) => chmodSync(at.manifest("kestrel"), 0o620),
      ["kestrel"],
      ["acme", "heron"],
    ],
    [
      "a link in place of one",
      (at) => {
        renameSync(at.manifest("kestrel"), `${at.home}/kestrel.json`);
        symlinkSync(`${at.home}/kestrel.json`, at.manifest("kestrel"));
      },
      ["kestrel"],
      ["acme", "heron"],
    ],
    [
      "a folder in place of one",
      (at) => [rmSync(at.manifest("kestrel")), mkdirSync(at.manifest("kestrel"))],
      ["kestrel"],
      ["acme", "heron"],
    ],
    [
      "all of a folder that others can write",
      (at) => chmodSync(at.places.user.folder, 0o777),
      ["heron", "kestrel"],
      ["acme"],
    ],
    [
      "all below a folder that others can write",
      (at) => chmodSync(`${at.home}/config`, 0o775),
      ["heron", "kestrel"],
      ["acme"],
    ],
    [
      "the administrator's below such a folder",
      (at) => chmodSync(`${at.home}/etc`, 0o777),
      ["acme"],
      ["heron", "kestrel"],
    ],
    [
      "a changed one of the administrator's",
      (at) => appendFileSync(`${at.places.system}/acme.json`, "\n"),
      ["acme"],
      ALL,
    ],
    [
      "none for pins that were only written anew",
      (at) => writePins(at.places.user.pins, readPins(at.places.user.pins)),
      [],
      ALL,
    ],
    [
      "one whose pin is gone",
      (at) => {
        const pins = new Map(readPins(at.places.user.pins));
        pins.delete("kestrel");
        writePins(at.places.user.pins, pins);
      },
      ["kestrel"],
      ["acme", "heron"],
    ],
    [
      "all that are pinned where pins are spoilt",
      (at) => writeFileSync(at.places.user.pins, "{"),
      ["heron", "kestrel"],
      ["acme"],
    ],
    [
      "all that are pinned where others can write pins",
      (at) => chmodSync(at.places.user.pins, 0o666),
      ["heron", "kestrel"],
      ["acme"],
    ],
    ["one whose program changed", (at) => appendFileSync(at.program, "#"), ["heron"], ["acme", "kestrel"]],
    ["one whose program is gone", (at) => rmSync(at.program), ["heron"], ["acme", "kestrel"]],
    [
      "one whose program others can write",
      (at) => chmodSync(at.program, 0o777),
      ["heron"],
      ["acme", "kestrel"],
    ],
    [
      "one whose program's folder others can write",
      (at) => chmodSync(`${at.home}/bin`, 0o777),
      ["heron"],
      ["acme", "kestrel"],
    ],
    [
      "one whose argument became a file",
      (at) => writeFileSync(`${at.home}/bin/later`, "x"),
      ["heron"],
      ["acme", "kestrel"],
    ],
  ];
  for (const [name, change, read, left] of rows) {
    test(name, async () => {
      const at = await indexed();
      change(at);
      expect(await look(at)).toEqual({ read, usable: left });
    });
  }
  test.if(isRoot)("one that belongs to somebody else", async () => {
    const at = await indexed();
    chownSync(at.manifest("kestrel"), 65534, 65534);
    expect(await look(at)).toEqual({ read: ["kestrel"], usable: ["acme", "heron"] });
  });
});

describe("an unchanged manifest loses", () => {
  type Row = [name: string, change: (at: At) => void, usable: readonly string[]];
  const rows: Row[] = [
    [
      "its variable to a plugin before it",
      (at) => at.install("alder", named("alder", { env: ["KESTREL_KEY"] })),
      ["acme", "alder", "heron"],
    ],
    [
      "a variable that looks alike",
      (at) => at.install("alder", named("alder", { env: ["KE5TREL_KEY"] })),
      ["acme", "alder", "heron"],
    ],
    [
      "a title that looks alike",
      (at) => at.install("alder", named("alder", { title: "KESTREI" })),
      ["acme", "alder", "heron"],
    ],
    [
      "an id that looks alike",
      (at) => at.install("ke5trel", named("ke5trel", { title: "Other", env: ["X1_KEY"] })),
      ["acme", "heron", "ke5trel"],
    ],
    [
      "its variable to one of the administrator's",
      (at) =>
        writeFileSync(`${at.places.system}/zeta.json`, named("zeta", { env: ["KESTREL_KEY"] }), {
          mode: 0o600,
        }),
      ["acme", "zeta", "heron"],
    ],
    [
      "its id to one of the administrator's",
      (at) => writeFileSync(`${at.places.system}/kestrel.json`, named("kestrel"), { mode: 0o600 }),
      ["acme", "kestrel", "heron"],
    ],
    [
      "its id to one of the administrator's that is not fit",
      (at) => writeFileSync(`${at.places.system}/kestrel.json`, "{}", { mode: 0o600 }),
      ["acme", "heron"],
    ],
    [
      "nothing to a plugin behind it",
      (at) => at.install("wren", named("wren", { env: ["KESTREL_KEY"] })),
      ALL,
    ],
  ];
  for (const [name, change, left] of rows) {
    test(name, async () => {
      const at = await indexed();
      change(at);
      expect((await look(at)).usable).toEqual(left);
    });
  }
  test("and has it back when the other one lets it go", async () => {
    const at = await indexed();
    at.install("alder", named("alder", { env: ["KESTREL_KEY"] }));
    await at.write();
    expect((await look(at)).usable).toEqual(["acme", "alder", "heron"]);
    at.install("alder", named("alder"));
    expect((await look(at)).usable).toEqual(["acme", "alder", "heron", "kestrel"]);
  });
});

describe("nothing is remembered", () => {
  test("of a manifest that is so new that it may have changed during the look; of the others it is", async () => {
    const at = world();
    const old = new Date(Date.now() - 60_000);
    await writeIndex(at.path, at.places, await at.survey(), old.getTime());
    expect(at.isWritten()).toBe(false);
    const found = await at.survey();
    const aged = found.map((one) => (one.id === "kestrel" ? one : { ...one, changedMs: old.getTime() }));
    await writeIndex(at.path, at.places, aged, Date.now());
    expect(await look(at)).toEqual({ read: ["kestrel"], usable: ALL });
  });
  test("while the clock is behind the files", async () => {
    const at = world();
    await at.write(Date.now() - 3_600_000);
    expect([at.isWritten(), (await look(at)).read]).toEqual([false, ALL]);
  });
  test("of what changed between being read and being written down, wherever the clock is", async () => {
    const at = world();
    const found = await at.survey();
    at.install("kestrel", named("kestrel", { env: ["OTHER_KEY"] }));
    appendFileSync(`${at.places.system}/acme.json`, "\n");
    await writeIndex(at.path, at.places, found, Date.now() + 3_600_000);
    expect(await look(at)).toEqual({ read: ["acme", "kestrel"], usable: ALL });
  });
  test("again where there is nothing new: the file stays as it is", async () => {
    const at = await indexed();
    appendFileSync(at.manifest("kestrel"), " ");
    await writeIndex(at.path, at.places, await at.survey(at.memory()), Date.now() + 60_000);
    const { ino } = statSync(at.path);
    await writeIndex(at.path, at.places, await at.survey(at.memory()), Date.now() + 60_000);
    expect(statSync(at.path).ino).toBe(ino);
  });
});

describe("a memory is not believed that", () => {
  const spoil = (path: string, change: (memory: string) => unknown): void => {
    const whole = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...whole, memory: change(whole.memory) }));
  };
  type Row = [name: string, spoil: (path: string) => void];
  const rows: Row[] = [
    [
      "another version wrote",
      (path) =>
        writeFileSync(
          path,
          JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), program: "gum-cred 0.0.1 (abc)\n" }),
        ),
    ],
    ["others can write", (path) => chmodSync(path, 0o620)],
    ["is behind a link", (path) => [renameSync(path, `${path}.real`), symlinkSync(`${path}.real`, path)]],
    ["is cut off", (path) => writeFileSync(path, readFileSync(path).subarray(0, -9))],
    ["has zeros in it", (path) => writeFileSync(path, readFileSync(path).fill(0, 300, 400))],
    ["is missing", (path) => spoil(path, () => undefined)],
    ["is not a text", (path) => spoil(path, () => ["x"])],
    ["is of another shape", (path) => spoil(path, (memory) => memory.replace(" ", ""))],
    ["has a field more", (path) => spoil(path, (memory) => `${memory} x`)],
    ["is damaged in a file's name", (path) => spoil(path, (memory) => memory.replaceAll("%2F", "%F"))],
    [
      "has no variables",
      (path) => spoil(path, (memory) => memory.replace("KESTREL_API_KEY,KESTREL_KEY", "")),
    ],
    ["has other stamps", (path) => spoil(path, (memory) => memory.replace(/ \d+ /g, " 1 "))],
  ];
  for (const [name, change] of rows) {
    test(name, async () => {
      const at = await indexed();
      change(at.path);
      expect(await look(at)).toEqual({ read: ALL, usable: ALL });
    });
  }
  test.if(isRoot)("belongs to somebody else", async () => {
    const at = await indexed();
    chownSync(at.path, 65534, 65534);
    expect((await look(at)).read).toEqual(ALL);
  });
  test("claims what is a built-in provider's", async () => {
    const at = await indexed();
    spoil(at.path, (memory) =>
      memory.replace("KESTREL_KEY", "OPENAI_API_KEY").replace("kestrelkey", skeleton("OPENAI_API_KEY")),
    );
    expect(await look(at)).toEqual({ read: ["kestrel"], usable: ALL });
  });
});

test("paths and titles of any kind come back as they were", async () => {
  const at = world();
  const folder = `${at.home}/a b,c;d%-é`;
  mkdirSync(folder, { mode: 0o700 });
  const program = `${folder}/run it`;
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
  const command = [program, "--file=/nowhere, not;at all"];
  at.install(
    "odd",
    commandManifest(command, { id: "odd", title: "Ümläut 漢字 & Co.", env: ["ODD_KEY"] }),
    command,
  );
  at.install("none", named("none", { title: "!?" }));
  await at.write();
  expect(await look(at)).toEqual({ read: [], usable: [...ALL, "none", "odd"] });
  appendFileSync(program, "#");
  expect((await look(at)).read).toEqual(["odd"]);
});
