/**
 * The formats of `gum-cred env`, by the name that `--format` takes. `env` runs in every shell start: only the
 * formats that such a start uses are part of it, the others are loaded when they are asked for.
 */
import type { EnvFormat } from "./env-formats/format.ts";
import { json } from "./env-formats/json.ts";
import { posix } from "./env-formats/posix.ts";

const FORMATS = {
  posix: () => posix,
  fish: async () => (await import("./env-formats/fish.ts")).fish,
  powershell: async () => (await import("./env-formats/powershell.ts")).powershell,
  nushell: async () => (await import("./env-formats/nushell.ts")).nushell,
  cmd: async () => (await import("./env-formats/cmd.ts")).cmd,
  json: () => json,
  dotenv: async () => (await import("./env-formats/dotenv.ts")).dotenv,
  github: async () => (await import("./env-formats/github.ts")).github,
} as const satisfies Record<string, () => EnvFormat | Promise<EnvFormat>>;

export type EnvFormatName = keyof typeof FORMATS;

/** Every name that `--format` takes. */
export const ENV_FORMAT_NAMES: readonly string[] = Object.keys(FORMATS);

/** Whether a text names a format. */
export function isEnvFormat(name: string): name is EnvFormatName {
  return Object.hasOwn(FORMATS, name);
}

/** The format of that name. */
export async function envFormat(name: EnvFormatName): Promise<EnvFormat> {
  return FORMATS[name]();
}

/** What stdout holds when `env` fails, so that its consumer notices; empty where the exit code is noticed. */
export function failureText(name: EnvFormatName, exitCode: number): string {
  switch (name) {
    case "posix":
      // A subshell's exit status, because `eval $(false)` alone succeeds in every shell.
      return `(exit ${exitCode});\n`;
    case "fish":
      // `false` knows one status only, and a bare `return` would leave the function that calls us as well.
      return `function __gum_cred_failed; functions -e __gum_cred_failed; return ${exitCode}; end; __gum_cred_failed\n`;
    case "powershell":
      // Obeys $ErrorActionPreference as a subshell's status obeys `set -e`; `throw` would end a $PROFILE.
      return `Write-Error 'gum-cred env failed with exit code ${exitCode}'\n`;
    case "cmd":
      // Sets ERRORLEVEL. `exit /b` would close the window when it is typed.
      return `cmd /d /c exit ${exitCode}\r\n`;
    default:
      return "";
  }
}
