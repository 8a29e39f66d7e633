/** `gum-cred plugins trust`: agrees to an installed plugin as it is now. */
import { defineCommand } from "../../command.ts";
import { data, summary } from "./plan-output.ts";

export const pluginsTrust = defineCommand({
  args: [{ name: "ID", summary: "the plugin", required: true }],
  flags: [],
  details: "Shows what the plugin does now. Look into the change first: this command is the agreement.",
  examples: [{ line: "gum-cred plugins trust kestrel", about: "after you updated its program" }],
  run: async ({ ports }, input) => {
    const { planTrust, carryOut } = await import("../../../app/plugins/plugins.ts");
    const plan = await planTrust(input.args.id, ports);
    ports.note(summary(plan));
    await carryOut(plan, ports);
    return { kind: "data", data: data(plan), human: `'${plan.manifest.id}' is trusted as it is now.` };
  },
});
