/**
 * Reads out of an answer as it passes which model gave it and how many tokens it cost: JSON, event streams (WHATWG
 * HTML §9.2) and newline-delimited JSON, compressed or not. Never changes or delays a byte; what it cannot read it
 * leaves unsaid.
 */
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

export interface Usage {
  readonly model: string | null;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
}

export interface UsageReader {
  /** A piece of the body, as it came. It is not kept. */
  write(chunk: Uint8Array): void;
  /** What was found; call once, at the end of the body or where it was cut off. */
  end(): Promise<Usage>;
}

const NOTHING: Usage = { model: null, tokensIn: null, tokensOut: null };
const UNREADABLE: UsageReader = { write: () => {}, end: async () => NOTHING };
/** A JSON body that is larger is no model's answer. */
const LARGEST_JSON = 8 * 1024 * 1024;
const LONGEST_LINE = 4 * 1024 * 1024;

/** For a body with these headers. */
export function usageReader(headers: Headers): UsageReader {
  const type = headers.get("content-type") ?? "";
  const isLines = /\b(?:event-stream|x-ndjson|jsonl|json-lines)\b/i.test(type);
  if (!isLines && !/\bjson\b/i.test(type)) return UNREADABLE;
  const tally = createTally();
  const text = isLines ? lineReader(tally) : documentReader(tally);
  return decoding(headers.get("content-encoding"), text, tally);
}

/** Adds up what messages of a WebSocket say: each completed response has a usage of its own. */
export function messageTally(): { add(message: string): void; total(): Usage } {
  let model: string | null = null;
  let tokensIn: number | null = null;
  let tokensOut: number | null = null;
  return {
    add: (message) => {
      if (!message.includes('"usage')) return;
      const tally = createTally();
      tally.look(parsed(message));
      const found = tally.usage();
      model = found.model ?? model;
      if (found.tokensIn !== null) tokensIn = (tokensIn ?? 0) + found.tokensIn;
      if (found.tokensOut !== null) tokensOut = (tokensOut ?? 0) + found.tokensOut;
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
  let text = "";
  let tooLarge = false;
  return {
    write: (more) => {
      if (text.length + more.length > LARGEST_JSON) {
        tooLarge = true;
        text = "";
      }
      if (!tooLarge) text += more;
    },
    end: () => {
      const value = tooLarge ? null : parsed(text);
      // Google's stream without alt=sse is one array.
      for (const item of Array.isArray(value) ? value : [value]) tally.look(item);
    },
  };
}

/** Only lines that can say something are parsed: most events are pieces of text. */
function lineReader(tally: Tally): TextReader {
  let rest = "";
  const line = (text: string): void => {
    if (!text.includes('"usage') && !text.includes('"model') && !text.includes('"billed_units')) return;
    tally.look(parsed(text.startsWith("data:") ? text.slice(5) : text));
  };
  return {
    write: (more) => {
      const lines = (rest + more).split(/\r\n|\n|\r/);
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) rest = "";
      for (const text of lines) line(text);
    },
    end: () => line(rest),
  };
}

interface Tally {
  look(value: unknown): void;
  usage(): Usage;
}

type Json = Readonly<Record<string, unknown>>;

/** Streams report running totals: of each number the largest counts. */
function createTally(): Tally {
  let model: string | null = null;
  const most = new Map<string, number>();
  const note = (numbers: Json): void => {
    for (const [name, value] of Object.entries(numbers)) {
      if (typeof value === "number" && value >= 0) most.set(name, Math.max(most.get(name) ?? 0, value));
    }
  };
  /** `response` is OpenAI's Responses API, `message` Anthropic's first event, `delta` Cohere's last. */
  const look = (value: unknown, depth = 0): void => {
    if (!isObject(value)) return;
    const name = value["model"] ?? value["modelVersion"];
    if (typeof name === "string") model = name.slice(0, 200);
    for (const place of ["usage", "usageMetadata"]) if (isObject(value[place])) note(value[place]);
    const { usage, meta } = value as { usage?: unknown; meta?: unknown };
    for (const holder of [usage, meta]) {
      if (!isObject(holder)) continue;
      const counted = isObject(holder["tokens"]) ? holder["tokens"] : holder["billed_units"];
      if (isObject(counted)) note(counted);
    }
    if (depth < 2) {
      for (const place of ["response", "message", "delta", "x_groq"]) look(value[place], depth + 1);
    }
  };
  const sum = (...names: readonly string[]): number | null => {
    const found = names.flatMap((name) => most.get(name) ?? []);
    return found.length > 0 ? found.reduce((total, each) => total + each, 0) : null;
  };
  return {
    look,
    usage: () => ({
      model,
      tokensIn:
        sum("prompt_tokens") ??
        sum("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens") ??
        sum("promptTokenCount", "toolUsePromptTokenCount") ??
        sum("inputTokens"),
      tokensOut:
        sum("completion_tokens") ??
        sum("output_tokens") ??
        sum("candidatesTokenCount", "thoughtsTokenCount") ??
        sum("outputTokens"),
    }),
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
