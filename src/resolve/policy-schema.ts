/**
 * The policy file's shape, and every problem in one at once. Loaded only where there is a policy file.
 * docs/policy.schema.json is made from the same schema (scripts/schemas.ts).
 */
import { z } from "zod/mini";
import { clean, fail } from "../core/errors.ts";
import { jsonPath } from "../core/json.ts";
import type { ConfiguredSource, Policy, ProviderRule, Rules } from "./policy.ts";

const absolute = z.string().check(z.regex(/^(?:\/|[A-Za-z]:\\)/, "must be an absolute path"));
const variable = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable's name"));
const MAX_TIMEOUT_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 5_000;

const commandSource = z.strictObject({
  command: z.tuple([absolute], z.string()),
  timeout_ms: z.optional(z.int().check(z.gte(1), z.lte(MAX_TIMEOUT_MS))),
});
const sourceSchema = z.union([
  commandSource,
  z.strictObject({ file: absolute }),
  z.strictObject({ env: variable }),
  z.strictObject({ keychain: z.literal(true) }),
]);
const allowRule = z
  .string()
  .check(z.regex(/^(?:(?:[A-Z]+|\*) )?\/\S*$/, "must be a method and a path, such as 'POST /v1/messages'"));
const ruleSchema = z.union([
  z
    .strictObject({
      source: z.optional(sourceSchema),
      exportable: z.optional(z.boolean()),
      allow: z.optional(z.array(allowRule).check(z.minLength(1), z.maxLength(64))),
    })
    .check(z.refine((rules) => Object.keys(rules).length > 0, "must have a source, or deny the provider")),
  z.strictObject({ deny: z.literal(true) }),
]);
const providerId = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a provider's id"));
const teamId = z.string().check(z.regex(/^[A-Za-z0-9._~-]{1,128}$/, "must be a team's id"));
const rules = z.record(providerId, ruleSchema);

export const policySchema = z.strictObject({
  version: z.literal(1),
  organization: z.optional(
    z.strictObject({ id: z.string().check(z.minLength(1)), name: z.string().check(z.minLength(1)) }),
  ),
  providers: z.optional(rules),
  teams: z.optional(z.record(teamId, z.strictObject({ providers: rules }))),
});

type PolicyFile = z.infer<typeof policySchema>;

/** One thing that is wrong with a policy file. `path` is a JSON path such as `$.providers.openai.source`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Every problem in a policy file's bytes; none when it is valid. */
export function policyProblems(bytes: Uint8Array): readonly Problem[] {
  const value = parseJson(bytes);
  if (value === undefined) return [{ path: "$", message: "is not JSON" }];
  const result = policySchema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, []));
}

/** The policy in a file. Throws E_POLICY_INVALID naming its first problem. */
export function parsePolicy(bytes: Uint8Array, path: string): Policy {
  const problems = policyProblems(bytes);
  const [first] = problems;
  if (first) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    throw fail("E_POLICY_INVALID", `${clean(path)}: ${first.path} ${first.message}${more}`);
  }
  return fromFile(policySchema.parse(parseJson(bytes)), path);
}

function fromFile(file: PolicyFile, path: string): Policy {
  const teams = Object.entries(file.teams ?? {}).map(
    ([team, { providers }]) => [team, rulesOf(providers)] as const,
  );
  return {
    organization: file.organization
      ? { id: clean(file.organization.id, 64), name: clean(file.organization.name, 64) }
      : null,
    providers: rulesOf(file.providers ?? {}),
    teams: new Map(teams),
    files: [path],
  };
}

function rulesOf(rules: NonNullable<PolicyFile["providers"]>): Rules {
  return new Map(
    Object.entries(rules).map(([provider, rule]): [string, ProviderRule] => [provider, ruleOf(rule)]),
  );
}

function ruleOf(rule: z.infer<typeof ruleSchema>): ProviderRule {
  if ("deny" in rule) return { kind: "deny" };
  const broker = {
    ...(rule.exportable === undefined ? {} : { exportable: rule.exportable }),
    ...(rule.allow === undefined ? {} : { allow: [rule.allow] }),
  };
  return rule.source
    ? { kind: "source", source: sourceOf(rule.source), ...broker }
    : { kind: "broker", ...broker };
}

function sourceOf(source: z.infer<typeof sourceSchema>): ConfiguredSource {
  if ("command" in source) {
    return { kind: "command", argv: source.command, timeoutMs: source.timeout_ms ?? DEFAULT_TIMEOUT_MS };
  }
  if ("file" in source) return { kind: "path", path: source.file };
  if ("env" in source) return { kind: "policy-variable", variable: source.env };
  return { kind: "policy-keychain" };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

/** A union's problems are those of the alternative that came nearest. */
function problemsOf(issue: Issue, above: readonly PropertyKey[]): Problem[] {
  const path = [...above, ...issue.path];
  const alternatives = issue.errors?.filter((errors) => errors.length > 0) ?? [];
  if (alternatives.length > 0) {
    const nearest = alternatives.reduce((best, errors) => (depth(errors) > depth(best) ? errors : best));
    return nearest.flatMap((inner) => problemsOf(inner, path));
  }
  if (issue.keys)
    return issue.keys.map((key) => ({ path: jsonPath([...path, key]), message: "is not known" }));
  return [{ path: jsonPath(path), message: clean(issue.message) }];
}

function depth(issues: readonly Issue[]): number {
  const unknown = issues.some((issue) => issue.keys);
  return Math.max(...issues.map((issue) => issue.path.length)) * 2 - (unknown ? 1 : 0);
}
