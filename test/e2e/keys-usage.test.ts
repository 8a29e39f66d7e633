/** `keys usage`: the broker's logs added up, for people and programs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";

const folder = mkdtempSync("/tmp/gum-cred-usage-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry = (ts: string, provider: string | null, more: object = {}) => ({
  ts,
  run: "r1",
  provider,
  level: "personal",
  method: "POST",
  path: "/v1/messages",
  status: 200,
  first_byte_ms: 10,
  total_ms: 20,
  bytes_up: 100,
  bytes_down: 200,
  ...more,
});
const SONNET = { model: "claude-sonnet-4-5", tokens_in: 1000, tokens_out: 50 };
const GPT = { model: "gpt-5", tokens_in: 10, tokens_out: 5 };
const LOG = [
  entry("2026-11-26T23:59:59.000Z", "anthropic", SONNET),
  entry("2026-11-27T00:00:01.000Z", "anthropic", SONNET),
  entry("2026-11-27T10:00:00.000Z", "anthropic", { ...SONNET, status: 529 }),
  entry("2026-11-27T12:00:00.000+02:00", "openai", GPT),
  entry("2026-11-27T11:00:00.000Z", "openai", { status: 400, refused: "the limit of requests is reached" }),
  entry("2026-11-27T11:00:00.000Z", null, { status: 401, refused: "wrong placeholder", bytes_up: -5 }),
];
const row = (requests: number, refused: number, failed: number, tokensIn: number, tokensOut: number, up: number, down: number) => ({
  requests, refused, failed, tokens_in: tokensIn, tokens_out: tokensOut, bytes_up: up, bytes_down: down,
}); // biome-ignore format: one line

beforeAll(() => {
  writeFileSync(`${folder}/a.log`, LOG.map((one) => `${JSON.stringify(one)}\n`).join(""));
});

const usage = async (args: readonly string[], stdin?: string) => {
  const result = await run(["keys", "usage", ...args], stdin === undefined ? {} : { stdin });
  return { ...result, data: result.stdout.startsWith("{") ? JSON.parse(result.stdout) : null };
};

describe("adds up", () => {
  test("by day, vendor and model", async () => {
    const { code, stderr, data } = await usage([`${folder}/a.log`, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(data).toEqual({
      by: ["day", "provider", "model"],
      usage: [
        {
          day: "2026-11-26",
          provider: "anthropic",
          model: "claude-sonnet-4-5",
          ...row(1, 0, 0, 1000, 50, 100, 200),
        },
        {
          day: "2026-11-27",
          provider: "anthropic",
          model: "claude-sonnet-4-5",
          ...row(2, 0, 1, 2000, 100, 200, 400),
        },
        { day: "2026-11-27", provider: "openai", model: "gpt-5", ...row(1, 0, 0, 10, 5, 100, 200) },
        { day: "2026-11-27", provider: "openai", model: null, ...row(0, 1, 0, 0, 0, 100, 200) },
        { day: "2026-11-27", provider: null, model: null, ...row(0, 1, 0, 0, 0, 0, 200) },
      ],
      total: row(4, 2, 1, 3010, 155, 500, 1200),
    });
  });

  test("by some of them, several files, and stdin", async () => {
    const { data } = await usage([`${folder}/a.log`, `${folder}/a.log`, "--by", "provider", "--json"]);
    expect(data.usage).toEqual([
      { provider: "anthropic", ...row(6, 0, 2, 6000, 300, 600, 1200) },
      { provider: "openai", ...row(2, 2, 0, 20, 10, 400, 800) },
      { provider: null, ...row(0, 2, 0, 0, 0, 0, 400) },
    ]);
    const piped = await usage(["-", "--by=day", "--json"], `${JSON.stringify(LOG[0])}\n`);
    expect(piped.data.usage).toEqual([{ day: "2026-11-26", ...row(1, 0, 0, 1000, 50, 100, 200) }]);
  });

  test("as a table", async () => {
    const { stdout } = await usage([`${folder}/a.log`, "--by", "provider"]);
    expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["Provider", "Requests", "Refused", "Failed", "Tokens in", "Tokens out", "Up", "Down"],
      ["anthropic", "3", "0", "1", "3000", "150", "300", "600"],
      ["openai", "1", "1", "0", "10", "5", "200", "400"],
      ["-", "0", "1", "0", "0", "0", "0", "200"],
      ["Total", "4", "2", "1", "3010", "155", "500", "1200"],
      [""],
    ]);
    expect((await usage(["-"], "")).stdout).toBe("No requests.\n");
  });
});

test("what is not the broker's is counted and passed over, and shown harmless", async () => {
  const lines = [
    "not JSON",
    "[]",
    "{}",
    JSON.stringify({ ts: "never", status: 200 }),
    JSON.stringify(
      entry("2026-11-27T00:00:00Z", "__proto__", { model: "\u001b[31mred\n", tokens_in: "many" }),
    ),
    '{"ts":"2026-11-27T00:00:00Z","status":200,"provi',
  ];
  writeFileSync(`${folder}/b.log`, lines.join("\r\n"));
  const { code, stdout, stderr } = await usage([`${folder}/b.log`]);
  expect(code).toBe(0);
  expect(stdout).toContain("__proto__");
  expect(stdout).not.toContain("\u001b");
  expect(stderr).toContain("5 lines are not the broker's");
});

test("a log of a hundred thousand requests takes little memory and time", async () => {
  const line = `${JSON.stringify(LOG[0])}\n`;
  writeFileSync(`${folder}/long.log`, line.repeat(100_000));
  const started = performance.now();
  const { data } = await usage([`${folder}/long.log`, "--json"]);
  expect(data.total.requests).toBe(100_000);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("usage and files that are not there", async () => {
  expect((await usage([])).code).toBe(2);
  expect((await usage(["-", "--by", "hour"], "")).code).toBe(2);
  for (const path of [`${folder}/none`, folder]) {
    const { code, stdout } = await usage([path]);
    expect([path, code, stdout]).toEqual([path, 7, ""]);
  }
});
