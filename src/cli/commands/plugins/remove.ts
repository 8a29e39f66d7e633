/** `gum-cred plugins remove`: removes an installed plugin and keeps its keys. */
import type { Command } from "../../command.ts";

export const pluginsRemove: Command = {
  name: "plugins remove",
  summary: "Remove an installed provider plugin",
  args: [{ name: "ID", summary: "the plugin", required: true }],
  flags: [],
  details: "Keys stored for it stay in the keychain; remove them first with 'gum-cred keys remove ID'.",
  examples: [{ line: "gum-cred plugins remove kestrel", about: "forget the plugin, keep its keys" }],
  run: async ({ ports }, input) => {
    const { removePlugin } = await import("../../../app/plugins/plugins.ts");
    const { id, path } = await removePlugin(input.args[0] ?? "", ports);
    ports.note(
      `note: keys stored for '${id}' are still in the keychain, under the service 'gum-cred'; ` +
        `with the plugin installed again, 'gum-cred keys remove ${id}' removes them`,
    );
    return { kind: "data", data: { status: "ok", id, path, keys_kept: true }, human: `Removed '${id}'.` };
  },
};
