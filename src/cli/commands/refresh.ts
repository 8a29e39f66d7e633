/** `gum-cred refresh`: renews the stored session now. */
import { defineCommand } from "../command.ts";

export const refresh = defineCommand({
  args: [],
  flags: [],
  details:
    "Sessions are renewed by themselves when their access token is about to expire; this is for scripts that need\n" +
    "a whole lifetime ahead of them. What is kept of a policy's sources (cache_s) ends as well. Exit code 3 where\n" +
    "there is no session to renew.",
  examples: [{ line: "gum-cred refresh && eval $(gum-cred env)", about: "a fresh token in this shell" }],
  run: async ({ ports, scope }) => {
    const { renewSession } = await import("../../app/renew.ts");
    const { baseUrl, expiresAt } = await renewSession(scope, ports);
    if (ports.environment.exported.has("GUMLOOP_ACCESS_TOKEN")) {
      ports.note("note: this shell still has the token before; run 'eval $(gum-cred env)'");
    }
    return {
      kind: "data",
      data: { status: "ok", profile: scope.profile, base_url: baseUrl, expires_at: expiresAt },
      human: `The session was renewed${expiresAt === null ? "" : ` and is good until ${expiresAt}`}.`,
    };
  },
});
