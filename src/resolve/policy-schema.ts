/**
 * The policy file's shape, and every problem in one at once. Loaded only where there is a policy file.
 * docs/policy.schema.json is made from the same schema (scripts/schemas.ts).
 */
import { z } from "zod/mini";
import { clean, fail } from "../core/errors.ts";
import { jsonPath } from "../core/json.ts";
import { whyNotJson } from "../core/json-error.ts";
import { quotedPath } from "../core/shown-path.ts";
import { PROVIDERS } from "../providers/registry.ts";
import type { Policy, ProviderRule, Rules } from "./policy.ts";
import { type KeyPlace, keyPlaces, PROTO } from "./policy-keys.ts";
import { type Problem, problemsOf } from "./policy-problems.ts";
import { sourceOf, sourceSchema, text } from "./policy-sources.ts";

const providerId = text(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a provider's id");
const teamId = text(/^[A-Za-z0-9._~-]{1,128}$/, "must be a team's id");
const allowRule = text(
  /^(?:(?:[A-Z]+|\*) )?\/\S*$/,
  "must be a method and a path, such as 'POST /v1/messages'",
);
const rule = z
  .strictObject({
    source: z.optional(sourceSchema),
    deny: z.optional(z.literal(true)),
    exportable: z.optional(z.boolean()),
    allow: z.optional(z.array(allowRule).check(z.minLength(1), z.maxLength(64))),
  })
  .check(
    z.refine((rule) => Object.keys(rule).length > 0, "must hold source, deny, exportable or allow"),
    z.refine((rule) => rule.deny !== true || Object.keys(rule).length === 1, "must hold nothing beside deny"),
  );
const rules = z.record(providerId, rule);
const team = z.strictObject({ providers: rules });

export const policySchema = z.strictObject({
  version: z.literal(1),
  organization: z.optional(
    z.strictObject({ id: z.string().check(z.minLength(1)), name: z.string().check(z.minLength(1)) }),
  ),
  providers: z.optional(rules),
  teams: z.optional(z.record(teamId, team)),
});

type PolicyFile = z.infer<typeof policySchema>;
type Team = z.infer<typeof team>;

/** Every problem in a policy file's bytes; none when it is valid. */
export function policyProblems(bytes: Uint8Array): readonly Problem[] {
  return read(bytes).problems;
}

/** The policy in a file. Throws E_POLICY_INVALID naming its first problem. */
export function parsePolicy(bytes: Uint8Array, path: string): Policy {
  const { problems, file, odd } = read(bytes);
  const [first] = problems;
  if (first || !file) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    throw fail(
      "E_POLICY_INVALID",
      `${clean(path)}: ${first?.path} ${first?.message}${more}`,
      `every problem in it is shown by this command; run: gum-cred policy check ${quotedPath(path)}`,
    );
  }
  return fromFile(file, odd, path);
}

interface Reading {
  readonly problems: readonly Problem[];
  readonly file: PolicyFile | null;
  /** The team that is called `__proto__`, which zod's records leave out. */
  readonly odd: Team | null;
}

function read(bytes: Uint8Array): Reading {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return {
      problems: [{ path: "$", message: whyNotJson(bytes[0] === 0xef ? bytes.subarray(3) : bytes) }],
      file: null,
      odd: null,
    };
  }
  const places = keyPlaces(text);
  const result = policySchema.safeParse(value);
  const odd = oddTeam(value);
  const oddIssues = odd === undefined || odd.success ? [] : odd.error.issues;
  const problems = [
    ...(isText(text) ? [] : [{ path: "$", message: "holds half of a surrogate pair, which is no text" }]),
    ...places.filter(({ duplicate }) => duplicate).map(duplicateKey),
    ...places.filter(({ path }) => path.at(-1) === PROTO && !isOddTeam(path)).map(unknownKey),
    ...(result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, value))),
    ...oddIssues.flatMap((one) => problemsOf(one, value, ["teams", PROTO])),
    ...(result.success ? wrongRules(result.data) : []),
    ...(odd?.success ? wrongRules({ version: 1, teams: { odd: odd.data } }) : []),
  ];
  return { problems, file: result.success ? result.data : null, odd: odd?.success ? odd.data : null };
}

