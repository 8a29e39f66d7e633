/** Installed providers on real files: places, pins, precedence, and that a bad one stops no other. */

import { afterAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type ErrorCode, GumCredError } from "../../../src/core/errors.ts";
import { secret } from "../../../src/core/secret.ts";
import { loadInstalled, notUsedWarning } from "../../../src/providers/installed/installed.ts";
import { pinOf, readPins, writePins } from "../../../src/providers/installed/pins.ts";
import { anyInstalled, pluginPlaces } from "../../../src/providers/installed/places.ts";
import { listInstalled } from "../../../src/providers/installed/survey.ts";
import { PROVIDERS } from "../../../src/providers/registry.ts";
import { commandManifest, manifestWith } from "../../support/manifests.ts";
import { SOON_MS } from "../../support/patience.ts";

const root = mkdtempSync("/tmp/gum-cred-installed-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
const isRoot = process.geteuid?.() === 0;

/** Two empty places, and ways to fill them. */
function world() {
  const home = mkdtempSync(`${root}/`);
  const user = { folder: `${home}/plugins`, pins: `${home}/plugins.lock.json` };
  const places = { system: `${home}/system`, user };
  for (const folder of [user.folder, places.system]) mkdirSync(folder, { mode: 0o700 });
  const put = (place: "user" | "system", id: string, bytes: Uint8Array): string => {
    const path = `${place === "user" ? user.folder : places.system}/${id}.json`;
    writeFileSync(path, bytes, { mode: 0o600 });
    return path;
  };
  const pin = (id: string, bytes: Uint8Array, command?: readonly string[]): void => {
    writePins(user.pins, new Map(readPins(user.pins)).set(id, pinOf(bytes, command)));
  };
  /** A trusted plugin of the user's. */
  const install = (id: string, bytes: Uint8Array, command?: readonly string[]): string => {
    const path = put("user", id, bytes);
    pin(id, bytes, command);
    return path;
  };
  const program = (text = `echo '{"verdict":"valid"}'`): string => {
    const path = `${home}/program`;
    writeFileSync(path, `#!/bin/sh\ncat >/dev/null\n${text}\n`);
    chmodSync(path, 0o700);
    return path;
  };
  const setting = { places, builtIn: PROVIDERS };
  return {
    home,
    places,
    put,
    pin,
    install,
    program,
    load: (id: string) => loadInstalled(id, setting),
    list: () => listInstalled(setting),
    all: async () => {
      const found = await listInstalled(setting);
      return {
        ids: found.flatMap(({ provider }) => (provider ? [provider.id] : [])),
        warnings: found.flatMap(({ id, error }) => (error ? [notUsedWarning(id, error)] : [])),
      };
    },
  };
}

const named = (id: string, changes: Record<string, unknown> = {}) =>
  manifestWith({ id, title: id, env: [`${id.toUpperCase()}_API_KEY`], ...changes });

async function refusal(work: Promise<unknown>): Promise<ErrorCode> {
  try {
    await work;
  } catch (error) {
    if (error instanceof GumCredError) return error.code;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("places", () => {
  const user = (raw: Record<string, string>) => pluginPlaces(raw).user?.folder ?? null;
  test("XDG_CONFIG_HOME, else ~/.config; relative ones and none at all are no place", () => {
    expect(user({ HOME: "/home/u" })).toBe("/home/u/.config/gum-cred/plugins");
    expect(user({ HOME: "/home/u", XDG_CONFIG_HOME: "/x" })).toBe("/x/gum-cred/plugins");
    expect(user({ HOME: "/home/u", XDG_CONFIG_HOME: "x" })).toBe("/home/u/.config/gum-cred/plugins");
    expect(user({ HOME: "/home/u", XDG_CONFIG_HOME: "" })).toBe("/home/u/.config/gum-cred/plugins");
    expect(user({ HOME: "." })).toBeNull();
    expect(user({ HOME: "" })).toBeNull();
    expect(user({})).toBeNull();
    expect(pluginPlaces({}).system).toBe("/etc/gum-cred/plugins");
  });
  test("with nothing installed there is nothing, whatever is missing", async () => {
    const { places, load, list } = world();
    expect(anyInstalled(places)).toBe(false);
    expect(await load("kestrel")).toBeNull();
    expect(await list()).toEqual([]);
    const nowhere = { system: "/nonexistent/a", user: null };
    expect(anyInstalled(nowhere)).toBe(false);
    expect(await listInstalled({ places: nowhere, builtIn: PROVIDERS })).toEqual([]);
    expect(await loadInstalled("kestrel", { places: nowhere, builtIn: PROVIDERS })).toBeNull();
  });
  test("other files in the folder are passed over", async () => {
    const at = world();
    for (const name of [
      "README.md",
      ".kestrel.json.swp",
      ".hidden.json",
      "kestrel.json.1.tmp",
      "kestrel.json~",
    ]) {
      writeFileSync(`${at.places.user.folder}/${name}`, "x");
    }
    expect(anyInstalled(at.places)).toBe(false);
    expect(await at.list()).toEqual([]);
  });
});

describe("a plugin of the user's", () => {
  test("is good when it is what was agreed to", async () => {
    const at = world();
    at.install("kestrel", manifestWith({}));
    expect((await at.load("kestrel"))?.title).toBe("Kestrel AI");
    expect(anyInstalled(at.places)).toBe(true);
    expect(await at.all()).toEqual({ ids: ["kestrel"], warnings: [] });
  });
  test("is refused when nobody agreed to it", async () => {
    const at = world();
    at.put("user", "kestrel", manifestWith({}));
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_REFUSED");
    expect((await at.list())[0]).toMatchObject({ id: "kestrel", place: "user", state: "refused" });
  });
  test("is refused after one byte of it changed, and good again when changed back", async () => {
    const at = world();
    const path = at.install("kestrel", manifestWith({}));
    appendFileSync(path, " ");
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_CHANGED");
    expect((await at.list())[0]).toMatchObject({ state: "changed", provider: null });
    writeFileSync(path, manifestWith({}));
    expect((await at.load("kestrel"))?.id).toBe("kestrel");
  });
  test("another's agreement does not count for it", async () => {
    const at = world();
    at.install("kestrel", manifestWith({}));
    at.put("user", "heron", manifestWith({}));
    expect(await refusal(at.load("heron"))).toBe("E_PLUGIN_REFUSED");
    // And were it pinned, it would still have to call itself so.
    at.pin("heron", manifestWith({}));
    expect(await refusal(at.load("heron"))).toBe("E_PLUGIN_INVALID");
  });
  test("with spoilt pins every plugin of the user's is refused, the administrator's are not", async () => {
    const spoilt = [
      "{}",
      "[]",
      "null",
      "x",
      '{"version":2,"plugins":{}}',
      '{"version":1,"plugins":{"kestrel":{}}}',
    ];
    for (const text of spoilt) {
      const at = world();
      at.install("kestrel", manifestWith({}));
      at.put("system", "heron", named("heron"));
      writeFileSync(at.places.user.pins, text);
      expect([text, await refusal(at.load("kestrel"))]).toEqual([text, "E_MALFORMED"]);
      expect((await at.all()).ids).toEqual(["heron"]);
    }
    const at = world();
    at.install("kestrel", manifestWith({}));
    chmodSync(at.places.user.pins, 0o620);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
  });
  test("pins come back as they were written, for this user alone", () => {
    const at = world();
    const pins = new Map([
      ["__proto__", { manifest: "0".repeat(64), files: new Map([["/a b", "f".repeat(64)]]) }],
      ["constructor", { manifest: "1".repeat(64), files: new Map() }],
    ]);
    writePins(at.places.user.pins, pins);
    expect(readPins(at.places.user.pins)).toEqual(pins);
    expect(readFileSync(at.places.user.pins, "utf8")).toContain('"version": 1');
  });
});

describe("its program", () => {
  test("runs while it is the one that was agreed to, and never after it changed", async () => {
    const at = world();
    const path = at.program();
    at.install("kestrel", commandManifest([path]), [path]);
    const provider = await at.load("kestrel");
    expect((await provider?.check?.(secret("k-EXAMPLE")))?.verdict).toBe("valid");
    at.program(`touch '${at.home}/owned'`);
    // Also a provider that was loaded before.
    expect(await refusal(provider?.check?.(secret("k-EXAMPLE")) ?? Promise.resolve())).toBe(
      "E_PLUGIN_CHANGED",
    );
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_CHANGED");
    expect(await Bun.file(`${at.home}/owned`).exists()).toBe(false);
  });
  test("is refused when others can write it or its folder, or it is a link; broken when it is gone", async () => {
    const at = world();
    const path = at.program();
    at.install("kestrel", commandManifest([path]), [path]);
    chmodSync(path, 0o770);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
    chmodSync(path, 0o700);
    expect((await at.load("kestrel"))?.id).toBe("kestrel");
    chmodSync(at.home, 0o777);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
    chmodSync(at.home, 0o700);
    rmSync(path);
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_INVALID");
    symlinkSync("/usr/bin/true", path);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
  });
  test("an argument that is a file is part of it, also one that became a file later", async () => {
    const at = world();
    const [script, later] = [`${at.home}/script.sh`, `${at.home}/later.sh`];
    writeFileSync(script, `echo '{"verdict":"valid"}'`, { mode: 0o600 });
    const program = at.program(`. "$1"`);
    const command = [program, script, later, "--option"];
    at.install("kestrel", commandManifest(command), command);
    expect((await (await at.load("kestrel"))?.check?.(secret("k-EXAMPLE")))?.verdict).toBe("valid");
    writeFileSync(later, "echo");
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_CHANGED");
    rmSync(later);
    appendFileSync(script, "#");
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_CHANGED");
  });
});

describe("a plugin of the administrator's", () => {
  test("needs no agreement and wins over one of the user's", async () => {
    const at = world();
    at.put("system", "kestrel", manifestWith({ title: "Kestrel of Acme" }));
    at.install("kestrel", manifestWith({}));
    expect((await at.load("kestrel"))?.title).toBe("Kestrel of Acme");
    expect((await at.list()).map(({ place, state }) => [place, state])).toEqual([
      ["system", "ok"],
      ["user", "refused"],
    ]);
  });
  test("wins also when it is broken: the user's is not used in its place", async () => {
    const at = world();
    at.put("system", "kestrel", manifestWith({ env: [] }));
    at.install("kestrel", manifestWith({}));
    expect(await refusal(at.load("kestrel"))).toBe("E_PLUGIN_INVALID");
    expect((await at.all()).ids).toEqual([]);
  });
  test("has its variables before a plugin of the user's", async () => {
    const at = world();
    at.install("aaa", named("aaa", { env: ["KESTREL_API_KEY"] }));
    at.put("system", "kestrel", manifestWith({}));
    const { ids, warnings } = await at.all();
    expect(ids).toEqual(["kestrel"]);
    expect(warnings.join("\n")).toMatch(/'aaa' is not used: .*KESTREL_API_KEY.*'kestrel'/);
  });
  test.if(isRoot)("is refused when it, its folder or its program is somebody else's", async () => {
    const at = world();
    const path = at.put("system", "kestrel", manifestWith({}));
    chownSync(path, 65534, 65534);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
    chownSync(path, 0, 0);
    expect((await at.load("kestrel"))?.id).toBe("kestrel");
    chownSync(at.places.system, 65534, 65534);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
    chownSync(at.places.system, 0, 0);
    const program = at.program();
    at.put("system", "kestrel", commandManifest([program]));
    expect((await (await at.load("kestrel"))?.check?.(secret("k-EXAMPLE")))?.verdict).toBe("valid");
    chownSync(program, 65534, 65534);
    expect(await refusal(at.load("kestrel"))).toBe("E_UNSAFE_FILE");
  });
});

describe("a plugin that is not fit", () => {
  type Case = [name: string, spoil: (at: ReturnType<typeof world>) => unknown, state: string];
  const text = (json: string) => new TextEncoder().encode(json);
  const cases: Case[] = [
    ["no JSON", (at) => at.install("bad", text("{")), "broken"],
    ["too large", (at) => at.install("bad", text(`"${"x".repeat(70_000)}"`)), "broken"],
    [
      "another id than its file's",
      (at) => at.install("bad", manifestWith({ id: "other", title: "Other" })),
      "broken",
    ],
    ["a file name that is no id", (at) => at.install("Bad Name", named("bad")), "broken"],
    ["a built-in id", (at) => at.install("openai", named("openai")), "refused"],
    ["a built-in variable", (at) => at.install("bad", named("bad", { env: ["OPENAI_API_KEY"] })), "refused"],
    ["PATH", (at) => at.install("bad", named("bad", { env: ["PATH"] })), "refused"],
    ["writable by the group", (at) => chmodSync(at.install("bad", named("bad")), 0o660), "refused"],
    [
      "a link",
      (at) =>
        symlinkSync(
          at.install("good2", named("good2")),
          at.put("user", "x", text("")).replace("x.json", "bad.json"),
        ),
      "refused",
    ],
    ["a dangling link", (at) => symlinkSync("/nonexistent", `${at.places.user.folder}/bad.json`), "refused"],
    ["a folder", (at) => mkdirSync(`${at.places.user.folder}/bad.json`), "refused"],
    ["a pipe", (at) => Bun.spawnSync(["mkfifo", `${at.places.user.folder}/bad.json`]), "refused"],
    ["changed", (at) => appendFileSync(at.install("bad", named("bad")), "\n"), "changed"],
  ];
  for (const [name, spoil, state] of cases) {
    test(`${name}: named with its reason, and the others are used`, async () => {
      const at = world();
      at.install("heron", named("heron"));
      at.put("system", "acme", named("acme"));
      spoil(at);
      const { ids, warnings } = await at.all();
      expect(ids.filter((id) => id !== "good2")).toEqual(["acme", "heron"]);
      expect(warnings.length).toBeGreaterThan(0);
      const spoilt = (await at.list()).find((entry) => /^(bad|Bad Name|openai)$/.test(entry.id));
      expect(spoilt).toMatchObject({ state, provider: null });
      expect(spoilt?.error?.hint).not.toBe("");
    });
  }
  test("of two that claim one variable, the first by id has it, whichever was there first", async () => {
    const at = world();
    at.install("zeta", named("zeta", { env: ["SHARED_API_KEY"] }));
    at.install("alpha", named("alpha", { env: ["SHARED_APIKEY"] }));
    expect((await at.all()).ids).toEqual(["alpha"]);
  });
  test.if(isRoot)("a folder that cannot be read is said, and not taken for empty", async () => {
    const at = world();
    at.install("kestrel", manifestWith({}));
    chmodSync(root, 0o711);
    chmodSync(at.home, 0o711);
    const script = `
      import { loadInstalled } from "${process.cwd()}/src/providers/installed/installed.ts";
      import { listInstalled } from "${process.cwd()}/src/providers/installed/survey.ts";
      import { anyInstalled } from "${process.cwd()}/src/providers/installed/places.ts";
      const places = ${JSON.stringify(at.places)};
      const list = await listInstalled({ places, builtIn: [] });
      const load = await loadInstalled("kestrel", { places, builtIn: [] }).catch((error) => error.code);
      console.log(JSON.stringify([anyInstalled(places), list.map(({ id, state }) => [id, state]), load]));
    `;
    const bun = `${at.home}/bun`;
    Bun.spawnSync(["cp", process.execPath, bun]);
    const child = Bun.spawnSync(["setpriv", "--reuid=65534", "--clear-groups", bun, "-e", script], {
      cwd: "/",
    });
    expect(JSON.parse(child.stdout.toString())).toEqual([
      true,
      [
        ["*", "broken"],
        ["*", "broken"],
      ],
      "E_FILE_UNREADABLE",
    ]);
  });
});

describe("with 500 installed", () => {
  const at = world();
  const padding = 16 * 1024;
  const pins = new Map();
  for (let index = 0; index < 500; index++) {
    const bytes = new TextEncoder().encode(
      new TextDecoder().decode(named(`vendor${index}`)) + " ".repeat(padding),
    );
    at.put("user", `vendor${index}`, bytes);
    pins.set(`vendor${index}`, pinOf(bytes));
  }
  writePins(at.places.user.pins, pins);
  /** Bytes that this process has read so far (proc(5), /proc/pid/io). */
  const bytesRead = () => Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);

  test("one is loaded by reading one manifest and the pins", async () => {
    await at.load("vendor0");
    const before = bytesRead();
    expect((await at.load("vendor250"))?.id).toBe("vendor250");
    const pinBytes = readFileSync(at.places.user.pins).length;
    expect(bytesRead() - before).toBeLessThan(2 * pinBytes + 2 * padding);
  });
  test("one that is not there costs nothing", async () => {
    const before = bytesRead();
    expect(await at.load("vendor500")).toBeNull();
    expect(bytesRead() - before).toBeLessThan(padding);
  });
  test("all of them are read soon", async () => {
    const started = performance.now();
    expect((await at.all()).ids).toHaveLength(500);
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });
});
