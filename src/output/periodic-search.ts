/**
 * Finds one pattern that repeats itself, such as a key of a single letter, in linear time: Knuth, Morris and Pratt's
 * search ("Fast pattern matching in strings", SIAM J. Comput. 6, 1977), which remembers across chunks how much of the
 * pattern the bytes so far end with.
 */

/** So long a beginning that repeats so often makes the other search slow. */
const LONG = 32;
const REPEATS = 4;

/** For each beginning of the pattern, how long its longest proper border is. */
function borders(pattern: Uint8Array): Int32Array {
  const found = new Int32Array(pattern.length);
  for (let at = 1, length = 0; at < pattern.length; at++) {
    while (length > 0 && pattern[at] !== pattern[length]) length = found[length - 1] ?? 0;
    if (pattern[at] === pattern[length]) length++;
    found[at] = length;
  }
  return found;
}

/** A pattern with its borders; null where it does not repeat itself. */
export interface PeriodicPattern {
  readonly bytes: Uint8Array;
  readonly borders: Int32Array;
}

export function periodicPattern(bytes: Uint8Array): PeriodicPattern | null {
  if (bytes.length < LONG) return null;
  const found = borders(bytes);
  for (let length = LONG; length <= bytes.length; length++) {
    if ((length - (found[length - 1] ?? 0)) * REPEATS <= length) return { bytes, borders: found };
  }
  return null;
}

/** One stream's search for one pattern. */
export interface PeriodicSearch {
  /** Reads `data` from `from` on; `found` gets where each occurrence ends. */
  read(data: Uint8Array, from: number, found: (end: number) => void): void;
  /** How many of the last bytes are a beginning of the pattern. */
  pending(): number;
  readonly length: number;
}

export function periodicSearch({ bytes, borders: known }: PeriodicPattern): PeriodicSearch {
  let matched = 0;
  return {
    length: bytes.length,
    pending: () => matched,
    read: (data, from, found) => {
      for (let at = from; at < data.length; at++) {
        while (matched > 0 && data[at] !== bytes[matched]) matched = known[matched - 1] ?? 0;
        if (data[at] === bytes[matched]) matched++;
        if (matched < bytes.length) continue;
        found(at + 1);
        matched = known[matched - 1] ?? 0;
      }
    },
  };
}
