/**
 * The answer to an everyday line from a desktop's keychain, before the program is loaded: the default profile's session,
 * where it is as `login` and a refresh leave it. Anything else is declined, and the whole program goes on with the
 * same conversation. What the entries say and how that is exported are the whole program's own functions;
 * test/e2e/everyday-stored.test.ts compares the two.
 */
import { type RawEnvironment, readEnvironment } from "./core/environment.ts";
import { combine } from "./core/exports.ts";
import { reveal, type Secret, secret } from "./core/secret.ts";
import type { Everyday } from "./everyday.ts";
import { expiryNote, isDueForRefresh, isTooLate, readNote } from "./gumloop/expiry.ts";
import { gumloopExports } from "./gumloop/exports.ts";
import { storedBaseUrl } from "./gumloop/stored.ts";
import { readQuickly } from "./keychain/secret-service/quick-read.ts";
import { leaveHeadStart, takeHeadStart } from "./keychain/secret-service/started.ts";
import { deadlineIn, LASTING_MS } from "./os/deadline.ts";
import { sha256 } from "./os/digest.ts";
import { isPlain } from "./output/env-formats/plain.ts";
import { isoTime } from "./resolve/lifetime.ts";

/** The variables, from what a head start has asked: the session, and perhaps what there is of vendors'. Null to decline. */
export function everydayStored(env: RawEnvironment): Everyday | null {
  const started = takeHeadStart(env);
  if (started === null) return null;
  try {
    // A keyring that takes longer is the whole program's to wait for.
    const found = readQuickly(started, deadlineIn(LASTING_MS), () => rehearse(env)) ?? [];
    // The note is all that a machine without vendors' keys has of gum-cred's, so one entry more is such a key.
    const [token, baseUrl, note, ...more] = found;
    const isAll = token && baseUrl && note && more.length === 0;
    const answer = isAll ? exportsOf(token, baseUrl, note, env) : null;
    if (answer !== null) return answer;
  } catch {
    // The whole program meets the same obstacle, and says it in its own words.
  }
  leaveHeadStart(started);
  return null;
}

function exportsOf(token: Secret, baseUrl: Secret, note: Secret, env: RawEnvironment): Everyday | null {
  const noted = readNote(token, baseUrl, note, sha256);
  const now = Date.now();
  if (noted === null || noted.sameServer === false || isTooLate(noted, now)) return null;
  if (isDueForRefresh(token, noted, now)) return null;
  const share = gumloopExports(
    {
      provider: "gumloop",
      level: null,
      method: "oauth",
      source: "keychain",
      location: "",
      value: token,
      userId: null,
      baseUrl: storedBaseUrl({ base_url: baseUrl }).href,
      expiresAt: isoTime(noted.expiresAtMs),
    },
    { sdk: false, teamId: null, baseUrl: null, raw: env },
  );
  const { set, unset } = combine([share], readEnvironment(env, sha256), sha256, () => true);
  const variables: (readonly [name: string, value: string])[] = [];
  for (const [name, value] of set) {
    const text = reveal(value);
    if (!isPlain(text)) return null;
    variables.push([name, text]);
  }
  return { unset, set: variables };
}

/** What runs for the first time takes three times as long, and the keyring is computing meanwhile. */
function rehearse(env: RawEnvironment): void {
  const [token, server] = [secret("rehearsal"), secret("https://127.0.0.1/api/v1")];
  const lifeMs = 3600_000;
  exportsOf(token, server, expiryNote(token, Date.now() + lifeMs, sha256, null, { server, lifeMs }), env);
}
