/** Where the time of a run goes: the same answer, with one layer more each time. */
import { type Case, measure } from "./measure.ts";
import type { Row, Section } from "./rows.ts";
import { freshSession, type Setting, store, TOKEN, withKeyring } from "./world.ts";

export function benchLayers({ gumCred, empty, rounds }: Setting): Promise<Section> {
  return withKeyring(async (session, server) => {
    await store(session, server, new Map([["default", freshSession(server)]]));
    const layers: readonly (Case & { readonly adds: string })[] = [
      { adds: "Bun itself, starting and ending", name: "an empty program", command: [empty] },
      { adds: "the first module, and printing", name: "--version", command: [gumCred, "--version"] },
      {
        adds: "an everyday line's answer",
        name: "env gumloop",
        command: [gumCred, "env", "gumloop"],
        env: TOKEN,
      },
      {
        adds: "the whole program, which answers the same",
        name: "env gumloop --no-color",
        command: [gumCred, "env", "gumloop", "--no-color"],
        env: TOKEN,
      },
      {
        adds: "a visit to the keychain for a profile",
        name: "env gumloop, from the keychain",
        command: [gumCred, "env", "gumloop"],
        env: session,
      },
      {
        adds: "the vendors, and the search for their keys",
        name: "env, from the keychain",
        command: [gumCred, "env"],
        env: session,
      },
    ];
    const nothing: Case = { name: "nothing", command: [empty] };
    const rows: Row[] = [];
    let before: number | null = null;
    for (const { adds, ...layer } of layers) {
      const timing = await measure([nothing, layer], rounds);
      const [least, emptys] = [timing(layer.name).least, timing(nothing.name).least];
      const more: number = before === null ? emptys : least - emptys - before;
      before = before === null ? 0 : least - emptys;
      rows.push({
        what: adds,
        value: `${more.toFixed(2)} ms`,
        against: `${layer.name}: ${least.toFixed(2)} ms`,
        ratio: null,
        limit: null,
      });
    }
    return {
      title: "Where the time goes",
      about:
        "What each line takes longer than the one above it, by the least times of each. Each took turns with an empty " +
        "program, whose time in that run is taken off first.",
      rows,
    };
  });
}
