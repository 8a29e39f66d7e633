/** `gum-cred plugins new`: a manifest to begin with. */
import { defineCommand } from "../../command.ts";

export const pluginsNew = defineCommand({
  args: [{ name: "ID", summary: "the new provider's id", required: true }],
  flags: [],
  details: "docs/plugins.md says what each part means.",
  examples: [{ line: "gum-cred plugins new kestrel > kestrel.json", about: "then edit, check and add it" }],
  run: async (_context, input) => {
    const { starterManifest } = await import("../../../app/plugins/starter-manifest.ts");
    return { kind: "raw", text: starterManifest(input.args.id) };
  },
});
