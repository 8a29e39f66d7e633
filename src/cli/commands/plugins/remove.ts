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
    const { countKeysOf } = await import("../../../app/plugins/left-keys.ts");
    const keys = await countKeysOf(id, ports);
    if (keys !== 0) {
      const which =
        keys === null ? `keys stored for '${id}', if there are any, are` : `keys stored for '${id}' are`;
      ports.note(
        `note: ${which} still in the keychain, under the service 'gum-cred'; ` +
          `with the plugin installed again, 'gum-cred keys remove ${id}' removes them`,
      );
    }
    const none = keys === 0 ? " No key was stored for it." : "";
    const data = { status: "ok", id, path, keys_kept: keys === null ? null : keys > 0 };
    return { kind: "data", data, human: `Removed the plugin '${id}'.${none}` };
  },
});
