/**
 * The thread in which the macOS Keychain is called: macOS answers when it likes, and a call that it never answers
 * must not stop the program. An entry point of its own; answers the messages of `macos.ts` in their order.
 */
import { fail, GumCredError } from "../../core/errors.ts";
import { type MacosItems, macosItems } from "./items.ts";
import type { Libraries } from "./security-framework.ts";

declare const self: Worker;

/** One operation. The same worker is always given the same libraries and permission. */
export interface Request {
  readonly id: number;
  readonly libraries: Libraries;
  readonly mayPrompt: boolean;
  readonly operation: keyof MacosItems;
  readonly args: readonly unknown[];
}

/** An error travels as its parts: its class would not arrive. */
export type Answer = { readonly id: number } & (
  | { readonly result: unknown }
  | { readonly failed: Pick<GumCredError, "code" | "message" | "hint"> }
);

let items: MacosItems | undefined;

self.onmessage = ({ data }: MessageEvent<Request>) => self.postMessage(answer(data));

function answer({ id, libraries, mayPrompt, operation, args }: Request): Answer {
  try {
    items ??= macosItems(libraries, mayPrompt);
    // The types of one operation and its arguments were checked together where the request was made.
    const run = items[operation] as (...args: readonly unknown[]) => unknown;
    return { id, result: run(...args) };
  } catch (error) {
    // Anything else is a bug, and its message could quote a secret.
    const known = error instanceof GumCredError ? error : fail("E_INTERNAL", "the keychain's thread failed");
    return { id, failed: { code: known.code, message: known.message, hint: known.hint } };
  }
}
