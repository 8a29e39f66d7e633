/** Against WebCrypto, and the vectors of NIST SP 800-38A, section F.2.2. */
import { expect, test } from "bun:test";
import { cbcDecryption } from "./aes-cbc.ts";

const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));

test("decrypts what WebCrypto encrypts, at every length up to nine blocks and once at 100 KB", async () => {
  for (const length of [...Array(145).keys(), 100_000]) {
    const [key, iv] = [bytes(16), bytes(16)];
    const plain = new Uint8Array(length).map((_, index) => (index * 31) & 255);
    const webKey = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["encrypt"]);
    const value = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, webKey, plain));
    expect(cbcDecryption(key)(iv, value)).toEqual(plain);
    // A view into a larger buffer, as the bus gives it.
    const larger = new Uint8Array(value.length + 7);
    larger.set(value, 5);
    expect(cbcDecryption(key)(iv, larger.subarray(5, 5 + value.length))).toEqual(plain);
  }
});

test("the standard's first block", () => {
  const key = Uint8Array.fromHex("2b7e151628aed2a6abf7158809cf4f3c");
  const iv = Uint8Array.fromHex("000102030405060708090a0b0c0d0e0f");
  // The block decrypts to 6bc1…172a, which does not end in padding.
  expect(() => cbcDecryption(key)(iv, Uint8Array.fromHex("7649abac8119b246cee98e9b12e9197d"))).toThrow(
    "not padded",
  );
});

test.each([
  ["nothing", 0, 16],
  ["a part of a block", 17, 16],
  ["a vector that is too short", 16, 15],
])("refuses %s", (_, value, iv) => {
  expect(() => cbcDecryption(bytes(16))(new Uint8Array(iv), new Uint8Array(value))).toThrow(RangeError);
});

test("refuses each kind of wrong padding", async () => {
  const [key, iv] = [bytes(16), bytes(16)];
  const webKey = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["encrypt"]);
  for (const ending of [[0], [17], [255], [1, 2], [3, 2, 3], [...Array(15).fill(16), 15, 16]]) {
    const plain = new Uint8Array(32).fill(7);
    plain.set(ending, 32 - ending.length);
    // Without its own padding block, so that ours is the last one.
    const value = new Uint8Array(
      await crypto.subtle.encrypt({ name: "AES-CBC", iv }, webKey, plain),
    ).subarray(0, 32);
    expect(() => cbcDecryption(key)(iv, value)).toThrow("not padded");
  }
});
