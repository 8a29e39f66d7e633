/**
 * Reads out of an answer as it passes which model gave it and how many tokens it cost: JSON, event streams (WHATWG
 * HTML §9.2) and newline-delimited JSON, compressed or not. Never changes or delays a byte; what it cannot read it
 * leaves unsaid.
 */
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { type Skimmer, skimmer } from "./skim.ts";
import { createTally, NOTHING, type Tally, type Usage } from "./tally.ts";

export interface UsageReader {
  /** A piece of the body, as it came. It is not kept. */
  write(chunk: Uint8Array): void;
  /** What was found; call once, at the end of the body or where it was cut off. */
  end(): Promise<Usage>;
}

const UNREADABLE: UsageReader = { write: () => {}, end: async () => NOTHING };
/** A body or line that is longer is skimmed as it passes: so much of it is kept at most. */
const MOST_KEPT = 1024 * 1024;

/** For a body with these headers. */
export function usageReader(headers: Headers): UsageReader {
  const type = headers.get("content-type") ?? "";
  const isLines = /\b(?:event-stream|x-ndjson|jsonl|json-lines)\b/i.test(type);
  if (!isLines && !/\bjson\b/i.test(type)) return UNREADABLE;
  const tally = createTally();
  const text = isLines ? lineReader(tally) : documentReader(tally);
  return decoding(headers.get("content-encoding"), text, tally);
}

export interface MessageTally {
  /** What this message says by itself. */
  add(message: string): Usage;
  total(): Usage;
}

/** Adds up what messages of a WebSocket say: each completed response has a usage of its own. */
export function messageTally(): MessageTally {
  let { model, tokensIn, tokensOut } = NOTHING;
  return {
    add: (message) => {
      if (!message.includes('"usage')) return NOTHING;
      const tally = createTally();
      tally.look(parsed(message));
      const found = tally.usage();
      model = found.model ?? model;
      if (found.tokensIn !== null) tokensIn = (tokensIn ?? 0) + found.tokensIn;
      if (found.tokensOut !== null) tokensOut = (tokensOut ?? 0) + found.tokensOut;
      return found;
    },
    total: () => ({ model, tokensIn, tokensOut }),
  };
}

interface TextReader {
  write(text: string): void;
  end(): void;
}

function decoding(encoding: string | null, reader: TextReader, tally: Tally): UsageReader {
  const decoder = new TextDecoder();
  const decompress = decompressor(encoding);
  if (decompress === "unknown") return UNREADABLE;
  if (decompress === null) {
    return {
      write: (chunk) => reader.write(decoder.decode(chunk, { stream: true })),
      end: async () => {
        reader.end();
        return tally.usage();
      },
    };
  }
  let failed = false;
  const finished = new Promise<void>((resolve) => {
    for (const event of ["end", "close", "error"]) decompress.on(event, resolve);
  });
  decompress.on("data", (chunk: Uint8Array) => reader.write(decoder.decode(chunk, { stream: true })));
  decompress.on("error", () => {
    failed = true;
  });
  return {
    // The stream's own buffer grows with what it has not decoded yet, so the bytes are copied.
    write: (chunk) => {
      if (!failed) decompress.write(chunk.slice());
    },
    end: async () => {
      if (!failed) decompress.end();
      await finished;
      reader.end();
      return tally.usage();
    },
  };
}

function decompressor(encoding: string | null) {
  switch (encoding?.trim().toLowerCase() || "identity") {
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "deflate":
      return createInflate();
    case "zstd":
      return createZstdDecompress();
    default:
      return "unknown";
  }
}

function documentReader(tally: Tally): TextReader {
  return longText(tally, (text) => {
    const value = parsed(text);
    // Google's stream without alt=sse is one array.
    for (const item of Array.isArray(value) ? value : [value]) tally.look(item);
  });
}

/** Kept and read whole while it is short, else skimmed. */
function longText(tally: Tally, whole: (text: string) => void): TextReader {
  let text = "";
  let skimmed: Skimmer | null = null;
  return {
    write: (more) => {
      if (skimmed) return skimmed.write(more);
      text += more;
      if (text.length <= MOST_KEPT) return;
      skimmed = skimmer(tally.look);
      skimmed.write(text);
      text = "";
    },
    end: () => {
      if (skimmed) skimmed.end();
      else whole(text);
      skimmed = null;
      text = "";
    },
  };
}

/** Only lines that can say something are parsed: most events are pieces of text. */
function lineReader(tally: Tally): TextReader {
  const line = longText(tally, (text) => {
    if (!/"(?:usage|model|billed_units)/.test(text)) return;
    tally.look(parsed(text.startsWith("data:") ? text.slice(5) : text));
  });
  return {
    write: (more) => {
      const [first = "", ...others] = more.split(/\r\n|\n|\r/);
      line.write(first);
      for (const text of others) {
        line.end();
        line.write(text);
      }
    },
    end: line.end,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
