/** The lock between processes on one profile's session. */
import type { Storage, Surroundings, Voice } from "../resolve/ports.ts";

export type ProfileLockPorts = Pick<Storage, "lock"> & Pick<Surroundings, "digest"> & Pick<Voice, "busy">;

/**
 * Longer than refreshes usually take. Whoever waits for one that takes longer loses nothing by giving up: only the
 * process that sent the request has to wait for its answer.
 */
const LOCK_WAIT_MS = 20_000;
/** Runs `work` while no other gum-cred process holds this profile's lock. Throws E_LOCK_TIMEOUT, E_UNSAFE_FILE. */
export async function withProfileLock<T>(
  profile: string,
  ports: ProfileLockPorts,
  work: () => Promise<T>,
): Promise<T> {
  const waiting = ports.lock(lockName(profile, ports), LOCK_WAIT_MS);
  const lock = await ports.busy("Waiting for another gum-cred", waiting);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** The lock of a profile's session. Another program may have chosen a profile name that no file can have. */
export function lockName(profile: string, { digest }: Pick<Surroundings, "digest">): string {
  return /^[a-z0-9_-]{1,64}$/.test(profile) ? `session-${profile}` : `session.${digest(profile)}`;
}
