/**
 * Values that do not fit one Windows credential: parts under names of their own, and a head, a short text in place of
 * the value that names the parts. May know nothing of where heads are kept.
 *
 * The parts of one generation never change once their head is written, and no generation's name comes twice. So
 * replacing the head replaces the value, and whoever finds all parts that a head names has a whole value.
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { CRED } from "./advapi32.ts";
import type { CredentialStore } from "./credentials.ts";
import { decodeUtf16, encodeUtf16 } from "./text.ts";

/** What a head says. */
export interface Head {
  readonly generation: string;
  readonly count: number;
}

const HEAD_PREFIX = "gum-cred:parts:";
const HEAD = /^gum-cred:parts:1:([0-9a-f]{32}):([1-9][0-9]{0,2})$/;
const MAX_PARTS = 999;
/** UTF-16 code units in one blob. */
const UNITS = CRED.maxBlobSize / 2;

/** Whether a text must be split: it is too long for one credential, or would be taken for a head. */
export function needsParts(text: string): boolean {
  return text.length > UNITS || text.startsWith(HEAD_PREFIX);
}

/** The head that a stored text is, or null for an ordinary value. Throws E_MALFORMED for a head of another kind. */
export function parseHead(text: string): Head | null {
  if (!text.startsWith(HEAD_PREFIX)) return null;
  const [, generation, count] = HEAD.exec(text) ?? [];
  if (generation === undefined) {
    throw fail("E_MALFORMED", "the keychain has a long value that this version of gum-cred cannot read");
  }
  return { generation, count: Number(count) };
}

/**
 * Stores the parts of a new generation. Returns the text of its head, for the caller to write last. Throws
 * E_INVALID_VALUE beyond 1,278,720 characters.
 */
export function writeParts(store: CredentialStore, service: string, account: string, text: string): string {
  const generation = crypto.randomUUID().replaceAll("-", "");
  const count = Math.ceil(text.length / UNITS);
  if (count > MAX_PARTS)
    throw fail("E_INVALID_VALUE", "the value is too long for Windows Credential Manager");
  for (let index = 0; index < count; index += 1) {
    store.write({
      target: `${prefixOf(service, account)}${generation}:${index}`,
      userName: account,
      comment: `Part ${index + 1} of ${count} of a long value stored by gum-cred`,
      blob: new Uint8Array(encodeUtf16(text.slice(index * UNITS, (index + 1) * UNITS)).buffer),
    });
  }
  return `${HEAD_PREFIX}1:${generation}:${count}`;
}

/** The value whose parts a head names. Throws E_KEYCHAIN_FAILED when one of them is gone, or not what was written. */
export function joinParts(store: CredentialStore, service: string, account: string, head: Head): string {
  const bytes = new Uint8Array(head.count * CRED.maxBlobSize);
  try {
    let end = 0;
    for (let index = 0; index < head.count; index += 1) {
      const part = store.read(`${prefixOf(service, account)}${head.generation}:${index}`);
      if (part === null || part.blob.byteLength > CRED.maxBlobSize) throw incomplete(account);
      bytes.set(part.blob, end);
      end += part.blob.byteLength;
      part.blob.fill(0);
    }
    const text = decodeUtf16(bytes.subarray(0, end));
    if (text === null) throw incomplete(account);
    return text;
  } finally {
    bytes.fill(0);
  }
}

function incomplete(account: string): GumCredError {
  const message = `a part of the long value '${account}' is missing from the keychain`;
  return fail("E_KEYCHAIN_FAILED", message, "store the value again");
}

/** Removes every part of the account that belongs to none of the generations that `kept` then says are in use. */
export function sweepParts(
  store: CredentialStore,
  service: string,
  account: string,
  kept: () => readonly string[],
): void {
  const prefix = prefixOf(service, account);
  const parts = store.names(prefix);
  if (parts.length === 0) return;
  const generations = kept();
  for (const { target } of parts) {
    const generation = target.slice(prefix.length).split(":")[0] ?? "";
    if (!generations.includes(generation)) store.remove(target);
  }
}

/**
 * What the names of an account's parts begin with. A digest, so that no name holds a `*` (a wildcard when they
 * are enumerated), is too long, or differs from another account's only in case, which Windows ignores.
 */
function prefixOf(service: string, account: string): string {
  const digest = new Bun.CryptoHasher("sha256").update(`${service}\0${account}`).digest("hex");
  return `gum-cred:part:${digest.slice(0, 32)}:`;
}
