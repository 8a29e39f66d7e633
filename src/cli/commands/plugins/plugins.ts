/** `gum-cred plugins list`, `check` and `new`: what looks at plugins and changes nothing. */
import { fail } from "../../../core/errors.ts";
import { table } from "../../../output/table.ts";
import type { Command } from "../../command.ts";

export const pluginsList: Command = {
  name: "plugins list",
  summary: "List the installed provider plugins and whether each is fit to be used",
  args: [],
  flags: [],
  details:
    "A plugin is ok, changed (since it was trusted), refused (unsafe, or in conflict) or broken. One that is\n" +
    "not ok is not used, and stops no other.",
  examples: [
    { line: "gum-cred plugins list", about: "what is installed" },
    { line: "gum-cred plugins list --json", about: "for programs" },
  ],
  run: async ({ ports }) => {
    const { listPlugins } = await import("../../../app/plugins/plugins.ts");
    const plugins = (await listPlugins(ports)).map((entry) => ({
      id: entry.id,
      title: entry.provider?.title ?? null,
      place: entry.place,
      path: entry.path,
      state: entry.state,
      reason: entry.error?.message ?? null,
    }));
    const rows = plugins.map(({ id, title, place, state, reason }) => {
      return [id, title ?? "", place, state, reason ?? ""];
    });
    const human =
      plugins.length === 0
        ? "No plugins are installed. 'gum-cred plugins new ID' prints a manifest to begin with."
        : table(["Id", "Title", "Place", "State", "Why"], rows);
    return { kind: "data", data: { plugins }, human };
  },
};

export const pluginsCheck: Command = {
  name: "plugins check",
  summary: "Say everything that is wrong with a plugin's manifest",
  args: [{ name: "FILE", summary: "the manifest", required: true }],
  flags: [],
  details:
    "Names every problem at once with its JSON path. Exit code 7 when the manifest is malformed, 6 when it, its\n" +
    "file or its program is unsafe.",
  examples: [{ line: "gum-cred plugins check ./mistral.json", about: "before it is installed or deployed" }],
  run: async ({ ports }, input) => {
    const { checkManifestFile } = await import("../../../app/plugins/plugins.ts");
    const file = input.args[0] ?? "";
    const { manifest, problems } = await checkManifestFile(file, ports);
    const lines = problems.map(({ path, message }) => `${path}: ${message}\n`).join("");
    const count = `${problems.length} problem${problems.length === 1 ? "" : "s"}`;
    const code = problems.some(({ refused }) => refused) ? "E_PLUGIN_REFUSED" : "E_PLUGIN_INVALID";
    const error = fail(code, `the manifest has ${count}`, "correct it and check it again");
    return {
      kind: "data",
      data: { file, valid: manifest !== null, id: manifest?.id ?? null, problems },
      human: manifest ? `ok: ${manifest.id} (${manifest.title})` : lines,
      error: manifest ? undefined : error,
    };
  },
};

export const pluginsNew: Command = {
  name: "plugins new",
  summary: "Print a manifest to begin with",
  args: [{ name: "ID", summary: "the new provider's id", required: true }],
  flags: [],
  details: "docs/plugins.md says what each part means.",
  examples: [{ line: "gum-cred plugins new mistral > mistral.json", about: "then edit, check and add it" }],
  run: async (_context, input) => {
    const { starterManifest } = await import("../../../app/plugins/starter-manifest.ts");
    return { kind: "raw", text: starterManifest(input.args[0] ?? "") };
  },
};
