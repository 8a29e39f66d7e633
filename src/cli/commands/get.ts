/** `gum-cred get`: one value for scripts and key-helper settings. */
import { defineCommand, LEVEL_FLAG } from "../command.ts";

const FIELDS = [
  "api_key",
  "access_token",
  "user_id",
  "base_url",
  "endpoint",
  "api_version",
  "region",
] as const;

export const get = defineCommand({
  args: [{ name: "PROVIDER", summary: "whose credential", required: true }],
  flags: [
    LEVEL_FLAG,
    { name: "field", value: "FIELD", choices: FIELDS, summary: "which value (default: the bearer in force)" },
  ],
  details: "The refresh token is never printed.",
  examples: [
    { line: "gum-cred get gumloop", about: "the bearer token in force" },
    { line: "gum-cred get openai", about: "an LLM key, for key-helper settings" },
    { line: "gum-cred get azure --field endpoint", about: "a setting that belongs to the key" },
    { line: "gum-cred get gumloop --field user_id", about: "the user id of the API key in force" },
  ],
  run: async ({ ports, scope }, input) => {
    const { getField } = await import("../../app/get.ts");
    const data = await getField(input.args.provider, input.flags.field, input.flags.level, scope, ports);
    return { kind: "data", data, human: data.value, exact: true };
  },
});