/** Whether the escapes of a JSON text make whole characters: what is half of one can be sent nowhere. */
function isText(json: string): boolean {
  const unescaped = json.replace(/\\(?:u([0-9a-f]{4})|.)/gis, (_escape, unit: string | undefined) =>
    unit === undefined ? "x" : String.fromCharCode(Number.parseInt(unit, 16)),
  );
  return unescaped.isWellFormed();
}

function isOddTeam(path: readonly (string | number)[]): boolean {
  return path.length === 2 && path[0] === "teams";
}

function oddTeam(value: unknown) {
  const teams = own(value, "teams");
  const odd = own(teams, PROTO);
  return odd === undefined ? undefined : team.safeParse(odd);
}

function own(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function duplicateKey({ path, line, column }: KeyPlace): Problem {
  return { path: jsonPath(path), message: `is there twice (line ${line}, column ${column})` };
}

function unknownKey({ path }: KeyPlace): Problem {
  return { path: jsonPath(path), message: "is not known" };
}

/** What the shape alone does not say: a vendor has one id, Gumloop's credential is a person's own, and a vendor's token is that vendor's. */
function wrongRules(file: PolicyFile): Problem[] {
  const teams = Object.entries(file.teams ?? {});
  const scopes: [path: string[], rules: NonNullable<PolicyFile["providers"]>][] = [
    [["providers"], file.providers ?? {}],
    ...teams.map(([id, { providers }]): [string[], typeof providers] => [
      ["teams", id, "providers"],
      providers,
    ]),
  ];
  return scopes.flatMap(([path, rules]) =>
    Object.entries(rules).flatMap(([provider, rule]) => {
      const meant = PROVIDERS.find(({ aliases }) => aliases?.includes(provider));
      if (meant) {
        // A rule under it would be valid and bind nobody.
        return [{ path: jsonPath([...path, provider]), message: `is another name: write '${meant.id}'` }];
      }
      if (!rule.source) return [];
      const place = [...path, provider, "source"];
      if (provider === "gumloop") {
        return [{ path: jsonPath(place), message: "is refused: no policy supplies Gumloop's credential" }];
      }
      if (!("federation" in rule.source) || rule.source.federation.provider === provider) return [];
      return [{ path: jsonPath([...place, "federation", "provider"]), message: `must be ${provider}` }];
    }),
  );
}

function fromFile(file: PolicyFile, odd: Team | null, path: string): Policy {
  const named = Object.entries(file.teams ?? {});
  const teams = odd === null ? named : [...named, [PROTO, odd] as const];
  return {
    organization: file.organization
      ? { id: clean(file.organization.id, 64), name: clean(file.organization.name, 64) }
      : null,
    providers: rulesOf(file.providers ?? {}),
    teams: new Map(teams.map(([id, { providers }]) => [id, rulesOf(providers)] as const)),
    files: [path],
  };
}

function rulesOf(rules: NonNullable<PolicyFile["providers"]>): Rules {
  return new Map(
    Object.entries(rules).map(([provider, rule]): [string, ProviderRule] => [provider, ruleOf(rule)]),
  );
}

function ruleOf(rule: NonNullable<PolicyFile["providers"]>[string]): ProviderRule {
  if (rule.deny) return { kind: "deny" };
  const use = {
    ...(rule.exportable === undefined ? {} : { exportable: rule.exportable }),
    ...(rule.allow === undefined ? {} : { allow: [rule.allow] }),
  };
  return rule.source ? { kind: "source", source: sourceOf(rule.source), ...use } : { kind: "broker", ...use };
}
