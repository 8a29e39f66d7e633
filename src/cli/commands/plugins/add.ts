/** `gum-cred plugins add`: shows what a plugin will do, asks, and installs it. */
import type { PluginPlan } from "../../../app/plugins/plugins.ts";
import { fail } from "../../../core/errors.ts";
import { type Context, defineCommand } from "../../command.ts";
import { data, summary } from "./plan-output.ts";

export const pluginsAdd = defineCommand({
  args: [{ name: "FILE", summary: "the manifest, or a name of the catalogue", required: true }],
  flags: [{ name: "yes", summary: "agree to what it will do, without being asked" }],
  details:
    "Shows what the plugin will do and asks. The manifest is copied, and its SHA-256 and that of its program\n" +
    "are kept: after any change the plugin is refused until 'gum-cred plugins trust ID'. The catalogue is what\n" +
    "'gum-cred plugins list --catalogue' shows; a file of such a name needs a folder before it: ./deepgram.",
  examples: [
    { line: "gum-cred plugins add deepgram", about: "one that gum-cred knows" },
    { line: "gum-cred plugins add ./kestrel.json", about: "look, agree, install" },
    { line: "gum-cred plugins add ./kestrel.json --yes", about: "in a script, for a file you know" },
  ],
  run: async (context, input) => {
    const { planAdd, carryOut } = await import("../../../app/plugins/plugins.ts");
    const plan = await planAdd(input.args.file, context.ports);
    const verb = plan.replaces ? "Replace" : "Install";
    if (input.flags.yes) context.ports.note(summary(plan));
    else await agree(`${verb} this plugin?`, plan, context);
    await carryOut(plan, context.ports);
    const done = plan.replaces ? "Replaced" : "Installed";
    return { kind: "data", data: data(plan), human: `${done} '${plan.manifest.id}' in ${plan.path}.` };
  },
});

/** Asks a person. Throws E_USAGE where there is nobody to ask, E_INTERRUPTED when the answer is no. */
async function agree(question: string, plan: PluginPlan, { globals }: Context): Promise<void> {
  const { isTerminal } = await import("../../../os/streams/is-terminal.ts");
  if (globals.noInput || !isTerminal(0) || !isTerminal(2)) {
    const hint = "look at the manifest, then give --yes";
    throw fail("E_USAGE", "there is no terminal to ask on whether to install this plugin", hint);
  }
  const { askYesNo } = await import("../../prompts.ts");
  // Not a note, so that --quiet does not hide what is agreed to.
  if (!(await askYesNo(summary(plan), question))) {
    throw fail("E_INTERRUPTED", "not installed; nothing was changed");
  }
}
