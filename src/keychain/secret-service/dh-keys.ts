/**
 * The key that we and a Secret Service agree on for a session, by the group of `dh-ietf1024-sha256-aes128-cbc-pkcs7`. May
 * do no I/O. Written without node:crypto, whose loading costs more than everything here together.
 * Group: RFC 2409, section 6.2.
 */

export interface KeyPair {
  /** Ours, big-endian, 128 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /**
   * The number that both sides can compute, big-endian, 128 bytes, from the service's public key; to be wiped. Throws
   * RangeError for a key that gives it away.
   */
  share(theirs: Uint8Array): Uint8Array<ArrayBuffer>;
}

const PRIME_BYTES = 128;
const PRIME = BigInt(
  "0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd" +
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff",
);
// 192 bits, more than twice the 80 or so that a group of 1024 bits gives whatever the exponent (RFC 3526,
// section 8, counts 90 for the next larger group; RFC 7919, 5.2: twice the group's strength is enough).
const EXPONENT_BYTES = 24;

/** A key pair for one session. `chosen` is a test's exponent; in use it is drawn anew. */
export function newKeyPair(chosen?: bigint): KeyPair {
  const exponent = chosen ?? randomExponent();
  const publicKey = bigEndian(powerOfTwo(exponent));
  // KWallet's Secret Service takes such a key for a negative number and drops its first byte.
  if (chosen === undefined && publicKey[0] === 0xff) return newKeyPair();
  return {
    publicKey,
    share(theirs) {
      // Before the arithmetic, whose time grows with the square of the length. KWallet sends a leading zero.
      if (theirs.length > 2 * PRIME_BYTES) throw new RangeError("not a usable public key");
      const key = BigInt(`0x0${theirs.toHex()}`);
      if (key <= 1n || key >= PRIME - 1n) throw new RangeError("not a usable public key");
      return bigEndian(power(key, exponent));
    },
  };
}

function randomExponent(): bigint {
  return BigInt(`0x${crypto.getRandomValues(new Uint8Array(EXPONENT_BYTES)).toHex()}`);
}

/** 2^exponent mod PRIME, the group's generator being 2: a digit of the exponent is a shift. */
function powerOfTwo(exponent: bigint): bigint {
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    result = fourthSquare(result) << BigInt(Number.parseInt(digit, 16)); // reduced by the next square
  }
  return result % PRIME;
}

/** base^exponent mod PRIME, by digits of four bits: fewer multiplications than by bits. */
function power(base: bigint, exponent: bigint): bigint {
  const powers = [1n];
  for (let last = 1n; powers.length < 16; powers.push(last)) last = (last * base) % PRIME;
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    result = fourthSquare(result);
    if (digit !== "0") result = (result * (powers[Number.parseInt(digit, 16)] ?? 1n)) % PRIME;
  }
  return result;
}

/** base^16 mod PRIME. */
function fourthSquare(base: bigint): bigint {
  let result = base;
  for (let time = 0; time < 4; time++) result = (result * result) % PRIME;
  return result;
}

/** 128 bytes, with the leading zeros that the derivation counts in. */
function bigEndian(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(value.toString(16).padStart(PRIME_BYTES * 2, "0"));
}
