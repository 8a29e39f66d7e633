/**
 * Checks a JSON value against a JSON Schema and lists every problem. It knows the part of JSON Schema 2020-12 that
 * {@link JsonSchema} has; `pattern` and `description` are for readers of the schema and are not checked. Pure.
 * Reference: https://json-schema.org/draft/2020-12/json-schema-validation
 */

export interface JsonSchema {
  readonly type: "string" | "number" | "integer" | "array" | "object";
  readonly description?: string;
  readonly pattern?: string;
  readonly const?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** For the keys that `properties` does not name; false refuses them. */
  readonly additionalProperties?: false | JsonSchema;
}

/** One thing wrong with a value. */
export interface SchemaProblem {
  /** Keys and indexes from the root. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Every problem, parents first; none when the value matches. Throws nothing. */
export function schemaProblems(value: unknown, schema: JsonSchema): readonly SchemaProblem[] {
  return problemsAt([], value, schema);
}

type Path = SchemaProblem["path"];

function problemsAt(path: Path, value: unknown, schema: JsonSchema): SchemaProblem[] {
  const problem = (message: string): SchemaProblem[] => [{ path, message }];
  switch (schema.type) {
    case "string":
      if (typeof value !== "string") return problem("must be a string");
      return sizeProblems(path, value.length, schema.minLength, schema.maxLength, "character");
    case "number":
    case "integer":
      return numberProblems(path, value, schema);
    case "array":
      if (!Array.isArray(value)) return problem("must be an array");
      return [
        ...sizeProblems(path, value.length, schema.minItems, schema.maxItems, "item"),
        ...value.flatMap((item, index) =>
          schema.items ? problemsAt([...path, index], item, schema.items) : [],
        ),
      ];
    case "object":
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return problem("must be an object");
      }
      return objectProblems(path, value as Readonly<Record<string, unknown>>, schema);
  }
}

function numberProblems(path: Path, value: unknown, schema: JsonSchema): SchemaProblem[] {
  const problem = (message: string): SchemaProblem[] => [{ path, message }];
  if (schema.const !== undefined) return value === schema.const ? [] : problem(`must be ${schema.const}`);
  if (typeof value !== "number") return problem("must be a number");
  if (schema.type === "integer" && !Number.isSafeInteger(value)) return problem("must be an integer");
  const { minimum, maximum } = schema;
  if (minimum !== undefined && value < minimum) return problem(`must be at least ${minimum}`);
  return maximum !== undefined && value > maximum ? problem(`must be at most ${maximum}`) : [];
}

function objectProblems(
  path: Path,
  value: Readonly<Record<string, unknown>>,
  { properties = {}, required = [], additionalProperties }: JsonSchema,
): SchemaProblem[] {
  const missing = required.filter((key) => !Object.hasOwn(value, key));
  return [
    ...missing.map((key) => ({ path: [...path, key], message: "is missing" })),
    ...Object.entries(value).flatMap(([key, member]) => {
      const place = [...path, key];
      // `__proto__` is a key like any other.
      const schema = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      if (schema === false) return [{ path: place, message: "is not a known key" }];
      return schema ? problemsAt(place, member, schema) : [];
    }),
  ];
}

function sizeProblems(
  path: Path,
  size: number,
  least = 0,
  most = Number.POSITIVE_INFINITY,
  unit: "character" | "item",
): SchemaProblem[] {
  const bound = size < least ? least : size > most ? most : null;
  if (bound === null) return [];
  const limit = size < least ? "at least" : "at most";
  return [{ path, message: `must have ${limit} ${bound} ${unit}${bound === 1 ? "" : "s"}` }];
}
