/** Folders full of installed plugins, their pins and an index, on real files. */
import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { pinOf, readPins, writePins } from "../../src/providers/installed/pins.ts";
import { readIndex, readMemory, writeIndex } from "../../src/providers/installed/plugin-index.ts";
import { NO_MEMORY } from "../../src/providers/installed/remembered.ts";
import { surveyInstalled } from "../../src/providers/installed/survey.ts";
import { PROVIDERS } from "../../src/providers/registry.ts";
import { commandManifest, manifestWith } from "./manifests.ts";

/** A manifest with two variables of its own. */
export const named = (id: string, changes: Readonly<Record<string, unknown>> = {}) =>
  manifestWith({
    ...{ id, title: id, env: [`${id.toUpperCase()}_API_KEY`, `${id.toUpperCase()}_KEY`] },
    ...changes,
  });

/** Worlds for the tests of one file, which are removed behind them. */
export function useInstalledWorlds() {
  const root = mkdtempSync("/tmp/gum-cred-index-");
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** One plugin of the administrator's, two of the user's, one of which runs a program. */
  function world() {
    const home = mkdtempSync(`${root}/`);
    const user = { folder: `${home}/config/plugins`, pins: `${home}/config/plugins.lock.json` };
    const places = { system: `${home}/etc/plugins`, user };
    for (const folder of [user.folder, places.system, `${home}/bin`])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = `${home}/state/gum-cred/plugins.index.json`;
    const program = `${home}/bin/verify`;
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
    const manifest = (id: string): string => `${user.folder}/${id}.json`;
    const install = (id: string, bytes: Uint8Array, command?: readonly string[]): void => {
      writeFileSync(manifest(id), bytes, { mode: 0o600 });
      writePins(user.pins, new Map(readPins(user.pins)).set(id, pinOf(bytes, command)));
    };
    const command = [program, `${home}/bin/later`];
    install("kestrel", named("kestrel"));
    install(
      "heron",
      commandManifest(command, { id: "heron", title: "heron", env: ["HERON_API_KEY"] }),
      command,
    );
    writeFileSync(`${places.system}/acme.json`, named("acme"), { mode: 0o600 });
    const survey = (memory = NO_MEMORY) => surveyInstalled({ places, builtIn: PROVIDERS }, memory);
    return {
      ...{ home, places, path, program, manifest, install, survey },
      /** Long after the last change, unless it says otherwise. */
      write: async (sinceMs = Date.now() + 60_000) => writeIndex(path, places, await survey(), sinceMs),
      read: () => readIndex(path, places),
      memory: () => readMemory(path),
      isWritten: () => statSync(path, { throwIfNoEntry: false }) !== undefined,
    };
  }

  /** A world whose index is good. */
  async function indexed(): Promise<ReturnType<typeof world>> {
    const at = world();
    await at.write();
    if ((await at.read()) === null) throw new Error("the index is not good to begin with");
    return at;
  }

  return { world, indexed };
}
