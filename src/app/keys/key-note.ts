/**
 * What gum-cred remembers about an LLM key it stored: when, and what the vendor last said. Bound to a hash of
 * the key, so that a key which another program stored in its place is not described by a stale note. Pure.
 */
import type { Digest } from "../../core/environment.ts";
import { parseJsonObject } from "../../core/json.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";

export interface KeyNote {
  /** ISO 8601. */
  readonly storedAt: string;
  /** The vendor's last verdict; null when it was never asked. */
  readonly verdict: string | null;
  /** ISO 8601; null when it was never asked. */
  readonly verifiedAt: string | null;
}

/** Account of the note beside a key's account. */
export function noteAccount(account: string): string {
  return `${account}:note`;
}

/** The note to store beside a key. */
export function writeNote(key: Secret, note: KeyNote, digest: Digest): Secret {
  return secret(
    JSON.stringify({
      key: hash(key, digest),
      stored_at: note.storedAt,
      verdict: note.verdict,
      verified_at: note.verifiedAt,
    }),
  );
}

/** The note of a key; null when there is none, or it is another key's. */
export function readNote(key: Secret, note: Secret | undefined, digest: Digest): KeyNote | null {
  const parsed = note ? parseJsonObject(reveal(note)) : null;
  if (parsed?.["key"] !== hash(key, digest)) return null;
  const text = (name: string) => (typeof parsed[name] === "string" ? parsed[name] : null);
  const storedAt = text("stored_at");
  if (storedAt === null || Number.isNaN(Date.parse(storedAt))) return null;
  return { storedAt, verdict: text("verdict"), verifiedAt: text("verified_at") };
}

function hash(key: Secret, digest: Digest): string {
  return digest(reveal(key)).slice(0, 32);
}
