/**
 * Replaces secrets by `***` in a stream of bytes, also where they are split over chunks, and holds back no more than
 * could still become one. May see bytes of any kind; keeps nothing that has left.
 *
 * The bytes are searched twice: as they are, and without white space for what programs wrap into lines of 64 or 76
 * columns (base64, hexadecimal).
 */
import { reveal, type Secret } from "../core/secret.ts";
import { openAt, type Patterns, prepare, search } from "./pattern-search.ts";
import {
  type PeriodicPattern,
  type PeriodicSearch,
  periodicPattern,
  periodicSearch,
} from "./periodic-search.ts";
import { secretForms, wrappedForms } from "./secret-forms.ts";

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
/** So much of the beginning of a secret may be shown to somebody who waits. */
const RELEASED_BYTES = 5;

/** What to look for in one reading of the bytes. */
interface Wanted {
  readonly patterns: Patterns;
  readonly periodic: readonly PeriodicPattern[];
}

/** From and up to where a secret stands, in the bytes that are held. */
interface Span {
  start: number;
  end: number;
}

/** Makes redactors for these secrets, one for each stream; the search is prepared once. */
export function redactors(secrets: readonly Secret[]): () => Redactor {
  const plain = wantedOf(secrets.flatMap((wrapped) => secretForms(reveal(wrapped))));
  const dense = wantedOf(secrets.flatMap((wrapped) => wrappedForms(reveal(wrapped))));
  return () => redactor(plain, dense);
}

function wantedOf(forms: readonly string[]): Wanted {
  const encoder = new TextEncoder();
  const rest: Uint8Array[] = [];
  const periodic: PeriodicPattern[] = [];
  for (const bytes of [...new Set(forms)].map((form) => encoder.encode(form))) {
    const found = periodicPattern(bytes);
    if (found) periodic.push(found);
    else rest.push(bytes);
  }
  return { patterns: prepare(rest), periodic };
}

function redactor(plain: Wanted, dense: Wanted): Redactor {
  /** What may still become a secret. */
  let held: Uint8Array = NOTHING;
  /** So many bytes of it were shown or masked already. */
  let done = 0;
  let doneIsMasked = false;
  /** Occurrences of what repeats itself that were found and not masked yet. */
  let waiting: Span[] = [];
  let room = roomFor(0);
  const plainSearches = plain.periodic.map(periodicSearch);
  const denseSearches = dense.periodic.map(periodicSearch);

  function advance(chunk: Uint8Array, final: boolean): Uint8Array {
    const data = held.length === 0 ? chunk : joined([held, chunk]);
    const spans = waiting;
    let open = Math.min(
      openAt(data, plain.patterns),
      readPeriodic(plainSearches, data, held.length, (start, end) => addSpan(spans, start, end)),
    );
    const bare = condensed(data);
    if (bare !== null) {
      const { bytes, placeOf } = bare;
      const placed = (start: number, end: number) => addSpan(spans, placeOf(start), placeOf(end - 1) + 1);
      const denseOpen = Math.min(
        openAt(bytes, dense.patterns),
        readPeriodic(denseSearches, bytes, withoutSpaces(held), placed),
      );
      open = Math.min(open, placeOf(denseOpen));
      search(bytes, bytes.length, dense.patterns, placed);
    }
    if (final) open = data.length;
    search(data, open, plain.patterns, (start, end) => addSpan(spans, start, end));
    return leave(data, open, spans);
  }

  /** Shows and masks everything before `open`, and holds the rest. */
  function leave(data: Uint8Array, open: number, spans: readonly Span[]): Uint8Array {
    const out: Uint8Array[] = [];
    const show = (end: number) => {
      if (end <= done) return;
      out.push(data.subarray(done, end));
      done = end;
      doneIsMasked = false;
    };
    for (const { start, end } of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
      if (end <= done || start >= open) continue;
      show(start);
      if (!(doneIsMasked && start < done)) out.push(MASK);
      done = end;
      doneIsMasked = true;
    }
    show(open);
    waiting = spans
      .filter(({ start }) => start >= open)
      .map(({ start, end }) => ({ start: start - open, end: end - open }));
    held = open === data.length ? NOTHING : data.slice(open);
    done = Math.max(0, done - open);
    return joined(out);
  }

  /** White space makes a second reading necessary, and so does what waits from an earlier one. */
  function condensed(data: Uint8Array): Dense | null {
    if (dense.patterns.list.length + denseSearches.length === 0) return null;
    if (room.bytes.length < data.length) room = roomFor(data.length);
    return withoutSpace(data, room);
  }

  return {
    write: (chunk) => advance(chunk, false),
    end: () => {
      const rest = advance(NOTHING, true);
      room = roomFor(0);
      return rest;
    },
    release: () => {
      if (held.length > RELEASED_BYTES || done >= held.length) return NOTHING;
      const shown = held.subarray(done);
      done = held.length;
      doneIsMasked = false;
      return shown;
    },
  };
}

/** Reads on with each search; where the longest beginning that is still open starts. */
function readPeriodic(
  searches: readonly PeriodicSearch[],
  data: Uint8Array,
  from: number,
  found: (start: number, end: number) => void,
): number {
  let pending = 0;
  for (const one of searches) {
    one.read(data, from, (end) => found(end - one.length, end));
    pending = Math.max(pending, one.pending());
  }
  return data.length - pending;
}

/** Adds a span; one that overlaps the last one of its kind makes that one longer. */
function addSpan(spans: Span[], start: number, end: number): void {
  const last = spans.at(-1);
  if (last && start >= last.start && start < last.end) last.end = Math.max(last.end, end);
  else spans.push({ start, end });
}

/** Where the second reading is written, from one chunk to the next: to make it anew each time took a tenth of the time. */
interface Room {
  readonly bytes: Uint8Array;
  /** For each white space, how many other bytes come before it. */
  readonly gaps: Int32Array;
}

function roomFor(length: number): Room {
  return { bytes: new Uint8Array(length), gaps: new Int32Array(length) };
}

interface Dense {
  readonly bytes: Uint8Array;
  /** Where one of them was, by its index; behind the last one, the end of the data. */
  placeOf(index: number): number;
}

/** The bytes without white space. Its loop is a third of the time that redacting takes. */
function withoutSpace(data: Uint8Array, { bytes, gaps }: Room): Dense {
  const end = data.length;
  let length = 0;
  let spaces = 0;
  for (let at = 0; at < end; at++) {
    const byte = data[at] as number;
    if (byte > SPACE || !isSpace(byte)) {
      bytes[length] = byte;
      length++;
    } else {
      gaps[spaces] = length;
      spaces++;
    }
  }
  const found = gaps.subarray(0, spaces);
  return {
    bytes: bytes.subarray(0, length),
    placeOf: (index) => (index < length ? index + countUpTo(found, index) : end),
  };
}

const SPACE = 0x20;

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** How many of the bytes are no white space. */
function withoutSpaces(data: Uint8Array): number {
  let count = 0;
  for (const byte of data) if (!isSpace(byte)) count++;
  return count;
}

/** How many of these numbers, which do not fall, are at most `limit`. */
function countUpTo(numbers: Int32Array, limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = parts;
  if (only && more.length === 0) return only;
  return parts.length === 0 ? NOTHING : Buffer.concat(parts);
}
