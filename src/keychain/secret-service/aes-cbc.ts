/**
 * AES-128 in CBC mode with PKCS#7 padding, to decrypt what a keychain sends. Written here because WebCrypto hands every
 * secret to a thread that it first has to start, and node:crypto takes longer to load than a whole run (measured: three
 * entries in 0.2 ms, by WebCrypto in 0.6 to 3). Its tables could tell the key to whoever measures this processor's cache
 * meanwhile; the key is this session's alone, and the bytes are the user's own on the user's own bus. Pure.
 * Reference: FIPS 197, sections 4.2, 5.2 and 5.3.5 (the equivalent inverse cipher); RFC 5652, section 6.3.
 */

const BLOCK_BYTES = 16;
const ROUNDS = 10;
/** Of a block, and of the key. */
const WORDS = 4;

interface Tables {
  /** SubBytes and its inverse. */
  readonly box: Uint8Array;
  readonly inverse: Uint8Array;
  /** InvSubBytes and InvMixColumns of each of a column's bytes. Signed: such numbers are the faster ones here. */
  readonly columns: readonly [Int32Array, Int32Array, Int32Array, Int32Array];
}

/** Decrypts what was encrypted with one key. `iv` has 16 bytes. */
export type CbcDecryption = (iv: Uint8Array, value: Uint8Array) => Uint8Array<ArrayBuffer>;

let made: Tables | null = null;

/** The first decryption makes them otherwise. */
export function prepareTables(): Tables {
  made ??= makeTables();
  return made;
}

/**
 * For a key of 16 bytes. What it returns throws RangeError for what is not made of whole blocks, or does not end in
 * padding.
 */
export function cbcDecryption(key: Uint8Array): CbcDecryption {
  const tables = prepareTables();
  const keys = decryptionKeys(key, tables);
  return (iv, value) => {
    if (value.length === 0 || value.length % BLOCK_BYTES !== 0 || iv.length !== BLOCK_BYTES)
      throw new RangeError("not whole blocks");
    const plain = new Uint8Array(value.length);
    const [from, to] = [new DataView(value.buffer, value.byteOffset), new DataView(plain.buffer)];
    const block = new Int32Array(WORDS);
    let [before, beforeAt] = [new DataView(iv.buffer, iv.byteOffset), 0];
    for (let at = 0; at < value.length; at += BLOCK_BYTES) {
      for (let index = 0; index < WORDS; index++) block[index] = from.getInt32(at + index * 4);
      decryptBlock(block, keys, tables);
      for (let index = 0; index < WORDS; index++) {
        to.setInt32(at + index * 4, (block[index] as number) ^ before.getInt32(beforeAt + index * 4));
      }
      before = from;
      beforeAt = at;
    }
    block.fill(0);
    try {
      return withoutPadding(plain);
    } finally {
      plain.fill(0);
    }
  };
}

function withoutPadding(plain: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const count = plain[plain.length - 1] ?? 0;
  const padding = plain.subarray(plain.length - count);
  if (count < 1 || count > BLOCK_BYTES || padding.some((byte) => byte !== count))
    throw new RangeError("not padded");
  return plain.slice(0, plain.length - count);
}

/** A block in its place. Written out and without calls, because a short run interprets every step of it. */
function decryptBlock(block: Int32Array, keys: Int32Array, { columns, inverse }: Tables): void {
  const [first, second, third, fourth] = columns;
  let a = (block[0] as number) ^ (keys[0] as number);
  let b = (block[1] as number) ^ (keys[1] as number);
  let c = (block[2] as number) ^ (keys[2] as number);
  let d = (block[3] as number) ^ (keys[3] as number);
  let at = WORDS;
  for (; at < ROUNDS * WORDS; at += WORDS) {
    const w =
      (first[a >>> 24] as number) ^
      (second[(d >>> 16) & 255] as number) ^
      (third[(c >>> 8) & 255] as number) ^
      (fourth[b & 255] as number) ^
      (keys[at] as number);
    const x =
      (first[b >>> 24] as number) ^
      (second[(a >>> 16) & 255] as number) ^
      (third[(d >>> 8) & 255] as number) ^
      (fourth[c & 255] as number) ^
      (keys[at + 1] as number);
    const y =
      (first[c >>> 24] as number) ^
      (second[(b >>> 16) & 255] as number) ^
      (third[(a >>> 8) & 255] as number) ^
      (fourth[d & 255] as number) ^
      (keys[at + 2] as number);
    const z =
      (first[d >>> 24] as number) ^
      (second[(c >>> 16) & 255] as number) ^
      (third[(b >>> 8) & 255] as number) ^
      (fourth[a & 255] as number) ^
      (keys[at + 3] as number);
    a = w;
    b = x;
    c = y;
    d = z;
  }
  block[0] =
    (((inverse[a >>> 24] as number) << 24) |
      ((inverse[(d >>> 16) & 255] as number) << 16) |
      ((inverse[(c >>> 8) & 255] as number) << 8) |
      (inverse[b & 255] as number)) ^
    (keys[at] as number);
  block[1] =
    (((inverse[b >>> 24] as number) << 24) |
      ((inverse[(a >>> 16) & 255] as number) << 16) |
      ((inverse[(d >>> 8) & 255] as number) << 8) |
      (inverse[c & 255] as number)) ^
    (keys[at + 1] as number);
  block[2] =
    (((inverse[c >>> 24] as number) << 24) |
      ((inverse[(b >>> 16) & 255] as number) << 16) |
      ((inverse[(a >>> 8) & 255] as number) << 8) |
      (inverse[d & 255] as number)) ^
    (keys[at + 2] as number);
  block[3] =
    (((inverse[d >>> 24] as number) << 24) |
      ((inverse[(c >>> 16) & 255] as number) << 16) |
      ((inverse[(b >>> 8) & 255] as number) << 8) |
      (inverse[a & 255] as number)) ^
    (keys[at + 3] as number);
}

