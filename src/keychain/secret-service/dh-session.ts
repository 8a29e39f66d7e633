/**
 * The encryption between us and a Secret Service, so that no secret crosses the bus in the clear:
 * `dh-ietf1024-sha256-aes128-cbc-pkcs7`. May do no I/O. Written without node:crypto, whose loading costs
 * more than everything here together.
 * Reference: https://specifications.freedesktop.org/secret-service-spec/latest/transfer-secrets.html;
 * group: RFC 2409 section 6.2; key derivation: RFC 5869.
 */

import { cbcDecryption, prepareTables } from "./aes-cbc.ts";
import type { KeyPair } from "./dh-keys.ts";

/** What a session does with the secrets that pass through it. */
export interface Cipher {
  encrypt(plain: Uint8Array<ArrayBuffer>): Promise<Sealed>;
  /** Throws when the bytes were not made with this session's key. */
  decrypt(sealed: Sealed): Uint8Array<ArrayBuffer>;
}

/** A secret as it crosses the bus. `parameters` is the AES initialisation vector. */
export interface Sealed {
  readonly parameters: Uint8Array<ArrayBuffer>;
  readonly value: Uint8Array<ArrayBuffer>;
}

/** HMAC with HKDF's salt, which is none; good for one use. */
const newExtraction = () => new Bun.CryptoHasher("sha256", new Uint8Array(32));
let extraction: Bun.CryptoHasher | null = null;

/** Makes what {@link agree} needs whatever the other key is, for who waits for that. */
export function prepareAgreement(): void {
  extraction ??= newExtraction();
  prepareTables();
}

/** The cipher that our keys and the service's public key make. Throws RangeError for a key that gives it away. */
export function agree(keys: KeyPair, theirs: Uint8Array): Cipher {
  const shared = keys.share(theirs);
  try {
    return aesCipher(deriveKey(shared));
  } finally {
    shared.fill(0);
  }
}

const AES_KEY_BYTES = 16;
const AES_BLOCK_BYTES = 16;

/** The cipher of a `plain` session: none. For services that offer nothing else. */
export const plainCipher: Cipher = {
  encrypt: async (plain) => ({ parameters: new Uint8Array(), value: plain.slice() }),
  decrypt: ({ value }) => value.slice(),
};

function aesCipher(aesKey: Uint8Array<ArrayBuffer>): Cipher {
  const decryption = cbcDecryption(aesKey);
  return {
    async encrypt(plain) {
      // WebCrypto's AES-CBC pads as PKCS#7 does.
      const key = await crypto.subtle.importKey("raw", aesKey, "AES-CBC", false, ["encrypt"]);
      const iv = crypto.getRandomValues(new Uint8Array(AES_BLOCK_BYTES));
      const value = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, plain);
      return { parameters: iv, value: new Uint8Array(value) };
    },
    decrypt: ({ parameters, value }) => decryption(parameters, value),
  };
}

/** HKDF-SHA256 with no salt and no info; the first 16 bytes, all within its first block. */
function deriveKey(shared: Uint8Array): Uint8Array<ArrayBuffer> {
  const hmac = (key: Uint8Array, data: Uint8Array) =>
    new Bun.CryptoHasher("sha256", key).update(data).digest();
  const pseudoRandomKey = (extraction ?? newExtraction()).update(shared).digest();
  extraction = null;
  const block = hmac(pseudoRandomKey, Uint8Array.of(1));
  pseudoRandomKey.fill(0);
  const aesKey = new Uint8Array(block.subarray(0, AES_KEY_BYTES));
  block.fill(0);
  return aesKey;
}
