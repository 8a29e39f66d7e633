/** The session's encryption against SecretStorage's own implementation of it, with the same numbers. */
import { describe, expect, test } from "bun:test";
import { newKeyPair } from "../../../src/keychain/secret-service/dh-keys.ts";
import { agree, plainCipher, prepareAgreement } from "../../../src/keychain/secret-service/dh-session.ts";

/** Python's public key and AES key for a private exponent and a peer's public key. */
function python(exponent: bigint, peer: Uint8Array): { publicKey: string; aesKey: string } {
  const script = `
import sys
from secretstorage.dhcrypto import DH_PRIME_1024, Session
session = Session()
session.my_private_key = int(sys.argv[1])
session.set_server_public_key(int(sys.argv[2], 16))
print("%0256x" % pow(2, session.my_private_key, DH_PRIME_1024), session.aes_key.hex())`;
  const { stdout } = Bun.spawnSync(["/usr/bin/python3", "-c", script, String(exponent), peer.toHex()]);
  const [publicKey = "", aesKey = ""] = stdout.toString().trim().split(" ");
  return { publicKey, aesKey };
}

async function decryptWith(aesKey: string, iv: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>) {
  const key = await crypto.subtle.importKey("raw", Uint8Array.fromHex(aesKey), "AES-CBC", false, ["decrypt"]);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, value));
}

const PLAIN = new TextEncoder().encode("secret-EXAMPLE of some length");

describe("dh-ietf1024-sha256-aes128-cbc-pkcs7", () => {
  test.each([
    ["a small exponent", 3n, 5n],
    ["an exponent of 256 bits", 2n ** 255n + 12345n, 2n ** 254n + 99n],
    // 2^(7 * 143) has 1002 bits: the shared secret begins with two zero bytes, which count.
    ["a shared secret with leading zeros", 7n, 143n],
  ])("agrees with Python: %s", async (_what, ours, theirs) => {
    const peer = newKeyPair(theirs).publicKey;
    const expected = python(ours, peer);
    const pair = newKeyPair(ours);
    expect(pair.publicKey.toHex()).toBe(expected.publicKey);
    const sealed = await agree(pair, peer).encrypt(PLAIN);
    expect(sealed.parameters).toHaveLength(16);
    expect(await decryptWith(expected.aesKey, sealed.parameters, sealed.value)).toEqual(PLAIN);
  });

  test("agrees alike whether it was prepared, and after an agreement that was", async () => {
    const [ours, theirs] = [newKeyPair(11n), newKeyPair(13n)];
    const sealed = await agree(ours, theirs.publicKey).encrypt(PLAIN);
    prepareAgreement();
    prepareAgreement();
    expect(agree(theirs, ours.publicKey).decrypt(sealed)).toEqual(PLAIN);
    expect(agree(theirs, ours.publicKey).decrypt(sealed)).toEqual(PLAIN);
  });

  test("takes a public key without its leading zeros, as Python sends it", async () => {
    const short = Uint8Array.of(8); // 2^3
    const [ours, padded] = [newKeyPair(11n), newKeyPair(3n).publicKey];
    const sealed = await agree(ours, short).encrypt(PLAIN);
    expect(agree(ours, padded).decrypt(sealed)).toEqual(PLAIN);
  });

  test("every key pair and every message differs", async () => {
    const [one, two] = [newKeyPair(), newKeyPair()];
    expect(one.publicKey.toHex()).not.toBe(two.publicKey.toHex());
    const cipher = agree(one, two.publicKey);
    const [first, second] = [await cipher.encrypt(PLAIN), await cipher.encrypt(PLAIN)];
    expect(first.parameters.toHex()).not.toBe(second.parameters.toHex());
    expect(first.value.toHex()).not.toBe(second.value.toHex());
    expect(agree(two, one.publicKey).decrypt(first)).toEqual(PLAIN);
  });

  test("lengths around the block size, and the empty text, come back", async () => {
    const cipher = agree(newKeyPair(), newKeyPair().publicKey);
    for (const length of [0, 1, 15, 16, 17, 31, 32, 65_536]) {
      const plain = new Uint8Array(length).fill(7);
      const sealed = await cipher.encrypt(plain);
      expect(sealed.value.length).toBe((Math.floor(length / 16) + 1) * 16);
      expect(cipher.decrypt(sealed)).toEqual(plain);
    }
  });

  test("a peer's key that would fix the result is refused", async () => {
    const script = "from secretstorage.dhcrypto import DH_PRIME_1024 as p; print(p)";
    const prime = BigInt(Bun.spawnSync(["/usr/bin/python3", "-c", script]).stdout.toString());
    for (const bad of [0n, 1n, prime - 1n, prime, prime + 1n]) {
      const bytes = Uint8Array.fromHex(bad.toString(16).padStart(256, "0"));
      expect(() => agree(newKeyPair(), bytes)).toThrow(RangeError);
    }
    expect(() => agree(newKeyPair(), new Uint8Array())).toThrow(RangeError);
  });

  test("a foreign ciphertext is refused", async () => {
    const cipher = agree(newKeyPair(), newKeyPair().publicKey);
    const sealed = { parameters: new Uint8Array(16), value: new Uint8Array(15) };
    expect(() => cipher.decrypt(sealed)).toThrow();
  });
});

test("a plain session passes the bytes on, as copies", async () => {
  const sealed = await plainCipher.encrypt(PLAIN);
  expect(sealed).toEqual({ parameters: new Uint8Array(), value: PLAIN });
  expect(sealed.value).not.toBe(PLAIN);
  expect(plainCipher.decrypt(sealed)).toEqual(PLAIN);
});
