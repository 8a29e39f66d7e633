/** How start-up grows with installed plugins: a named built-in provider, a named plugin, and everything. */
import { mkdirSync, writeFileSync } from "node:fs";
import { type Pin, pinOf, writePins } from "../../src/providers/pins.ts";
import { manifestWith } from "../../test/support/manifests.ts";
import { type Case, fairCopy, measure } from "./measure.ts";
import type { Comparison } from "./table.ts";

const COUNTS = [0, 10, 100, 500];
const KEYS = { OPENAI_API_KEY: "sk-EXAMPLE", VENDOR0_API_KEY: "key-EXAMPLE" };

/** `folder` is for a copy of the binary of `dist` and for the plugins. */
export function benchPlugins(dist: string, folder: string, rounds: number): readonly Comparison[] {
  const gumCred = fairCopy(`${dist}/gum-cred`, `${folder}/gum-cred`);
  const cases = COUNTS.flatMap((count): Case[] => {
    const env = { ...KEYS, HOME: install(count, `${folder}/with-${count}`) };
    const named =
      count > 0 ? [{ name: `env vendor0, ${count} plugins`, command: [gumCred, "env", "vendor0"], env }] : [];
    return [
      { name: `env openai, ${count} plugins`, command: [gumCred, "env", "openai"], env },
      ...named,
      { name: `env, ${count} plugins`, command: [gumCred, "env"], env },
    ];
  });
  const timings = measure(cases, rounds);
  return cases.flatMap(({ name }): Comparison[] => {
    const [what, none] = [
      timings.get(name),
      timings.get(name.startsWith("env,") ? "env, 0 plugins" : "env openai, 0 plugins"),
    ];
    return what && none && what !== none ? [{ what, against: none, target: null }] : [];
  });
}

/** A home folder with so many plugins in it, all agreed to. */
function install(count: number, home: string): string {
  const folder = `${home}/.config/gum-cred/plugins`;
  mkdirSync(folder, { recursive: true });
  const pins = new Map<string, Pin>();
  for (let index = 0; index < count; index++) {
    const id = `vendor${index}`;
    const manifest = manifestWith({ id, env: [`VENDOR${index}_API_KEY`] });
    writeFileSync(`${folder}/${id}.json`, manifest, { mode: 0o600 });
    pins.set(id, pinOf(manifest));
  }
  if (count > 0) writePins(`${home}/.config/gum-cred/plugins.lock.json`, pins);
  return home;
}
