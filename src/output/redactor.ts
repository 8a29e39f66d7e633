/**
 * Replaces secrets by `***` in a stream of bytes, also where they are split over chunks, and holds back no more than
 * could still become one. May see bytes of any kind; keeps nothing that has left.
 *
 * The search is Wu and Manber's ("A fast algorithm for multi-pattern searching", TR-94-17, 1994): it looks at the
 * last bytes of a window as long as the shortest pattern, and most of the time they say how far to jump.
 */
import { reveal, type Secret } from "../core/secret.ts";
import { secretForms } from "./secret-forms.ts";

/** One stream's state. */
export interface Redactor {
  /** What may leave now. It may share memory with `chunk`: write it before the chunk is used again. */
  write(chunk: Uint8Array): Uint8Array;
  /**
   * What was held back and is too short to tell anything, for a person who waits at a terminal. It stays part of
   * the search: should the rest of a secret follow, the rest is masked.
   */
  release(): Uint8Array;
  /** What was held back, at the end of the stream. */
  end(): Uint8Array;
}

const MASK = new TextEncoder().encode("***");
const NOTHING = new Uint8Array(0);
/** How many bytes of the beginning of a secret may be shown at a terminal before more input arrives. */
const RELEASED_BYTES = 5;
/** Bytes that are looked at together, and how many different results their hash has. */
const BLOCK = 3;
const HASHES = 1 << 16;
/** A longer window would jump further and fill the table. */
const LONGEST_WINDOW = 64;

interface Patterns {
  readonly list: readonly Uint8Array[];
  readonly longest: number;
  readonly window: number;
  /** How far the window may jump, by the hash of its last block; 0 where a pattern may begin. */
  readonly jumps: Uint8Array;
  /** The patterns that may begin in a window, by the same hash. */
  readonly byBlock: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly byFirst: ReadonlyMap<number, readonly Uint8Array[]>;
}

/** Makes redactors for these secrets, one for each stream; the search is prepared once. */
export function redactors(secrets: readonly Secret[]): () => Redactor {
  const encoder = new TextEncoder();
  const forms = new Set(secrets.flatMap((wrapped) => secretForms(reveal(wrapped))));
  const patterns = prepare([...forms].map((form) => encoder.encode(form)));
  return () => redactor(patterns);
}

function redactor(patterns: Patterns): Redactor {
  /** What may still become a secret. */
  let held: Uint8Array = NOTHING;
  /** So many bytes of it were shown or masked already. */
  let done = 0;
  let doneIsMasked = false;

  function advance(chunk: Uint8Array, final: boolean): Uint8Array {
    const data = held.length === 0 ? chunk : joined([held, chunk]);
    const open = final ? data.length : openAt(data, patterns);
    const out: Uint8Array[] = [];
    const show = (end: number) => {
      if (end <= done) return;
      out.push(data.subarray(done, end));
      done = end;
      doneIsMasked = false;
    };
    search(data, open, patterns, (start, end) => {
      if (end <= done) return;
      show(start);
      if (!(doneIsMasked && start < done)) out.push(MASK);
      done = end;
      doneIsMasked = true;
    });
    show(open);
    held = open === data.length ? NOTHING : data.slice(open);
    done = Math.max(0, done - open);
    return joined(out);
  }

  return {
    write: (chunk) => advance(chunk, false),
    end: () => advance(NOTHING, true),
    release: () => {
      if (held.length > RELEASED_BYTES || done >= held.length) return NOTHING;
      const shown = held.subarray(done);
      done = held.length;
      doneIsMasked = false;
      return shown;
    },
  };
}

function prepare(list: readonly Uint8Array[]): Patterns {
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
function search(
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
function openAt(data: Uint8Array, { longest, byFirst }: Patterns): number {
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

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = parts;
  if (only && more.length === 0) return only;
  return parts.length === 0 ? NOTHING : Buffer.concat(parts);
}
