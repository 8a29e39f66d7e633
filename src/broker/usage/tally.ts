/** Which model an answer names and how many tokens it says it cost, in the words of each vendor. Pure. */
import type { Json } from "./skim.ts";

export interface Usage {
  readonly model: string | null;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
}

export const NOTHING: Usage = { model: null, tokensIn: null, tokensOut: null };

/** What counts against a limit. */
export function tokensOf({ tokensIn, tokensOut }: Usage): number {
  return (tokensIn ?? 0) + (tokensOut ?? 0);
}

export interface Tally {
  look(value: unknown): void;
  usage(): Usage;
}

/** Streams report running totals: of each number the largest counts. */
export function createTally(): Tally {
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
      ...withTotal(
        sum("prompt_tokens") ??
          sum("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens") ??
          sum("promptTokenCount", "toolUsePromptTokenCount") ??
          sum("inputTokens"),
        sum("completion_tokens") ??
          sum("output_tokens") ??
          sum("candidatesTokenCount", "thoughtsTokenCount") ??
          sum("outputTokens"),
        sum("total_tokens") ?? sum("totalTokenCount") ?? sum("totalTokens"),
      ),
    }),
  };
}

/**
 * Some count in the total alone what is neither: xAI's reasoning tokens stand beside the completion. Where nothing else
 * is said (embeddings, rankings) all of it went in.
 */
function withTotal(
  tokensIn: number | null,
  tokensOut: number | null,
  total: number | null,
): Omit<Usage, "model"> {
  if (total === null || total <= (tokensIn ?? 0) + (tokensOut ?? 0)) return { tokensIn, tokensOut };
  if (tokensIn === null) return { tokensIn: total - (tokensOut ?? 0), tokensOut };
  return { tokensIn, tokensOut: total - tokensIn };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
