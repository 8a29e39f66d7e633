/** `gum-cred exec`: becomes, or runs and masks, another program that has the credentials in its environment. */
import { gatherExports } from "../../app/exports.ts";
import type { Exports } from "../../core/exports.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { chosenProfile } from "../../gumloop/default-profile.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { type Command, LEVEL_FLAG, levelIn } from "../command.ts";

export const exec: Command = {
  name: "exec",
  summary: "Run a command with the credentials in its environment",
  args: [{ name: "PROVIDER", summary: "only these providers (default: all)", many: true }],
  flags: [
    LEVEL_FLAG,
    { name: "sdk", summary: "for Gumloop's SDK: an API key goes into GUMLOOP_ACCESS_TOKEN" },
    { name: "mask", summary: "stay, and replace every secret in the command's output by ***" },
  ],
  rest: "CMD ARG…",
  details:
    "gum-cred replaces itself with the command: same process, terminal, signals and exit status. When\n" +
    "gum-cred itself fails the exit code is 125; 126 and 127 mean that CMD cannot be run or is not there.\n" +
    "On Windows, which cannot replace a process, gum-cred waits for the command and exits as it did.\n" +
    "With --mask it stays: signals are forwarded and the exit status is kept, and on a terminal CMD gets one of\n" +
    "its own, where standard output and standard error are one stream.\n" +
    "The official gumloop CLI takes the exported credential too; what it stores itself, such as a new session\n" +
    "after 'gumloop login', goes to the default profile whatever --profile says.",
  examples: [
    { line: "gum-cred exec -- python nightly.py", about: "credentials for one program only" },
    { line: "gum-cred exec --profile work -- sh -c 'curl …'", about: "another profile's" },
    { line: "gum-cred exec --mask -- ./deploy.sh", about: "no secret in what it prints" },
  ],
  failureExitCode: 125,
  run: async ({ ports, scope }, input) => {
    const [command = "", ...args] = input.rest ?? [];
    const request = { names: input.args, level: levelIn(input), sdk: input.has("sdk") };
    const exports = await gatherExports(request, scope, ports);
    const set = new Map([...exports.set, ...whereFrom(scope, ports)]);
    if (input.has("mask")) return runMasked(command, args, { set, unset: exports.unset }, exports);
    const program = { command, args, set, unset: exports.unset };
    // biome-ignore lint/style/noRestrictedGlobals: what the machine is, not what a run prints or reads
    if (process.platform === "win32") {
      const { waitForProgram } = await import("../../os/process/wait-for-program.ts");
      return waitForProgram(program);
    }
    const { replaceProcess } = await import("../../os/process/replace.ts");
    return replaceProcess(program);
  },
};

/** A gum-cred that the command runs looks where this one did. */
function whereFrom({ profile, teamId }: Scope, { raw }: Pick<Ports, "raw">): Map<string, Secret> {
  const set = new Map<string, Secret>();
  // The context has told of a file that does not count.
  const otherwise = chosenProfile(raw, () => {}) ?? "default";
  if (profile !== "default" || otherwise !== "default") set.set("GUM_CRED_PROFILE", secret(profile));
  if (teamId !== null) set.set("GUMLOOP_TEAM_ID", secret(teamId));
  return set;
}

async function runMasked(
  command: string,
  args: readonly string[],
  { set, unset }: Exports,
  secrets: Pick<Exports, "set">,
): Promise<never> {
  const { secretValues } = await import("../../output/secret-values.ts");
  const { redactors } = await import("../../output/redactor.ts");
  const { supervise } = await import("../../os/process/supervise.ts");
  return supervise({ command, args, set, unset, filter: redactors(secretValues(secrets)) });
}
