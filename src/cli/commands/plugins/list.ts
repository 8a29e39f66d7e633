/** `gum-cred plugins list`: the installed plugins and their states. */
import { table } from "../../../output/table.ts";
import { defineCommand, type Output } from "../../command.ts";

export const pluginsList = defineCommand({
  args: [],
  flags: [{ name: "catalogue", summary: "those that can be installed by name instead" }],
  details:
    "A plugin is ok, changed (since it was trusted), refused (unsafe, or in conflict) or broken. One that is\n" +
    "not ok is not used, and stops no other.",
  examples: [
    { line: "gum-cred plugins list", about: "what is installed" },
    { line: "gum-cred plugins list --catalogue", about: "what 'plugins add NAME' can install" },
    { line: "gum-cred plugins list --json", about: "for programs" },
  ],
  run: async ({ ports }, input) => {
    if (input.flags.catalogue) return catalogue();
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
        ? "No plugins are installed. 'gum-cred plugins list --catalogue' shows those that can be installed by name,\n" +
          "and 'gum-cred plugins new ID' prints a manifest to begin with."
        : table(["Id", "Title", "Place", "State", "Why"], rows);
    return { kind: "data", data: { plugins }, human };
  },
});

async function catalogue(): Promise<Output> {
  const { listCatalogue } = await import("../../../app/plugins/plugins.ts");
  const entries = (await listCatalogue()).map(({ id, title, env }) => ({ id, title, variables: env }));
  const rows = entries.map(({ id, title, variables }) => [id, title, variables.join(", ")]);
  const human = table(["Name", "Title", "Variables"], rows);
  return { kind: "data", data: { catalogue: entries }, human };
}
