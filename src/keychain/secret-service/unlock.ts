/**
 * Lets the Secret Service ask the user to unlock the default collection, or to make one. The only file that makes
 * it show a dialog. Reads and writes no entry.
 * Reference: https://specifications.freedesktop.org/secret-service-spec/latest/ "Prompts and Prompting"
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import type { Call } from "../../dbus/client.ts";
import { type Listener, openListener } from "../../dbus/listener.ts";
import type { Value } from "../../dbus/types.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { call, collectionLocked, NOTHING, readDefaultAlias } from "./calls.ts";
import { valuesOf } from "./replies.ts";

const PROMPT = "org.freedesktop.Secret.Prompt";
/** For withdrawing a dialog when the time for everything else is up. */
const FAREWELL_MS = 1_000;

const service = (method: string, signature: string, args: readonly Value[], reply: string) =>
  call("/org/freedesktop/secrets", "org.freedesktop.Secret.Service", method, signature, args, reply);

/** `[unlocked, prompt]`. Shows nothing: the prompt is an object that waits to be told to. */
const unlock = (collection: string) => service("Unlock", "(ao)", [[collection]], "(aoo)");

/** `[collection, prompt]`. The same label and alias that Python's SecretStorage gives. */
const createDefault = service(
  "CreateCollection",
  "(a{sv}s)",
  [new Map([["org.freedesktop.Secret.Collection.Label", { signature: "s", value: "Default" }]]), "default"],
  "(oo)",
);

const showPrompt = (prompt: string) => call(prompt, PROMPT, "Prompt", "(s)", [""], "()");
const dismissPrompt = (prompt: string) => call(prompt, PROMPT, "Dismiss", "()", [], "()");

/**
 * Unlocks the default collection, or creates one where there is none; with a dialog unless the service can do
 * without. Throws E_KEYCHAIN_DENIED when the user dismisses it or it cannot be shown; E_KEYCHAIN_TIMEOUT, after
 * which it is withdrawn; and E_KEYCHAIN_UNAVAILABLE.
 */
export async function unlockSecretService(env: RawEnvironment, timeoutMs: number): Promise<void> {
  const deadline = deadlineIn(timeoutMs);
  const listener = openListener(env, PROMPT, "Completed", deadline);
  const ask = (asked: Call) => valuesOf(listener.ask(asked, deadline));
  try {
    const collection = ask(readDefaultAlias)[0] as string;
    const [, prompt] = ask(collection === NOTHING ? createDefault : unlock(collection)) as [Value, string];
    if (prompt !== NOTHING && (await isDismissed(prompt, listener, deadline))) {
      throw fail("E_KEYCHAIN_DENIED", "the request to unlock the keychain was dismissed");
    }
    const unlocked = ask(readDefaultAlias)[0] as string;
    if (unlocked === NOTHING || ask(collectionLocked(unlocked))[0] !== false) {
      throw fail("E_KEYCHAIN_LOCKED", "the keychain is still locked");
    }
  } finally {
    listener.close();
  }
}

async function isDismissed(prompt: string, listener: Listener, deadline: Deadline): Promise<boolean> {
  try {
    valuesOf(listener.ask(showPrompt(prompt), deadline));
    return (await listener.heard(prompt, deadline))[0] !== false;
  } catch (error) {
    withdraw(() => listener.ask(dismissPrompt(prompt), deadlineIn(FAREWELL_MS)));
    throw error;
  }
}

function withdraw(dismiss: () => void): void {
  try {
    dismiss();
  } catch {
    // Whoever shows it does not answer; the first error says more.
  }
}
