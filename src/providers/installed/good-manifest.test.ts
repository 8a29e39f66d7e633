/** The quick look at a manifest's shape against the schema: it may never accept what the schema does not. */
import { expect, test } from "bun:test";
import * as z from "zod/mini";
import { commandManifest, GOOD, manifestWith } from "../../../test/support/manifests.ts";
import { isWellFormed } from "./good-manifest.ts";
import { manifestSchema } from "./manifest.ts";

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

test("says the same as the schema of every variant", () => {
  let [good, bad] = [0, 0];
  const wholes = [GOOD, parsed(commandManifest(["/bin/true", "--fast"])) as Record<string, unknown>];
  for (const json of wholes.flatMap((whole) => [...variants(whole)])) {
    const fits = z.safeParse(manifestSchema, json).success;
    if (isWellFormed(json) !== fits) throw new Error(`the schema says ${fits} of ${JSON.stringify(json)}`);
    if (fits) good++;
    else bad++;
  }
  expect(good).toBeGreaterThan(50);
  expect(bad).toBeGreaterThan(1_000);
});

test("refuses what is no object at all", () => {
  for (const json of [...VALUES, undefined, [GOOD]])
    expect([json, isWellFormed(json)]).toEqual([json, false]);
});

test("is not misled by names that every object has", () => {
  const text = new TextDecoder().decode(manifestWith({}));
  expect(isWellFormed(JSON.parse(text.replace("{", '{"__proto__":{"title":"x"},')))).toBe(false);
  expect(isWellFormed(JSON.parse(text.replace("{", '{"constructor":1,')))).toBe(false);
});
