/**
 * Reads a provider's manifest: bytes in, a checked manifest or every problem at once out. The shape is
 * zod's and is published as docs/plugin-manifest.schema.json (scripts/schemas.ts); what no schema
 * can say is manifest-rules.ts's. No I/O. Loaded only when there is a manifest to read: it brings zod along.
 */
import * as z from "zod/mini";
import { isJsonObject, jsonPath } from "../../core/json.ts";
import { ID_PATTERN } from "../../core/provider-id.ts";
import type { Claims } from "./claims.ts";
import { HOST_PATTERN, type Problem, ruleProblems } from "./manifest-rules.ts";
import { VARIABLE_PATTERN } from "./variable-names.ts";

/** A manifest, or why it is none: `problems` is empty exactly when `manifest` is not null. */
export interface ReadManifest {
  readonly manifest: Manifest | null;
  readonly problems: readonly Problem[];
}

/** What is agreed to is shown whole, and lines that are shown are bounded. */
const LONGEST_SHOWN = 250;

const status = z.int().check(z.gte(200), z.lte(599));
const statuses = z.array(status).check(z.minLength(1), z.maxLength(32));
const line = (description: string, longest: number) =>
  z.string().check(z.minLength(1), z.maxLength(longest), z.meta({ description }));

/** The shape of a manifest. Unknown keys are mistakes. */
export const manifestSchema = z.strictObject({
  $schema: z.optional(z.string().check(z.meta({ description: "for editors; has no meaning" }))),
  manifest: z.literal(1).check(z.meta({ description: "version of this format" })),
  id: z.string().check(
    z.meta({
      pattern: ID_PATTERN.source,
      description: "as typed on the command line, and the name of the file",
    }),
  ),
  title: line("as shown to people", 80),
  env: z
    .array(z.string().check(z.meta({ pattern: VARIABLE_PATTERN })))
    .check(
      z.minLength(1),
      z.maxLength(8),
      z.meta({ description: "variables that carry the key, first one wins; 'env' sets the first" }),
    ),
  hosts: z
    .array(z.string().check(z.meta({ pattern: HOST_PATTERN.source })))
    .check(
      z.minLength(1),
      z.maxLength(16),
      z.meta({ description: "the only hosts the key is sent to; a port may follow" }),
    ),
  setup_url: line("the page where a person creates a key", LONGEST_SHOWN),
  verify: z.optional(
    z
      .strictObject({
        url: line("asked with GET; must not cost anything", LONGEST_SHOWN),
        headers: z
          .record(z.string(), z.string().check(z.maxLength(LONGEST_SHOWN)))
          .check(z.meta({ description: "{key} stands for the key; at least one header holds it" })),
        valid: statuses.check(z.meta({ description: "the key works" })),
        rejected: statuses.check(z.meta({ description: "the key does not work" })),
        restricted: z.optional(statuses.check(z.meta({ description: "the key works for part of the API" }))),
        no_quota: z.optional(statuses.check(z.meta({ description: "the key works and nothing is left" }))),
      })
      .check(z.meta({ description: "how to verify a key by a request" })),
  ),
  command: z.optional(
    z
      .array(z.string().check(z.minLength(1), z.maxLength(LONGEST_SHOWN)))
      .check(
        z.minLength(1),
        z.maxLength(32),
        z.meta({ description: "how to verify a key by a program: its absolute path, then its arguments" }),
      ),
  ),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** Reads a manifest and judges it against what other providers have taken. */
export function readManifest(bytes: Uint8Array, claims: Claims): ReadManifest {
  const json = parse(bytes);
  if (json === undefined) return { manifest: null, problems: [malformed("$", "is not JSON in UTF-8")] };
  const shape = z.safeParse(manifestSchema, json);
  const problems = [
    ...(shape.error?.issues ?? []).flatMap((issue) => shapeProblems(issue, json)),
    ...ruleProblems(json, claims),
  ];
  return { manifest: problems.length === 0 ? (shape.data ?? null) : null, problems };
}

/** What a manifest calls itself, fit or not; null when nothing can be told. */
export function idIn(bytes: Uint8Array): string | null {
  const json = parse(bytes);
  const id = isJsonObject(json) ? json["id"] : null;
  return typeof id === "string" ? id : null;
}

/** Problems in one line, for an error's message. */
export function inOneLine(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function malformed(path: string, message: string): Problem {
  return { path, message, refused: false };
}

function shapeProblems(issue: z.core.$ZodIssue, json: unknown): readonly Problem[] {
  const path = jsonPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => malformed(jsonPath([...issue.path, key]), "is not part of a manifest"));
  }
  return [malformed(path, valueAt(json, issue.path) === undefined ? "is missing" : shapeMessage(issue))];
}

function shapeMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? "something else"}`;
    case "invalid_value":
      return `must be ${issue.values.join(" or ")}`;
    case "too_small":
      return `must be at least ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `must be at most ${issue.maximum}${unit(issue.origin)}`;
    default:
      return "is not what is expected here";
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "an object",
  record: "an object",
};

function unit(origin: string): string {
  if (origin === "array") return " long";
  return origin === "string" ? " characters long" : "";
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => {
    return typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined;
  }, json);
}
