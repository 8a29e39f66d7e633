/** `gum-cred plugins check`: everything that is wrong with a manifest. */
import { fail } from "../../../core/errors.ts";
import { defineCommand } from "../../command.ts";

export const pluginsCheck = defineCommand({
  args: [{ name: "FILE", summary: "the manifest", required: true }],
  flags: [],
  details:
    "Names every problem at once with its JSON path. Exit code 7 when the manifest is malformed, 6 when it, its\n" +
    "file or its program is unsafe.",
  examples: [{ line: "gum-cred plugins check ./kestrel.json", about: "before it is installed or deployed" }],
  run: async ({ ports }, input) => {
    const { checkManifestFile } = await import("../../../app/plugins/plugins.ts");
    const file = input.args.file;
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
});
