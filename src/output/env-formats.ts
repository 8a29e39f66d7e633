/** The formats of `gum-cred env`, by the name that `--format` takes. */
import { dotenv } from "./env-formats/dotenv.ts";
import type { EnvFormat } from "./env-formats/format.ts";
import { json } from "./env-formats/json.ts";
import { posix } from "./env-formats/posix.ts";

export const ENV_FORMATS = { posix, json, dotenv } as const satisfies Record<string, EnvFormat>;

export type EnvFormatName = keyof typeof ENV_FORMATS;

/** Whether a text names a format. */
export function isEnvFormat(name: string): name is EnvFormatName {
  return Object.hasOwn(ENV_FORMATS, name);
}
