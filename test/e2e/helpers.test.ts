/** What key-helper settings of other programs run: `get` and `header`, several at once, within their time limits. */
import { describe, expect, test } from "bun:test";
import { requests, storeExpiredSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
const KEY = "sk-ant-api03-EXAMPLE-0123456789";
/** Codex's default, the shortest of those that are known. */
const TIME_LIMIT_MS = 5_000;
const AT_ONCE = Array.from({ length: 10 }, (_, index) => index);

describe("ten at once", () => {
  test("get the same key from the keychain", async () => {
    await world.ok(["keys", "set", "anthropic", "--key", "-", "--no-verify"], { stdin: KEY });
    const started = performance.now();
    const results = await Promise.all(AT_ONCE.map(() => world.run(["get", "anthropic"])));
    expect(performance.now() - started).toBeLessThan(TIME_LIMIT_MS);
    for (const { code, stdout } of results) expect([code, stdout]).toEqual([0, `${KEY}\n`]);
  });

  test("of an expired session: one refresh, and all get its token", async () => {
    await storeExpiredSession(world, "ten");
    const started = performance.now();
    const results = await Promise.all(AT_ONCE.map(() => world.run(["get", "gumloop", "--profile", "ten"])));
    expect(performance.now() - started).toBeLessThan(TIME_LIMIT_MS);
    expect(requests(world, "/oauth/token")).toBe(1);
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
    expect(results.every(({ code, stdout }) => code === 0 && stdout.length > 20)).toBe(true);
  });
});

describe("header --format", () => {
  test("json is one object of every header, lines the same for curl", async () => {
    const { key, userId } = await world.signInWithKey();
    const object = { Authorization: `Bearer ${key}`, "x-auth-key": userId };
    expect(JSON.parse((await world.ok(["header", "--format", "json"])).stdout)).toEqual(object);
    const { stdout } = await world.ok(["header", "gumloop", "--format=lines"]);
    expect(stdout).toBe(`Authorization: Bearer ${key}\nx-auth-key: ${userId}\n`);
    const anthropic = JSON.parse((await world.ok(["header", "claude", "--format", "json"])).stdout);
    expect(anthropic).toEqual({ "x-api-key": KEY, "anthropic-version": "2023-06-01" });
  });

  test("another format is refused", async () => {
    const result = await world.run(["header", "--format", "yaml"]);
    expect([result.code, result.stdout]).toEqual([2, ""]);
  });

  test("a failure prints nothing on stdout", async () => {
    const result = await world.run(["header", "deepseek", "--format", "json"]);
    expect([result.code, result.stdout]).toEqual([3, ""]);
  });
});
