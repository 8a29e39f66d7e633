/** `gum-cred login`: what it takes and says; how the credential is obtained is login-input.ts. */
import type { SignedIn } from "../../app/sign-in.ts";
import { fail } from "../../core/errors.ts";
import { type Context, defineCommand } from "../command.ts";
import { LOGIN_FLAGS } from "../login-flags.ts";

export const login = defineCommand({
  args: [],
  flags: LOGIN_FLAGS,
  details:
    "The credential is verified with the server before anything is stored. Secrets go to the OS keychain\n" +
    "only; without one, login refuses and says which variables to set instead. Prefer '-' to a value on the\n" +
    "command line, which other processes can see and shells remember.\n" +
    "With --no-browser, the redirect URL or its code pasted on stdin completes the sign-in too.",
  examples: [
    { line: "gum-cred login", about: "asks how, then opens the browser or asks for the key" },
    { line: "gum-cred login --method oauth --no-browser", about: "on a remote machine" },
    { line: "pass gumloop | gum-cred login --api-key - --user-id user_abc", about: "without asking" },
    { line: "gum-cred login --from-webhook -", about: "paste the cURL snippet that Gumloop shows" },
  ],
  run: async (context, { flags }) => {
    // A profile, base URL or team id that makes no sense is told before anything is asked.
    const { scope } = context;
    const { requireAllowed } = await import("../../gumloop/resolve.ts");
    await requireAllowed(context.scope, context.ports);
    const { obtainFrom } = await import("../login-input.ts");
    const { signIn } = await import("../../app/sign-in.ts");
    const obtain = await obtainFrom(flags, context);
    const { unlockIfLocked } = await import("../../app/keychain.ts");
    const { askersOf } = await import("../system-dialog.ts");
    await unlockIfLocked(askersOf(context), context.ports);
    await confirmReplacement(context);
    const result = await signIn(obtain, scope, context.ports);
    for (const name of result.shadowedBy) {
      context.ports.warn(
        `${name} is set and wins over what was stored; to use the keychain, run 'unset ${name}'`,
      );
    }
    if (result.outdated.length > 0) {
      const names = result.outdated.join(" and ");
      context.ports.warn(`${names} in this shell is of an earlier sign-in; run 'eval $(gum-cred env)'`);
    }
    return { kind: "data", data: data(result, context), human: human(result, context) };
  },
});

/** Asks on a terminal whether a sign-in may take another's place. Throws E_INTERRUPTED for no. */
async function confirmReplacement(context: Context): Promise<void> {
  const { canAsk } = await import("../secret-input.ts");
  if (!canAsk(context)) return;
  const { storedAccount } = await import("../../app/sign-in.ts");
  const stored = await storedAccount(context.scope, context.ports);
  if (stored === null) return;
  const { askYesNo } = await import("../prompts.ts");
  const shown = `The profile '${context.scope.profile}' is signed in already: ${stored}.`;
  if (!(await askYesNo(shown, "Sign in in its place?"))) {
    throw fail("E_INTERRUPTED", "not confirmed; nothing was changed", "--profile NAME keeps both");
  }
}

function data(result: SignedIn, { scope }: Context): Record<string, unknown> {
  return {
    status: "ok",
    auth_method: result.method,
    base_url: result.baseUrl,
    profile: scope.profile,
    keychain: result.backend,
  };
}

function human(result: SignedIn, { scope }: Context): string {
  const how = result.method === "oauth" ? "OAuth" : "an API key";
  const profile = scope.profile === "default" ? "" : ` --profile ${scope.profile}`;
  const account = result.userId === null ? "" : ` as ${result.userId}`;
  const where = scope.profile === "default" ? "" : ` (profile '${scope.profile}')`;
  return (
    `Signed in to Gumloop with ${how}${account}${where}. The credential is in the OS keychain (${result.backend}).\n` +
    `Next: 'eval $(gum-cred env${profile})' puts it into this shell; 'gum-cred exec${profile} -- CMD' runs one command with it.`
  );
}
