import { describe, expect, test } from "bun:test";
import { type Json, skimmer } from "./skim.ts";

function skimmed(...pieces: readonly string[]): Json[] {
  const found: Json[] = [];
  const reader = skimmer((value) => found.push(structuredClone({ ...value })));
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return found;
}

const ANSWER = JSON.stringify({
  id: 'a "quoted\\" } id\\',
  model: 'the "model"',
  data: [{ model: "not this", usage: { total_tokens: 99 }, b64_json: "A".repeat(2_000) }],
  deep: { a: { b: { c: { d: { e: { f: { g: { h: { usage: { total_tokens: 98 } } } } } } } } } },
  ok: true,
  message: { usage: { input_tokens: 3, details: { input_tokens: 97 } } },
  usage: { total_tokens: 1.5e2, output_tokens: 4, note: "no text" },
});
const KEPT = {
  model: 'the \\"model\\"',
  message: { usage: { input_tokens: 3 } },
  usage: { total_tokens: 150, output_tokens: 4 },
};

describe("what is kept", () => {
  test("the numbers of usage and the model's name", () => expect(skimmed(ANSWER)).toEqual([KEPT]));

  test("wherever the text is cut", () => {
    for (let at = 0; at < ANSWER.length; at++)
      expect(skimmed(ANSWER.slice(0, at), ANSWER.slice(at))).toEqual([KEPT]);
    expect(skimmed(...ANSWER)).toEqual([KEPT]);
  });

  test("of each item of an array", () => {
    expect(skimmed('[{"usage":{"a":1}}\n,\n{"usage":{"a":2}}]')).toEqual([
      { usage: { a: 1 } },
      { usage: { a: 2 } },
    ]);
  });

  test("of a line of an event stream, and of text that was cut off", () => {
    expect(skimmed('data: {"usage":{"a":1},"x":"')).toEqual([{ usage: { a: 1 } }]);
  });

  test.each([
    "",
    "}}}]]",
    '{"a',
    "[[[[",
    '"',
    '{"usage":{"__proto__":1}}',
    "\\\\\\",
    '{"model":{"usage":"x"}}',
  ])("%j breaks nothing", (text) => expect(() => skimmed(text, ANSWER)).not.toThrow());

  test("a hundred megabytes in a moment", () => {
    const found: Json[] = [];
    const reader = skimmer((value) => found.push({ ...value }));
    const piece = `"${"A".repeat(1024 * 1024)}",`;
    reader.write('{"data":[');
    for (let round = 0; round < 100; round++) reader.write(piece);
    reader.write('1],"usage":{"total_tokens":7}}');
    expect(found).toHaveLength(1);
  });

  test("embeddings no slower than JSON.parse would read them", () => {
    const numbers = Array.from({ length: 1_000_000 }, (_, index) => index / 7);
    const text = JSON.stringify({ data: [{ embedding: numbers }], usage: { total_tokens: 7 } });
    const time = (work: () => void) => {
      const before = performance.now();
      work();
      return performance.now() - before;
    };
    expect(skimmed(text)).toEqual([{ usage: { total_tokens: 7 } }]);
    const skims = [1, 2, 3].map(() => time(() => skimmed(text)));
    const parses = [1, 2, 3].map(() => time(() => JSON.parse(text)));
    expect(Math.min(...skims)).toBeLessThan(Math.min(...parses));
  });
});
