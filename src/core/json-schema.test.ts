/** The checker of JSON Schemas against zod, which reads the published schema of manifests. */
import { expect, test } from "bun:test";
import * as z from "zod";
import { commandManifest, GOOD, manifestWith } from "../../test/support/manifests.ts";
import { isManifestShaped, MANIFEST_SCHEMA } from "../providers/installed/manifest-shape.ts";
import { type JsonSchema, schemaProblems } from "./json-schema.ts";

const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** Anything that may stand in a manifest, right or wrong, at the edge of what is allowed and beyond. */
const VALUES: readonly unknown[] = [
  ...[null, true, 0, 1, 199, 200, 599, 600, 200.5, -1, 2 ** 53, "", "x", "x".repeat(80), "x".repeat(81)],
  ...["x".repeat(250), "x".repeat(251), [], ["x"], [""], [1], [null], [200], [200, 599], [600], [[200]], {}],
  ...[{ x: "y" }, { x: 1 }, { authorization: "Bearer {key}" }, { x: "y".repeat(251) }],
  ...[8, 9, 16, 17, 32, 33].flatMap((length) => [Array(length).fill("x"), Array(length).fill(200)]),
];

/** Every manifest that has one of these values in one place, and every one that lacks a part or has one too many. */
function* variants(whole: Readonly<Record<string, unknown>>): Generator<Record<string, unknown>> {
  yield { ...whole };
  for (const key of [
    ...Object.keys(whole),
    "$schema",
    "command",
    "verify",
    "extra",
    "restricted",
    "no_quota",
  ]) {
    for (const value of VALUES) yield { ...whole, [key]: value };
    const { [key]: _, ...without } = whole;
    yield without;
    const part = whole[key];
    if (typeof part !== "object" || part === null || Array.isArray(part)) continue;
    for (const inner of variants(part as Record<string, unknown>)) yield { ...whole, [key]: inner };
  }
}

/** `pattern` is checked by manifest-rules.ts, with better messages. */
const withoutPatterns = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema, (key, value) => (key === "pattern" ? undefined : value)));
const byZod = z.fromJSONSchema(withoutPatterns(MANIFEST_SCHEMA) as Parameters<typeof z.fromJSONSchema>[0]);

test("says the same as zod of every variant", () => {
  let [good, bad] = [0, 0];
  const wholes = [GOOD, parsed(commandManifest(["/bin/true", "--fast"])) as Record<string, unknown>];
  for (const json of wholes.flatMap((whole) => [...variants(whole)])) {
    const fits = byZod.safeParse(json).success;
    if (isManifestShaped(json) !== fits) throw new Error(`zod says ${fits} of ${JSON.stringify(json)}`);
    if (fits) good++;
    else bad++;
  }
  expect(good).toBeGreaterThan(50);
  expect(bad).toBeGreaterThan(1_000);
});

test("refuses what is no object at all", () => {
  for (const json of [...VALUES, undefined, [GOOD]])
    expect([json, isManifestShaped(json)]).toEqual([json, false]);
});

test("is not misled by names that every object has", () => {
  const text = new TextDecoder().decode(manifestWith({}));
  expect(isManifestShaped(JSON.parse(text.replace("{", '{"__proto__":{"title":"x"},')))).toBe(false);
  expect(isManifestShaped(JSON.parse(text.replace("{", '{"constructor":1,')))).toBe(false);
});

const NUMBERS: JsonSchema = { type: "array", items: { type: "integer", minimum: 2 }, maxItems: 2 };
const MESSAGES: readonly (readonly [JsonSchema, unknown, readonly string[]])[] = [
  [{ type: "string", minLength: 1 }, "", [": must have at least 1 character"]],
  [{ type: "string", maxLength: 3 }, "four", [": must have at most 3 characters"]],
  [{ type: "string" }, 1, [": must be a string"]],
  [{ type: "number", const: 1 }, 2, [": must be 1"]],
  [{ type: "integer" }, 1.5, [": must be an integer"]],
  [NUMBERS, [1, 2, "3"], [": must have at most 2 items", "0: must be at least 2", "2: must be a number"]],
  [NUMBERS, {}, [": must be an array"]],
  [
    { type: "object", properties: { a: NUMBERS }, required: ["a", "b"], additionalProperties: false },
    { a: [1], c: 1 },
    ["b: is missing", "a.0: must be at least 2", "c: is not a known key"],
  ],
  [{ type: "object", additionalProperties: { type: "string" } }, { x: 1 }, ["x: must be a string"]],
  [{ type: "object" }, null, [": must be an object"]],
];
test("names every problem with its place", () => {
  for (const [schema, value, expected] of MESSAGES) {
    const found = schemaProblems(value, schema).map(({ path, message }) => `${path.join(".")}: ${message}`);
    expect(found).toEqual([...expected]);
  }
});
