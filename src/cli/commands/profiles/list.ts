/** `gum-cred profiles` and `profiles list`: what is stored under which name. */
import type { ProfileSummary } from "../../../app/profiles.ts";
import { table } from "../../../output/table.ts";
import { defineCommand } from "../../command.ts";

const DETAILS =
  "The default (*) is used where neither --profile nor GUM_CRED_PROFILE names another one.\n" +
  "No secret is shown. 'profiles use NAME' chooses another default.";

export const profiles = defineCommand({
  args: [],
  flags: [],
  details: DETAILS,
  examples: [{ line: "gum-cred profiles", about: "what is stored" }],
  run: async ({ ports }) => {
    const { listProfiles } = await import("../../../app/profiles.ts");
    const found = await listProfiles(ports);
    return {
      kind: "data",
      data: { default: found.default, profiles: found.profiles.map(data) },
      human: human(found.profiles),
    };
  },
});

function data({ profile, isDefault, method, baseUrl, userId }: ProfileSummary) {
  return {
    profile,
    default: isDefault,
    auth_method: method,
    base_url: baseUrl,
    user_id: userId,
    // Nothing of a team is stored: a credential is scoped when it is used.
    team_id: null,
  };
}

const METHODS = { oauth: "OAuth", api_key: "API key" } as const;

function human(found: readonly ProfileSummary[]): string {
  if (found.length === 0) return "No profile is stored. 'gum-cred login' makes one.";
  const rows = found.map(({ profile, isDefault, method, baseUrl, userId }) => [
    isDefault ? "*" : "",
    profile,
    method === null ? "incomplete" : METHODS[method],
    baseUrl ?? "",
    userId ?? "",
  ]);
  return table(["", "Profile", "Method", "Server", "User"], rows);
}
