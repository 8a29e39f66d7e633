/** `gum-cred plugins add`, `trust` and `remove`: what agrees to a plugin and takes it back. */
import type { PluginPlan } from "../../../app/plugins/plugins.ts";
import { fail } from "../../../core/errors.ts";
import { facts } from "../../../output/table.ts";
import type { Command, Context } from "../../command.ts";

export const pluginsAdd: Command = {
  name: "plugins add",
  summary: "Install a provider plugin from its manifest",
  args: [{ name: "FILE", summary: "the manifest", required: true }],
  flags: [{ name: "yes", summary: "agree to what it will do, without being asked" }],
  details:
    "Shows what the plugin will do and asks. The manifest is copied, and its SHA-256 and that of its program\n" +
    "are kept: after any change the plugin is refused until 'gum-cred plugins trust ID'.",
  examples: [
    { line: "gum-cred plugins add ./mistral.json", about: "look, agree, install" },
    { line: "gum-cred plugins add ./mistral.json --yes", about: "in a script, for a file you know" },
  ],
  run: async (context, input) => {
    const { planAdd, carryOut } = await import("../../../app/plugins/plugins.ts");
    const plan = await planAdd(input.args[0] ?? "", context.ports);
    const verb = plan.replaces ? "Replace" : "Install";
    if (input.has("yes")) context.ports.note(summary(plan));
    else await agree(`${verb} this plugin?`, plan, context);
    await carryOut(plan, context.ports);
    const done = plan.replaces ? "Replaced" : "Installed";
    return { kind: "data", data: data(plan), human: `${done} '${plan.manifest.id}' in ${plan.path}.` };
  },
};

export const pluginsTrust: Command = {
  name: "plugins trust",
  summary: "Agree to an installed plugin as it is now, after it changed",
  args: [{ name: "ID", summary: "the plugin", required: true }],
  flags: [],
  details: "Shows what the plugin does now. Look into the change first: this command is the agreement.",
  examples: [{ line: "gum-cred plugins trust mistral", about: "after you updated its program" }],
  run: async ({ ports }, input) => {
    const { planTrust, carryOut } = await import("../../../app/plugins/plugins.ts");
    const plan = await planTrust(input.args[0] ?? "", ports);
    ports.note(summary(plan));
    await carryOut(plan, ports);
    return { kind: "data", data: data(plan), human: `'${plan.manifest.id}' is trusted as it is now.` };
  },
};

export const pluginsRemove: Command = {
  name: "plugins remove",
  summary: "Remove an installed provider plugin",
  args: [{ name: "ID", summary: "the plugin", required: true }],
  flags: [],
  details: "Keys stored for it stay in the keychain; remove them first with 'gum-cred keys remove ID'.",
  examples: [{ line: "gum-cred plugins remove mistral", about: "forget the plugin, keep its keys" }],
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

/** Asks a person. Throws E_USAGE where there is nobody to ask, E_INTERRUPTED when the answer is no. */
async function agree(question: string, plan: PluginPlan, { globals }: Context): Promise<void> {
  const { isTerminal } = await import("../../../os/streams/terminal.ts");
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

/** One value a line, so that nothing of what is agreed to is cut off. */
function summary({ manifest, pin }: PluginPlan): string {
  const { verify, command = [] } = manifest;
  const headers = Object.entries(verify?.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return facts([
    ["Plugin", `${manifest.id} (${manifest.title})`],
    ...list("Reads", manifest.env),
    ["Exports", manifest.env[0]],
    ...list("Hosts", manifest.hosts),
    ["Create a key", manifest.setup_url],
    ["Verifying asks", verify?.url],
    ...list("  with", headers),
    ["Verifying runs", command[0]],
    ...list("  with", command.slice(1)),
    ...list("  and on stdin", command.length > 0 ? ["the key"] : []),
    ["SHA-256", `${pin.manifest} of the manifest`],
    ...[...pin.files].map(([path, hash]) => ["", `${hash} of ${path}`] as const),
  ]).trimEnd();
}

function list(label: string, values: readonly string[]): (readonly [string, string])[] {
  return values.map((value, index) => [index === 0 ? label : "", value]);
}

function data({ manifest, pin, path, replaces }: PluginPlan): Record<string, unknown> {
  return {
    status: "ok",
    id: manifest.id,
    title: manifest.title,
    variables: manifest.env,
    hosts: manifest.hosts,
    verify_url: manifest.verify?.url ?? null,
    command: manifest.command ?? null,
    path,
    replaced: replaces,
    manifest_sha256: pin.manifest,
    files_sha256: Object.fromEntries(pin.files),
  };
}
