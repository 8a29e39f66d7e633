/** Which of the exported values are secrets, as opposed to the addresses and names beside them. */
import { MARKER } from "../core/environment.ts";
import type { Exports } from "../core/exports.ts";
import type { Secret } from "../core/secret.ts";

const NOT_SECRET: ReadonlySet<string> = new Set([
  "GUMLOOP_USER_ID",
  "GUMLOOP_BASE_URL",
  "GUMLOOP_TEAM_ID",
  // Settings that belong to a key (plugins/azure-openai, plugins/amazon-bedrock).
  "AZURE_OPENAI_ENDPOINT",
  "OPENAI_API_VERSION",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  // Set only to the name of the beta that a bearer token needs (plugins/anthropic).
  "ANTHROPIC_CUSTOM_HEADERS",
  "GUM_CRED_EXPIRES",
  MARKER,
]);

/** The secret values: all but user id, base URL, team, expiry, settings of keys and marker. */
export function secretValues({ set }: Pick<Exports, "set">): readonly Secret[] {
  return [...set].flatMap(([name, value]) => (NOT_SECRET.has(name) ? [] : [value]));
}
