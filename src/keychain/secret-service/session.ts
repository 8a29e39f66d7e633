/** A session with a Secret Service, from the reply to the call that opens it, and the secrets that come through it. */
import { fail } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Reply } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import { ERROR } from "./calls.ts";
import type { KeyPair } from "./dh-keys.ts";
import { agree, type Cipher, plainCipher, type Sealed } from "./dh-session.ts";
import { valuesOf } from "./replies.ts";

/** What secrets travel in. */
export interface Session {
  readonly path: string;
  /**
   * The cipher; the first time it takes a while, in which the service may already be working. Throws
   * E_KEYCHAIN_FAILED when the service sent no usable key.
   */
  cipher(): Cipher;
}

/** The session that a reply to {@link openEncryptedSession} opened, or a plain one where none is offered. */
export function opened(reply: Reply, keys: KeyPair, openPlain: () => Reply): Session {
  if (!reply.ok && reply.error === ERROR.notSupported) {
    const [, path] = valuesOf(openPlain());
    return { path: path as string, cipher: () => plainCipher };
  }
  const [theirs, path] = valuesOf(reply);
  let agreed: Cipher | null = null;
  return {
    path: path as string,
    cipher() {
      agreed ??= cipherOf(keys, theirs);
      return agreed;
    },
  };
}

/** The cipher that our keys and the public key in a reply make. Throws E_KEYCHAIN_FAILED for an unusable one. */
export function cipherOf(keys: KeyPair, theirs: Value | undefined): Cipher {
  try {
    return agree(keys, theirs as Uint8Array);
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the keychain sent no usable public key");
  }
}

/** An item's secret as GetSecrets gives it: session, parameters, value, content type. */
export type Entry = readonly [string, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, string];

/** What a reply to GetSecrets has, by the items' paths. Throws the keychain's errors. */
export function entriesIn(reply: Reply): ReadonlyMap<string, Entry> {
  return valuesOf(reply)[0] as unknown as ReadonlyMap<string, Entry>;
}

/** The text; null for one that is not UTF-8. Throws E_KEYCHAIN_FAILED. */
export function textOf([, parameters, value]: Entry, cipher: Cipher): Secret | null {
  const plain = decrypted({ parameters, value }, cipher);
  try {
    return secret(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain));
  } catch {
    return null;
  } finally {
    plain.fill(0);
  }
}

function decrypted(sealed: Sealed, cipher: Cipher): Uint8Array {
  try {
    return cipher.decrypt(sealed);
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the keychain sent an entry that cannot be decrypted");
  }
}
