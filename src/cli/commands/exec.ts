/** `gum-cred exec`: becomes another program that has the credentials in its environment. */
import { type Command, LEVEL_FLAG, levelIn } from "../command.ts";

export const exec: Command = {
  name: "exec",
  summary: "Run a command with the credentials in its environment",
  args: [{ name: "PROVIDER", summary: "only these providers (default: all)", many: true }],
  flags: [
    LEVEL_FLAG,
    { name: "sdk", summary: "for Gumloop's SDK: an API key goes into GUMLOOP_ACCESS_TOKEN" },
  ],
  rest: "CMD ARG…",
  details:
    "gum-cred replaces itself with the command: same process, terminal, signals and exit status. When\n" +
    "gum-cred itself fails the exit code is 125; 126 and 127 mean that CMD cannot be run or is not there.",
  examples: [
    { line: "gum-cred exec -- python nightly.py", about: "credentials for one program only" },
    { line: "gum-cred exec --profile work -- sh -c 'curl …'", about: "another profile's" },
  ],
  failureExitCode: 125,
  run: async ({ ports, scope }, input) => {
    const [command = "", ...args] = input.rest ?? [];
    const { gatherExports } = await import("../../app/exports.ts");
    const request = { names: input.args, level: levelIn(input), sdk: input.has("sdk") };
    const { set, unset } = await gatherExports(request, scope, ports);
    const { replaceProcess } = await import("../../os/replace-process.ts");
    return replaceProcess({ command, args, set: Object.fromEntries(set), unset: [...unset] });
  },
};
