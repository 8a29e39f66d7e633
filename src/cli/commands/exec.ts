/** `gum-cred exec`: becomes, or runs and masks, another program that has the credentials in its environment. */
import { gatherExports } from "../../app/exports.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { chosenProfile } from "../../gumloop/default-profile.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { defineCommand, LEVEL_FLAG } from "../command.ts";

export const exec = defineCommand({
  args: [{ name: "PROVIDER", summary: "only these providers (default: all)", many: true }],
  flags: [
    LEVEL_FLAG,
    { name: "sdk", summary: "for Gumloop's SDK: an API key goes into GUMLOOP_ACCESS_TOKEN" },
    { name: "mask", summary: "stay, and replace every secret in the command's output by ***" },
    {
      name: "env-file",
      value: "FILE",
      summary: "variables of a dotenv file; gum://… is resolved",
    },
    {
      name: "file",
      value: "NAME=REF",
      summary: "a private file with REF's value; its path in NAME",
    },
  ],
  rest: "CMD ARG…",
  details:
    "gum-cred replaces itself with the command: same process, terminal, signals and exit status. When\n" +
    "gum-cred itself fails the exit code is 125; 126 and 127 mean that CMD cannot be run or is not there.\n" +
    "On Windows, which cannot replace a process, gum-cred waits for the command and exits as it did.\n" +
    "With --mask it stays: signals are forwarded and the exit status is kept, and on a terminal CMD gets one of\n" +
    "its own, where standard output and standard error are one stream.\n" +
    "References are gum://PROVIDER[/FIELD][?level=LEVEL&team=ID&profile=NAME]; any other value of an --env-file is\n" +
    "passed as it is. With --file it stays too, and the file is gone when CMD ends.\n" +
    "The official gumloop CLI takes the exported credential too; what it stores itself, such as a new session\n" +
    "after 'gumloop login', goes to the default profile whatever --profile says.",
  examples: [
    { line: "gum-cred exec -- python nightly.py", about: "credentials for one program only" },
    { line: "gum-cred exec --profile work -- sh -c 'curl …'", about: "another profile's" },
    { line: "gum-cred exec openai --env-file .env -- npm start", about: "a .env without a secret in it" },
    { line: "gum-cred exec --mask -- ./deploy.sh", about: "no secret in what it prints" },
  ],
  failureExitCode: 125,
  run: async ({ ports, scope }, input) => {
    const [command = "", ...args] = input.rest ?? [];
    const [envFiles, files] = [input.all("env-file"), input.all("file")];
    const withFiles = envFiles.length + files.length > 0;
    const request = {
      names: input.args.provider,
      level: input.flags.level,
      sdk: input.flags.sdk,
      optional: withFiles,
    };
    if (withFiles) {
      const { runWithFiles } = await import("../../app/run/run-with-files.ts");
      const options = { envFiles, files, mask: input.flags.mask };
      return runWithFiles({ command, args, set: whereFrom(scope, ports) }, request, options, scope, ports);
    }
    const exports = await gatherExports(request, scope, ports);
    const set = new Map([...exports.set, ...whereFrom(scope, ports)]);
    const program = { command, args, set, unset: exports.unset };
    const { becomeProgram, runMasked } = await import("../../app/run/run-program.ts");
    if (!input.flags.mask) return becomeProgram(program);
    const { secretValues } = await import("../../output/secret-values.ts");
    return runMasked(program, secretValues(exports));
  },
});

/** A gum-cred that the command runs looks where this one did. */
function whereFrom({ profile, teamId }: Scope, { raw }: Pick<Ports, "raw">): Map<string, Secret> {
  const set = new Map<string, Secret>();
  // The context has told of a file that does not count.
  const otherwise = chosenProfile(raw, () => {}) ?? "default";
  if (profile !== "default" || otherwise !== "default") set.set("GUM_CRED_PROFILE", secret(profile));
  if (teamId !== null) set.set("GUMLOOP_TEAM_ID", secret(teamId));
  return set;
}
