/** `gum-cred env`: statements that export what resolves. Runs in every shell start, so it loads little. */
import { gatherExports, wantedVariables } from "../../app/exports.ts";
import { MARKER } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import { EXPIRES } from "../../core/exports.ts";
import type { Rendered } from "../../output/env-formats/format.ts";
import {
  ENV_FORMAT_NAMES,
  type EnvFormatName,
  envFormat,
  failureText,
  isEnvFormat,
} from "../../output/env-formats.ts";
import type { Ports } from "../../resolve/ports.ts";
import { defineCommand, type Input, LEVEL_FLAG, type Output } from "../command.ts";

export const env = defineCommand({
  args: [{ name: "PROVIDER", summary: "only these providers (default: all)", many: true }],
  flags: [
    {
      name: "format",
      value: "FORMAT",
      choices: ENV_FORMAT_NAMES,
      summary: "output format (default: posix)",
    },
    LEVEL_FLAG,
    { name: "unset", summary: "print statements that remove the variables instead" },
    { name: "sdk", summary: "for Gumloop's SDK: an API key goes into GUMLOOP_ACCESS_TOKEN" },
    { name: "renew", summary: "with the choices of the earlier env in this shell; what 'hook' runs" },
  ],
  details:
    "Made to be used without quotes: eval $(gum-cred env). On failure the statement printed fails too, so\n" +
    "that scripts under 'set -e' and 'eval … || …' notice. Values that a format cannot carry unchanged are\n" +
    "refused; --format json carries any value.",
  examples: [
    { line: "eval $(gum-cred env)", about: "in sh, dash, bash, zsh, ksh and busybox sh" },
    { line: "gum-cred env --format fish | source", about: "in fish" },
    {
      line: "gum-cred env --format powershell | Out-String | Invoke-Expression",
      about: "in PowerShell",
    },
    { line: "gum-cred env --format nushell | from json | load-env", about: "in Nushell" },
    {
      line: `for /f "delims=" %i in ('gum-cred env --format cmd') do @call %i`,
      about: "in cmd; in a batch file %%i",
    },
    { line: "gum-cred env --format github", about: "in a step of GitHub Actions, for the steps that follow" },
    { line: "gum-cred env --format dotenv > /run/user/1000/gum.env", about: "for programs that read dotenv" },
    { line: "eval $(gum-cred env --unset)", about: "forget them again in this shell" },
  ],
  failure: (exitCode, { input, globals }) => failureText(formatName(input, globals.json), exitCode),
  run: async ({ ports, scope, globals }, input) => {
    if (input.flags.renew) requireAlone(input);
    const format = await envFormat(formatName(input, globals.json));
    if (input.flags.unset) {
      const names = await wantedVariables(input.args.provider, ports);
      // The marker stays as long as it speaks of a variable that stays, and the expiry, which may be that one's.
      const others = [...ports.environment.exported.keys()].some((name) => !names.includes(name));
      const left = others
        ? names.filter((name) => name !== EXPIRES)
        : [...names, ...expiry(names, ports), MARKER];
      return deliver(format.unset(left, ports.raw));
    }
    const { level, sdk, renew } = input.flags;
    const request = { names: input.args.provider, level, sdk, renew, lasting: true };
    return deliver(format.exports(await gatherExports(request, scope, ports), ports.raw));
  },
});

/** The expiry of an earlier run, where nothing stays that it could be about. */
function expiry(names: readonly string[], { raw }: Pick<Ports, "raw">): readonly string[] {
  return raw[EXPIRES] && !names.includes(EXPIRES) ? [EXPIRES] : [];
}

/** Everything resolved and nothing was refused: now the file, if the format has one. */
async function deliver({ stdout, append }: Rendered): Promise<Output> {
  if (append) {
    const { appendLines } = await import("../../os/files/append-file.ts");
    appendLines(append.path, append.text);
  }
  return { kind: "raw", text: stdout };
}

/** `--renew` repeats choices and makes none. */
function requireAlone(input: Input): void {
  const given = ["profile", "level", "sdk", "unset"].filter(
    (name) => input.has(name) || input.flag(name) !== null,
  );
  if (input.positional.length === 0 && given.length === 0) return;
  const what = given[0] === undefined ? "a provider" : `--${given[0]}`;
  throw fail("E_USAGE", `--renew repeats the earlier choices and cannot be combined with ${what}`);
}

function formatName(input: Input, json: boolean): EnvFormatName {
  const name = input.flag("format") ?? (json ? "json" : "posix");
  return isEnvFormat(name) ? name : "posix";
}
