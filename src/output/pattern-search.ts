/**
 * Finds many patterns at once in bytes: Wu and Manber's search ("A fast algorithm for multi-pattern searching", TR-94-17,
 * 1994). It looks at the last bytes of a window as long as the shortest pattern, and most of the time they say how far
 * to jump. For patterns that repeat themselves see periodic-search.ts: here they would take quadratic time.
 */

/** Bytes that are looked at together, and how many different results their hash has. */
const BLOCK = 3;
const HASHES = 1 << 16;
/** A longer window would jump further and fill the table. */
const LONGEST_WINDOW = 64;

export interface Patterns {
  readonly list: readonly Uint8Array[];
  readonly longest: number;
  readonly window: number;
  /** How far the window may jump, by the hash of its last block; 0 where a pattern may begin. */
  readonly jumps: Uint8Array;
  /** The patterns that may begin in a window, by the same hash. */
  readonly byBlock: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly byFirst: ReadonlyMap<number, readonly Uint8Array[]>;
}

/** Prepares the search for these patterns, each of at least {@link BLOCK} bytes. */
export function prepare(list: readonly Uint8Array[]): Patterns {
  const lengths = list.map((pattern) => pattern.length);
  const window = Math.min(LONGEST_WINDOW, ...lengths);
  const farthest = window - BLOCK + 1;
  const jumps = new Uint8Array(HASHES).fill(farthest);
  const byBlock = new Map<number, Uint8Array[]>();
  const byFirst = new Map<number, Uint8Array[]>();
  for (const pattern of list.toSorted((a, b) => b.length - a.length)) {
    for (let end = BLOCK - 1; end < window; end++) {
      const block = hashAt(pattern, end);
      jumps[block] = Math.min(jumps[block] ?? farthest, window - 1 - end);
    }
    add(byBlock, hashAt(pattern, window - 1), pattern);
    add(byFirst, pattern[0] ?? 0, pattern);
  }
  return { list, longest: Math.max(0, ...lengths), window, jumps, byBlock, byFirst };
}

/** Calls `found` for every whole pattern in the data that begins before `before`: the longest at each place. */
export function search(
  data: Uint8Array,
  before: number,
  { list, window, jumps, byBlock }: Patterns,
  found: (start: number, end: number) => void,
): void {
  if (list.length === 0) return;
  const last = Math.min(data.length, before + window - 1);
  for (let end = window - 1; end < last; ) {
    const block = hashAt(data, end);
    const jump = jumps[block] ?? 1;
    if (jump > 0) {
      end += jump;
      continue;
    }
    const start = end - window + 1;
    const pattern = byBlock
      .get(block)
      ?.find((candidate) => standsAt(data, start, candidate, candidate.length));
    if (pattern) found(start, start + pattern.length);
    end += 1;
  }
}

/** Where the first pattern begins that the end of the data cuts off; the data's length when there is none. */
export function openAt(data: Uint8Array, { longest, byFirst }: Patterns): number {
  for (let start = Math.max(0, data.length - longest + 1); start < data.length; start++) {
    const rest = data.length - start;
    const candidates = byFirst.get(data[start] ?? 0);
    if (candidates?.some((pattern) => pattern.length > rest && standsAt(data, start, pattern, rest)))
      return start;
  }
  return data.length;
}

function standsAt(data: Uint8Array, start: number, pattern: Uint8Array, length: number): boolean {
  if (start + length > data.length) return false;
  for (let at = 0; at < length; at++) if (data[start + at] !== pattern[at]) return false;
  return true;
}

/** Of the block that ends at this byte. */
function hashAt(bytes: Uint8Array, end: number): number {
  return (((bytes[end - 2] ?? 0) << 10) ^ ((bytes[end - 1] ?? 0) << 5) ^ (bytes[end] ?? 0)) & (HASHES - 1);
}

function add(map: Map<number, Uint8Array[]>, key: number, pattern: Uint8Array): void {
  const patterns = map.get(key);
  if (patterns) patterns.push(pattern);
  else map.set(key, [pattern]);
}
