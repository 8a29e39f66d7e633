/** The result of one of doctor's checks, and how to make one. */
import type { GumCredError } from "../../core/errors.ts";

export interface Check {
  /** Stable, in snake_case. */
  readonly name: string;
  readonly state: "ok" | "warning" | "problem";
  /** Never a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | null;
  /** What a command would fail with: set for a problem, and for a keychain that does not exist. */
  readonly error: GumCredError | null;
}

export function ok(name: string, message: string): Check {
  return { name, state: "ok", message, hint: null, error: null };
}

export function warning(name: string, message: string, hint: string): Check {
  return { name, state: "warning", message, hint, error: null };
}

export function problem(name: string, error: GumCredError, hint: string = error.hint): Check {
  return { name, state: "problem", message: error.message, hint: hint || null, error };
}
