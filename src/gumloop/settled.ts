/**
 * Reads a profile that another program may be writing: until its entries are those of one sign-in. The official
 * client writes five entries one after the other, without our lock, `base_url` last; a keychain says at most in
 * which second each was written.
 */
import { fail } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import type { Ports } from "../resolve/ports.ts";
import type { Profile, ProfileReading } from "./profile.ts";
import { withProfileLock } from "./session.ts";
import { PROFILE_FIELDS, type ProfileField, type StoredProfile } from "./stored.ts";

/** What was written longer ago than this is complete: two seconds, and one that the keychain rounds off. */
const SETTLED_AFTER_MS = 3_000;
/** Entries that may be complete are, when nothing changes for so long. */
const STILL_MS = 500;
const PAUSE_MS = 10;
/** A profile without a credential may be one between two deletions and the next write. */
const EMPTY_FOR_MS = 500;
/** Whoever signs in without end is not waited for. */
const LIMIT_MS = 10_000;

/** The refresh token stays where it is until it is needed. */
const WITHOUT_REFRESH_TOKEN = PROFILE_FIELDS.filter((field) => field !== "refresh_token");

/** How the moments of writing look: of one sign-in, perhaps of one, or certainly not complete yet. */
type Look = "whole" | "perhaps" | "partial";

/**
 * The profile's entries, all of one sign-in; `first` is a reading just made. Throws E_LOCK_TIMEOUT when another program writes them without pause,
 * and the keychain's errors.
 */
export async function readSettled(
  profile: Profile,
  ports: Ports,
  first?: ProfileReading,
): Promise<ProfileReading> {
  const read = () => profile.read(WITHOUT_REFRESH_TOKEN);
  let reading = first ?? (await read());
  if (isWhole(reading)) return reading;
  // Ours are written under the lock.
  if (isHalfWritten(reading.stored)) reading = await withProfileLock(profile.name, ports, read);
  const started = performance.now();
  for (let since = started; performance.now() - started < LIMIT_MS; ) {
    const stillFor = performance.now() - since;
    if (isHalfWritten(reading.stored) ? stillFor >= EMPTY_FOR_MS : await isDone(stillFor, reading)) {
      return reading;
    }
    await Bun.sleep(PAUSE_MS);
    const next = await read();
    const changed = changedFields(reading, next);
    // The last entry of a sign-in was written, and none of another since.
    if (changed.length === 1 && changed[0] === "base_url" && !isHalfWritten(next.stored)) return next;
    if (changed.length > 0) since = performance.now();
    reading = next;
  }
  throw fail(
    "E_LOCK_TIMEOUT",
    "another program keeps changing this profile's keychain entries",
    "try again when it has signed in",
  );

  async function isDone(stillFor: number, current: ProfileReading): Promise<boolean> {
    if (current.otherServer && stillFor < STILL_MS) return false;
    const look = lookOf(current, ports.now());
    if (look === "whole" || (look === "perhaps" && stillFor >= STILL_MS)) return true;
    return current.stored.access_token === undefined && (await profile.notedKey(current.stored));
  }
}

/** What needs no second look and no clock. */
function isWhole({ stored, modifiedAt, otherServer }: ProfileReading): boolean {
  return !isHalfWritten(stored) && modifiedAt === null && !otherServer;
}

/** A sign-in of ours writes the credential itself last and a sign-out removes it first; so does a crash leave them. */
function isHalfWritten(stored: StoredProfile): boolean {
  return !stored.access_token && !stored.api_key && (stored.base_url ?? stored.user_id) !== undefined;
}

function lookOf({ modifiedAt }: ProfileReading, nowMs: number): Look {
  if (modifiedAt === null) return "whole";
  const base = modifiedAt.get("base_url") ?? Number.NEGATIVE_INFINITY;
  let others = Number.NEGATIVE_INFINITY;
  for (const [field, at] of modifiedAt) if (field !== "base_url") others = Math.max(others, at);
  const age = nowMs - Math.max(base, others);
  // A moment far in the future is a clock that was set, and says nothing.
  if (age >= SETTLED_AFTER_MS || age < -SETTLED_AFTER_MS) return "whole";
  // The last one that is written was written after all the others.
  if (base > others) return "whole";
  return base === others ? "perhaps" : "partial";
}

function changedFields(a: ProfileReading, b: ProfileReading): readonly ProfileField[] {
  return WITHOUT_REFRESH_TOKEN.filter(
    (field) =>
      text(a.stored, field) !== text(b.stored, field) ||
      (a.modifiedAt && b.modifiedAt && a.modifiedAt.get(field) !== b.modifiedAt.get(field)),
  );
}

function text(stored: StoredProfile, field: ProfileField): string | null {
  const value = stored[field];
  return value === undefined ? null : reveal(value);
}
