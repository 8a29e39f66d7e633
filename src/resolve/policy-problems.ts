/** What is wrong with a policy file in words, from what zod found: it has none of its own in its small form. Pure. */
import { clean } from "../core/errors.ts";
import { jsonPath } from "../core/json.ts";

/** One thing that is wrong with a policy file. `path` is a JSON path such as `$.providers.openai.source`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** What zod says of a value (https://zod.dev/error-formatting). */
export interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
  readonly issues?: readonly Issue[];
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
}

/** The problems of an issue found in `file` below the path `above`. A union's are those of the alternative that came nearest. */
export function problemsOf(issue: Issue, file: unknown, above: readonly PropertyKey[] = []): Problem[] {
  const path = [...above, ...issue.path];
  const alternatives = issue.errors?.filter((errors) => errors.length > 0) ?? [];
  if (alternatives.length > 0) {
    const nearest = alternatives.reduce((best, errors) =>
      nearness(errors) > nearness(best) ? errors : best,
    );
    return nearest.flatMap((inner) => problemsOf(inner, file, path));
  }
  if (issue.keys)
    return issue.keys.map((key) => ({ path: jsonPath([...path, key]), message: "is not known" }));
  return [{ path: jsonPath(path), message: isThere(file, path) ? clean(wording(issue)) : "is missing" }];
}

/** The fewer keys an alternative does not know, the nearer; then the further into it the problems lie. */
function nearness(issues: readonly Issue[]): number {
  const unknown = issues.flatMap((issue) => (issue.path.length === 0 ? (issue.keys ?? []) : [])).length;
  return Math.max(...issues.map((issue) => issue.path.length)) - unknown * 100;
}

function isThere(file: unknown, path: readonly PropertyKey[]): boolean {
  let value = file;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return false;
    value = Reflect.get(value, name);
  }
  return true;
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["string", "a string"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["object", "an object"],
  ["record", "an object"],
  ["array", "an array"],
  ["tuple", "an array"],
]);

/** Kinds, values and sizes by zod's facts, because its own words depend on what else has loaded it; the rest by our schema's. */
function wording(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS.get(issue.expected ?? "") ?? issue.expected}`;
    case "invalid_value":
      return `must be ${(issue.values ?? []).map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
      return `must ${least(issue)}`;
    case "too_big":
      return `must ${most(issue)}`;
    case "invalid_key":
      return issue.issues?.[0]?.message ?? "must have another name";
    default:
      return issue.message;
  }
}

function least({ origin, minimum }: Issue): string {
  if (origin === "number" || origin === "int") return `be at least ${minimum}`;
  return minimum === 1 ? "not be empty" : `have at least ${minimum} ${partsOf(origin)}`;
}

function most({ origin, maximum }: Issue): string {
  if (origin === "number" || origin === "int") return `be at most ${maximum}`;
  return `have at most ${maximum} ${partsOf(origin)}`;
}

function partsOf(origin: string | undefined): string {
  return origin === "string" ? "characters" : "entries";
}
