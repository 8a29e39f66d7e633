/**
 * The answer to `env` and `env gumloop` from a desktop's keychain, before the program is loaded: the default profile's
 * session, where it is as `login` and a refresh leave it. Anything else is declined, and the whole program goes on with the
 * same conversation. What the entries say and how that is exported are the whole program's own functions;
 * test/e2e/everyday-stored.test.ts compares the two.
 */
import { type RawEnvironment, readEnvironment } from "./core/environment.ts";
import { combine } from "./core/exports.ts";
import { type Secret, secret } from "./core/secret.ts";
import { expiryNote, isDueForRefresh, isTooLate, readNote } from "./gumloop/expiry.ts";
import { gumloopExports } from "./gumloop/exports.ts";
import { storedBaseUrl } from "./gumloop/stored.ts";
import { readQuickly } from "./keychain/secret-service/quick-read.ts";
import { leaveHeadStart, takeHeadStart } from "./keychain/secret-service/started.ts";
import { deadlineIn, LASTING_MS } from "./os/deadline.ts";
import { posix } from "./output/env-formats/posix.ts";
import { isoTime } from "./resolve/lifetime.ts";

/** The line to print, from what a head start has asked: the session, and perhaps what there is of vendors'. Null to decline. */
export function everydayStored(env: RawEnvironment): string | null {
  const started = takeHeadStart(env);
  if (started === null) return null;
  try {
    // A keyring that takes longer is the whole program's to wait for.
    const found = readQuickly(started, deadlineIn(LASTING_MS), () => rehearse(env));
    // The note is all that a machine without vendors' keys has of gum-cred's, so a fourth entry is such a key.
    const [token, baseUrl, note] = found ?? [];
    const line = token && baseUrl && note && found?.length === 3 ? lineOf(token, baseUrl, note, env) : null;
    if (line !== null) return line;
  } catch {
    // The whole program meets the same obstacle, and says it in its own words.
  }
  leaveHeadStart(started);
  return null;
}

function lineOf(token: Secret, baseUrl: Secret, note: Secret, env: RawEnvironment): string | null {
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
  const exports = combine([share], readEnvironment(env, sha256), sha256, () => true);
  return posix.exports(exports, env).stdout;
}

/** What runs for the first time takes three times as long, and the keyring is computing meanwhile. */
function rehearse(env: RawEnvironment): void {
  const [token, server] = [secret("rehearsal"), secret("https://127.0.0.1/api/v1")];
  const lifeMs = 3600_000;
  lineOf(token, server, expiryNote(token, Date.now() + lifeMs, sha256, null, { server, lifeMs }), env);
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
