/** What answers say they cost, in each vendor's words and at any length. */
import { describe, expect, test } from "bun:test";
import { usageReader } from "./reader.ts";
import { tokensOf } from "./tally.ts";

const JSON_TYPE = { "content-type": "application/json" };
const EVENTS = { "content-type": "text/event-stream" };

async function usageOf(headers: Record<string, string>, ...pieces: readonly string[]) {
  const reader = usageReader(new Headers(headers));
  for (const piece of pieces) reader.write(new TextEncoder().encode(piece));
  return reader.end();
}

describe("in the words of each vendor", () => {
  test.each<[string, object, number, number | null]>([
    ["OpenAI's chat", { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }, 3, 4],
    [
      "xAI, whose reasoning stands beside",
      {
        ...{ prompt_tokens: 3, completion_tokens: 4, total_tokens: 107 },
        completion_tokens_details: { reasoning_tokens: 100 },
      },
      3,
      104,
    ],
    ["a total alone", { total_tokens: 12 }, 12, null],
    ["embeddings", { prompt_tokens: 5, total_tokens: 5 }, 5, null],
    ["Anthropic", { input_tokens: 1, cache_read_input_tokens: 10, output_tokens: 2 }, 11, 2],
    ["Bedrock", { inputTokens: 1, outputTokens: 2, totalTokens: 13 }, 1, 12],
    ["an output and a total", { output_tokens: 2, total_tokens: 5 }, 3, 2],
  ])("%s", async (_what, usage, tokensIn, tokensOut) => {
    const found = await usageOf(JSON_TYPE, JSON.stringify({ model: "m", usage }));
    expect(found).toEqual({ model: "m", tokensIn, tokensOut });
  });

  test("Google", async () => {
    const usageMetadata = {
      promptTokenCount: 3,
      candidatesTokenCount: 4,
      thoughtsTokenCount: 5,
      totalTokenCount: 12,
    };
    const found = await usageOf(JSON_TYPE, JSON.stringify([{}, { modelVersion: "g", usageMetadata }]));
    expect(found).toEqual({ model: "g", tokensIn: 3, tokensOut: 9 });
  });
});

describe("at any length", () => {
  const long = "A".repeat(1024 * 1024);
  const usage = '"model":"m","usage":{"input_tokens":3,"output_tokens":4}}';

  test("a JSON answer of 20 MiB", async () => {
    const found = await usageOf(JSON_TYPE, '{"data":[', ...Array(20).fill(`"${long}",`), `1],${usage}`);
    expect([found.model, tokensOf(found)]).toEqual(["m", 7]);
  });

  test("an event of 20 MiB, and one after it", async () => {
    const pieces = ['data: {"x":1}\r\n\r\ndata: {"b64":"', ...Array(20).fill(long), `",${usage}\r`, "\n\r\n"];
    expect(tokensOf(await usageOf(EVENTS, ...pieces))).toBe(7);
    expect(tokensOf(await usageOf(EVENTS, ...pieces, 'data: {"usage":{"output_tokens":9}}\n\n'))).toBe(12);
  });
});
