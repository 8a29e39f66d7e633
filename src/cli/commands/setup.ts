/** `gum-cred setup`: the settings with which other programs take their key from gum-cred. */
import type { SetupPlan } from "../../app/setup/setup.ts";
import { fail } from "../../core/errors.ts";
import { isTerminal } from "../../os/streams/is-terminal.ts";
import { columnsOf } from "../../os/streams/terminal.ts";
import { wrappedProse } from "../../output/wrap.ts";
import { type Context, defineCommand, type Input, LEVEL_FLAG } from "../command.ts";

const NAMES = ["claude", "codex", "gemini", "opencode", "llm", "direnv"];

export const setup = defineCommand({
  args: [{ name: NAMES.join("|"), summary: "the program", required: true }],
  flags: [
    LEVEL_FLAG,
    { name: "write", summary: "write them into the program's own file, after showing the difference" },
    { name: "remove", summary: "take out what --write put in" },
    { name: "force", summary: "replace a setting of your own" },
  ],
  details:
    "Without --write it only shows what would change. Comments, order and mode of a file stay; a broken file is\n" +
    "left alone. --profile, --team-id and --level become part of the settings. No secret is written anywhere.",
  examples: [
    { line: "gum-cred setup claude", about: "look" },
    { line: "gum-cred setup claude --write", about: "apiKeyHelper in ~/.claude/settings.json" },
    { line: "gum-cred setup codex --profile work --write", about: "with another profile's key" },
    { line: "gum-cred setup codex --remove", about: "as it was before" },
  ],
  run: async (context, input) => {
    const { planSetup, carryOutSetup } = await import("../../app/setup/setup.ts");
    const { situationOf } = await import("../../app/setup/situation.ts");
    const mode = modeOf(input);
    const request = { program: input.positional[0] ?? "", mode, force: input.has("force") };
    const { profile, teamId } = context.scope;
    const situation = situationOf({ profile, teamId, level: input.flags.level }, context.ports.raw);
    const plan = planSetup(request, situation, context.ports.raw);
    if (mode !== "show") carryOutSetup(plan);
    if (mode !== "remove") warnOf(plan, context);
    return { kind: "data", data: data(request.program, mode, plan), human: human(mode, plan), exact: true };
  },
});

type Mode = "show" | "write" | "remove";

function modeOf(input: Input): Mode {
  if (input.has("write") && input.has("remove")) throw fail("E_USAGE", "--write and --remove are opposites");
  if (input.has("remove")) return "remove";
  return input.has("write") ? "write" : "show";
}

function warnOf({ setup: { title }, beatenBy, files }: SetupPlan, { ports }: Context): void {
  for (const name of beatenBy) ports.warn(`${name} is set, and ${title} takes it before what gum-cred gives`);
  for (const { path, found, changes } of files) {
    if (found === "other" && changes) ports.warn(`${path} has a setting of your own in that place`);
  }
}

function data(program: string, mode: Mode, { files, beatenBy, setup: { start } }: SetupPlan) {
  return {
    status: "ok",
    program,
    written: mode === "write",
    removed: mode === "remove",
    changed: files.some(({ changes }) => changes),
    files: files.map(({ path, found, changes, difference }) => ({
      path,
      setting: found === "other" ? "your own" : found === "ours" ? "gum-cred" : null,
      changed: changes,
      difference,
    })),
    start,
    beaten_by: beatenBy,
  };
}

function human(mode: Mode, { files, setup: { title, start, notes } }: SetupPlan): string {
  const shown = files.map(({ difference }) => difference).join("");
  if (mode === "remove")
    return shown === "" ? `Nothing of gum-cred's is in the settings of ${title}.` : shown;
  const done = mode === "write" ? `${title} is set up.` : "Nothing is written yet: --write does it.";
  const lines = [
    ...(shown === "" ? [`${title} is set up already.`] : [shown.trimEnd(), "", done]),
    ...notes.map((note) => (isTerminal(1) ? wrappedProse(`Note: ${note}.`, columnsOf(1)) : `Note: ${note}.`)),
    ...(start === null ? [] : [`Start it with: ${start}`]),
  ];
  return `${lines.join("\n")}\n`;
}