/** The round keys, last round first, those of the rounds between the outer two by InvMixColumns. */
function decryptionKeys(key: Uint8Array, { box, columns }: Tables): Int32Array {
  const words = new Int32Array((ROUNDS + 1) * WORDS);
  const bytes = new DataView(key.buffer, key.byteOffset);
  for (let index = 0; index < WORDS; index++) words[index] = bytes.getInt32(index * 4);
  let constant = 1;
  for (let index = WORDS; index < words.length; index++) {
    let word = words[index - 1] as number;
    if (index % WORDS === 0) {
      word = substituted((word << 8) | (word >>> 24), box) ^ (constant << 24);
      constant = doubled(constant);
    }
    words[index] = (words[index - WORDS] as number) ^ word;
  }
  const keys = new Int32Array(words.length);
  for (let round = 0; round <= ROUNDS; round++) {
    for (let index = 0; index < WORDS; index++) {
      const word = words[(ROUNDS - round) * WORDS + index] as number;
      const isOuter = round === 0 || round === ROUNDS;
      keys[round * WORDS + index] = isOuter ? word : mixed(substituted(word, box), columns);
    }
  }
  words.fill(0);
  return keys;
}

/** InvMixColumns of a word to which SubBytes was applied, which the tables undo. */
function mixed(word: number, [first, second, third, fourth]: Tables["columns"]): number {
  return (
    (first[word >>> 24] as number) ^
    (second[(word >>> 16) & 255] as number) ^
    (third[(word >>> 8) & 255] as number) ^
    (fourth[word & 255] as number)
  );
}

function substituted(word: number, box: Uint8Array): number {
  return (
    ((box[word >>> 24] as number) << 24) |
    ((box[(word >>> 16) & 255] as number) << 16) |
    ((box[(word >>> 8) & 255] as number) << 8) |
    (box[word & 255] as number)
  );
}

/** FIPS 197, sections 5.1.1 and 5.3.3, by running through all powers of 3, and their inverses, in GF(2^8). */
function makeTables(): Tables {
  const box = new Uint8Array(256);
  const inverse = new Uint8Array(256);
  const [first, second, third, fourth] = [table(), table(), table(), table()];
  let [power, reciprocal] = [1, 1];
  do {
    power ^= doubled(power);
    reciprocal ^= reciprocal << 1;
    reciprocal ^= reciprocal << 2;
    reciprocal = (reciprocal ^ (reciprocal << 4)) & 255;
    if (reciprocal & 0x80) reciprocal ^= 0x09;
    const twice = reciprocal * 0x101; // so that a shift to the right is a rotation
    box[power] = 0x63 ^ reciprocal ^ (twice >>> 7) ^ (twice >>> 6) ^ (twice >>> 5) ^ (twice >>> 4);
  } while (power !== 1);
  box[0] = 0x63;
  for (let byte = 0; byte < 256; byte++) {
    const from = box[byte] ?? 0;
    inverse[from] = byte;
    const two = doubled(byte);
    const four = doubled(two);
    const nine = doubled(four) ^ byte;
    const word = ((nine ^ byte ^ four ^ two) << 24) | (nine << 16) | ((nine ^ four) << 8) | (nine ^ two);
    first[from] = word;
    second[from] = (word >>> 8) | (word << 24);
    third[from] = (word >>> 16) | (word << 16);
    fourth[from] = (word >>> 24) | (word << 8);
  }
  return { box, inverse, columns: [first, second, third, fourth] };
}

const table = () => new Int32Array(256);

/** Times x in GF(2^8), modulo x^8 + x^4 + x^3 + x + 1. */
function doubled(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x1b : 0)) & 255;
}
