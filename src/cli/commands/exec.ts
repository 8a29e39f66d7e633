/** `gum-cred exec`: becomes, or runs and masks, another program that has the credentials in its environment. */
import { gatherExports } from "../../app/exports.ts";
import type { Exports } from "../../core/exports.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Scope } from "../../resolve/ports.ts";
import { defineCommand, LEVEL_FLAG } from "../command.ts";

export const exec = defineCommand({
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
    "its own, where standard output and standard error are one stream.",
  examples: [
    { line: "gum-cred exec -- python nightly.py", about: "credentials for one program only" },
    { line: "gum-cred exec --profile work -- sh -c 'curl …'", about: "another profile's" },
    { line: "gum-cred exec --mask -- ./deploy.sh", about: "no secret in what it prints" },
  ],
  failureExitCode: 125,
  run: async ({ ports, scope }, input) => {
    const [command = "", ...args] = input.rest ?? [];
    const request = { names: input.args.provider, level: input.flags.level, sdk: input.flags.sdk };
    const exports = await gatherExports(request, scope, ports);
    const set = new Map([...exports.set, ...whereFrom(scope)]);
    if (input.flags.mask) return runMasked(command, args, { set, unset: exports.unset }, exports);
    const program = { command, args, set, unset: exports.unset };
    // biome-ignore lint/style/noRestrictedGlobals: what the machine is, not what a run prints or reads
    if (process.platform === "win32") {
      const { waitForProgram } = await import("../../os/process/wait-for-program.ts");
      return waitForProgram(program);
    }
    const { replaceProcess } = await import("../../os/process/replace.ts");
    return replaceProcess(program);
  },
});

/** A gum-cred that the command runs looks where this one did. */
function whereFrom({ profile, teamId }: Scope): Map<string, Secret> {
  const set = new Map<string, Secret>();
  if (profile !== "default") set.set("GUM_CRED_PROFILE", secret(profile));
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
