/** `gum-cred plugins remove`: removes an installed plugin and keeps its keys. */
import { defineCommand } from "../../command.ts";

export const pluginsRemove = defineCommand({
  args: [{ name: "ID", summary: "the plugin", required: true }],
  flags: [],
  details: "Keys stored for it stay in the keychain; remove them first with 'gum-cred keys remove ID'.",
  examples: [{ line: "gum-cred plugins remove kestrel", about: "forget the plugin, keep its keys" }],
  run: async ({ ports }, input) => {
    const { removePlugin } = await import("../../../app/plugins/plugins.ts");
    const { id, path } = await removePlugin(input.args.id, ports);
    ports.note(
      `note: keys stored for '${id}' are still in the keychain, under the service 'gum-cred'; ` +
        `with the plugin installed again, 'gum-cred keys remove ${id}' removes them`,
    );
    return { kind: "data", data: { status: "ok", id, path, keys_kept: true }, human: `Removed '${id}'.` };
  },
});
