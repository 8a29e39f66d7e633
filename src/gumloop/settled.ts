/**
 * Reads a profile that another program may be writing: until its entries are those of one sign-in. The official
 * client writes five entries one after the other, without our lock, `base_url` last; a keychain says at most in
 * which second each was written.
 */
import { fail } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import type { Ports } from "../resolve/ports.ts";
import { type Profile, type ProfileReading, RESOLVED_FIELDS } from "./profile.ts";
import { type ProfileLockPorts, withProfileLock } from "./profile-lock.ts";
import { PROFILE_FIELDS, type ProfileField, type StoredProfile } from "./stored.ts";

/** What was written longer ago than this is complete: two seconds, and one that the keychain rounds off. */
const SETTLED_AFTER_MS = 3_000;
/** Entries that may be complete are, when nothing changes for so long. */
const STILL_MS = 1_000;
const PAUSE_MS = 10;
/** A profile without a credential may be one between two deletions and the next write. */
const EMPTY_FOR_MS = 500;
/** Whoever signs in without end is not waited for. */
const LIMIT_MS = 10_000;

/** How the moments of writing look: long past, of one sign-in, perhaps of one, or of one that is not complete yet. */
type Look = "old" | "whole" | "perhaps" | "partial";

export interface Settling {
  /** A reading just made. */
  readonly first?: ProfileReading;
  readonly fields?: readonly ProfileField[];
  /** Whether this process has the profile's lock. */
  readonly locked?: boolean;
  /** Ends the wait: the last reading counts, whole or not. */
  readonly interrupt?: AbortSignal;
}

/**
 * The profile's entries, all of one sign-in. Throws E_LOCK_TIMEOUT when another program writes them without pause,
 * and the keychain's errors.
 */
export async function readSettled(
  profile: Pick<Profile, "name" | "read" | "notedKey">,
  ports: Pick<Ports, "now"> & ProfileLockPorts,
  { first, fields = RESOLVED_FIELDS, locked = false, interrupt }: Settling = {},
): Promise<ProfileReading> {
  const read = async (): Promise<Seen> => {
    const at = ports.now();
    return { at, reading: await profile.read(fields) };
  };
  let seen = first ? { at: ports.now(), reading: first } : await read();
  if (needsNoClock(seen.reading)) return seen.reading;
  // Ours are written under the lock.
  if (isHalfWritten(seen.reading.stored) && !locked) seen = await withProfileLock(profile.name, ports, read);
  const started = performance.now();
  // Null until a second reading found the same.
  let since: number | null = null;
  while (performance.now() - started < LIMIT_MS) {
    const { reading } = seen;
    if (interrupt?.aborted) return reading;
    const stillFor = since === null ? null : performance.now() - since;
    if (isHalfWritten(reading.stored) ? (stillFor ?? 0) >= EMPTY_FOR_MS : isDone(stillFor, seen))
      return reading;
    if (!reading.stored.access_token && (await profile.notedKey(reading.stored))) return reading;
    const before = performance.now();
    await Bun.sleep(PAUSE_MS);
    const next = await read();
    const changed = changedFields(reading, next.reading);
    // The last entry of a sign-in was written, and none of another since.
    if (changed.length === 1 && isNewServer(reading, next.reading)) return next.reading;
    since = changed.length > 0 ? null : (since ?? before);
    seen = next;
  }
  throw fail(
    "E_LOCK_TIMEOUT",
    "another program keeps changing this profile's keychain entries",
    "try again when it has signed in",
  );
}

/** A reading, and the time before it in milliseconds since 1970. */
interface Seen {
  readonly at: number;
  readonly reading: ProfileReading;
}

/**
 * Whether the reading is of one sign-in, after it has been the same for `stillFor` milliseconds. The times are read after
 * the values, so what they say of recent entries counts once a second reading has found the same values.
 */
function isDone(stillFor: number | null, { at, reading }: Seen): boolean {
  if (reading.otherServer && (stillFor ?? 0) < STILL_MS) return false;
  const look = lookOf(reading, at);
  if (look === "old") return true;
  return stillFor !== null && (look === "whole" || (look === "perhaps" && stillFor >= STILL_MS));
}

function isNewServer(a: ProfileReading, b: ProfileReading): boolean {
  return !isHalfWritten(b.stored) && text(a.stored, "base_url") !== text(b.stored, "base_url");
}

/** What needs no second look and no clock. */
function needsNoClock({ stored, modifiedAt, otherServer }: ProfileReading): boolean {
  return !isHalfWritten(stored) && modifiedAt === null && !otherServer;
}

/** A sign-in of ours writes the credential itself last and a sign-out removes it first; so does a crash leave them. */
function isHalfWritten(stored: StoredProfile): boolean {
  return !stored.access_token && !stored.api_key && (stored.base_url ?? stored.user_id) !== undefined;
}

function lookOf({ modifiedAt }: ProfileReading, nowMs: number): Look {
  if (modifiedAt === null) return "old";
  const base = modifiedAt.get("base_url") ?? Number.NEGATIVE_INFINITY;
  let others = Number.NEGATIVE_INFINITY;
  for (const [field, at] of modifiedAt) if (field !== "base_url") others = Math.max(others, at);
  const age = nowMs - Math.max(base, others);
  // A moment far in the future is a clock that was set, and says nothing.
  if (age >= SETTLED_AFTER_MS || age < -SETTLED_AFTER_MS) return "old";
  // The last one that is written was written after all the others.
  if (base > others) return "whole";
  return base === others ? "perhaps" : "partial";
}

function changedFields(a: ProfileReading, b: ProfileReading): readonly ProfileField[] {
  return PROFILE_FIELDS.filter(
    (field) =>
      text(a.stored, field) !== text(b.stored, field) ||
      (a.modifiedAt && b.modifiedAt && a.modifiedAt.get(field) !== b.modifiedAt.get(field)),
  );
}

function text(stored: StoredProfile, field: ProfileField): string | null {
  const value = stored[field];
  return value === undefined ? null : reveal(value);
}
