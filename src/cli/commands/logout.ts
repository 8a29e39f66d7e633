/** `gum-cred logout`: revoke, then forget. */
import type { SignedOut } from "../../app/sign-out.ts";
import { fail } from "../../core/errors.ts";
import { type Context, defineCommand } from "../command.ts";

export const logout = defineCommand({
  args: [],
  flags: [{ name: "all-profiles", summary: "every profile, not only the one in force" }],
  details: "A server that cannot be reached does not stop the removal; it is said, and the exit code is 0.",
  examples: [
    { line: "gum-cred logout", about: "sign the default profile out" },
    { line: "gum-cred logout --profile work", about: "another one" },
  ],
  run: async (context, input) => {
    const { signOut } = await import("../../app/sign-out.ts");
    const all = input.flags["all-profiles"];
    if (all) await confirmAll(context);
    const result = await signOut(all, context.scope, context.ports);
    await warn(result, context);
    return {
      kind: "data",
      data: { status: "ok", oauth_revoked: result.revoked, oauth_revoke_failed: result.revokeFailed },
      human: human(result, context),
      ...(result.interrupted
        ? { error: fail("E_INTERRUPTED", "interrupted; the stored entries were removed all the same") }
        : {}),
    };
  },
});

/** Asks on a terminal before every profile is signed out. Throws E_INTERRUPTED for no. */
async function confirmAll(context: Context): Promise<void> {
  const { canAsk } = await import("../secret-input.ts");
  if (!canAsk(context)) return;
  const { storedProfiles } = await import("../../app/sign-out.ts");
  const names = await storedProfiles(context.ports);
  if (names.length === 0) return;
  const { askYesNo } = await import("../prompts.ts");
  if (!(await askYesNo(`Signed in: ${names.join(", ")}.`, "Sign all of them out?"))) {
    throw fail("E_INTERRUPTED", "not confirmed; nothing was changed");
  }
}

function human(result: SignedOut, { scope }: Context): string {
  if (result.profiles.length === 0) return `Nothing was stored for '${scope.profile}'.`;
  return `Signed out: ${result.profiles.join(", ")}${result.revoked ? " (session revoked)" : ""}.`;
}

async function warn(result: SignedOut, { ports }: Context): Promise<void> {
  if (result.revokeFailed) {
    ports.warn("the session could not be revoked at the server; it stays valid until it expires there");
  }
  if (result.apiKeyRemoved) {
    ports.note(
      "note: the API key still works at Gumloop until it is revoked at https://www.gumloop.com/personal/connectors",
    );
  }
  const { stillInEnvironment } = await import("../../app/sign-out.ts");
  const still = stillInEnvironment(ports);
  if (still.length > 0)
    ports.warn(
      `${still.join(" and ")} in the environment still works; run 'unset ${still.join(" ")}' as well`,
    );
}
