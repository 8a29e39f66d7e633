/**
 * The level rules against a brute-force reading of docs/policy.md: for every combination of level, source and
 * state, who wins, or which error stands in the way.
 */
import { expect, test } from "bun:test";
import type { Level } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import { secret } from "../core/secret.ts";
import { classify } from "./classify.ts";
import { type Finding, foundAt, isDecisive, type Reading } from "./finding.ts";
import { LEVELS, levelScopes, refuseOtherLevel } from "./levels.ts";
import { type Candidate, plan } from "./plan.ts";
import { type ConfiguredSource, NO_POLICY, type Policy, tighten } from "./policy.ts";

const PROVIDER = {
  id: "openai",
  methods: [{ method: "api_key", variables: ["OPENAI_API_KEY"], field: "api_key", companions: [] }],
} as const;

const STATES = ["absent", "found", "locked", "invalid", "unavailable", "no-service"] as const;
type State = (typeof STATES)[number];

function finding(candidate: Candidate, state: State): Finding {
  switch (state) {
    case "absent":
      return { state: "absent" };
    case "found":
      return foundAt(candidate, secret(`${candidate.location}-EXAMPLE`));
    case "locked":
      return { state: "locked", error: fail("E_KEYCHAIN_LOCKED", candidate.location) };
    case "invalid":
      return { state: "invalid", error: fail("E_MALFORMED", candidate.location) };
    case "unavailable":
      return {
        state: "unavailable",
        error: fail("E_KEYCHAIN_TIMEOUT", candidate.location),
        serviceExists: true,
      };
    case "no-service":
      return {
        state: "unavailable",
        error: fail("E_KEYCHAIN_UNAVAILABLE", candidate.location),
        serviceExists: false,
      };
  }
}

/** The rule read by hand: walk levels strongest first; the first thing that is not absent decides. */
function bruteForce(candidates: readonly Candidate[], states: readonly State[], asked: Level | null): string {
  for (const level of LEVELS) {
    for (const [index, candidate] of candidates.entries()) {
      if (candidate.level !== level) continue;
      const state = states[index] ?? "absent";
      if (state === "absent" || state === "no-service") continue;
      if (state !== "found") return `error at ${candidate.location}`;
      if (asked !== null && asked !== level) return "refused by policy";
      return `${candidate.location} wins`;
    }
  }
  return "nothing";
}

function program(candidates: readonly Candidate[], states: readonly State[], asked: Level | null): string {
  const readings: Reading[] = [];
  let decided = false;
  for (const [index, candidate] of candidates.entries()) {
    const found: Finding | null = decided ? null : finding(candidate, states[index] ?? "absent");
    readings.push({ candidate, finding: found });
    decided ||= found !== null && isDecisive(found);
  }
  const { winner, error } = classify(readings, (found) => refuseOtherLevel(found, NO_POLICY, asked));
  if (winner) return `${winner.location} wins`;
  if (error?.code === "E_POLICY") return "refused by policy";
  return error ? `error at ${error.message}` : "nothing";
}

test("every combination of level, source and state", () => {
  let combinations = 0;
  for (const teamId of [null, "team_1"]) {
    for (const asked of [null, ...LEVELS]) {
      const candidates = plan(
        PROVIDER,
        levelScopes("openai", NO_POLICY, { profile: "default", teamId, level: asked }),
      );
      // Three sources a level make 6^9 combinations; the keychain and the variable of each level are enough to
      // tell every rule apart, and the file in between takes the state of one of them in turn.
      const varied = candidates
        .map((candidate, index) => ({ candidate, index }))
        .filter(({ candidate }) => candidate.source !== "file");
      const total = STATES.length ** varied.length;
      const step = total > 20_000 ? 7 : 1;
      for (let code = 0; code < total; code += step) {
        const states: State[] = candidates.map(() => "absent");
        let rest = code;
        for (const { index } of varied) {
          states[index] = STATES[rest % STATES.length] ?? "absent";
          rest = Math.floor(rest / STATES.length);
        }
        if (code % 3 === 0) states[1] = STATES[code % STATES.length] ?? "absent";
        expect(program(candidates, states, asked)).toBe(bruteForce(candidates, states, asked));
        combinations++;
      }
    }
  }
  expect(combinations).toBeGreaterThan(10_000);
});

const SOURCE: ConfiguredSource = { kind: "command", argv: ["/usr/bin/vault"], timeoutMs: 1 };
const ORGANIZATION = [
  "GUM_CRED_ORG_OPENAI_API_KEY",
  "GUM_CRED_ORG_OPENAI_API_KEY_FILE",
  "gum-cred/llm:organization:openai",
];
const TEAM = [
  "GUM_CRED_TEAM_OPENAI_API_KEY",
  "GUM_CRED_TEAM_OPENAI_API_KEY_FILE",
  "gum-cred/llm:team:t:openai",
];
const PERSONAL = ["OPENAI_API_KEY", "OPENAI_API_KEY_FILE", "gum-cred/llm:personal:work:openai"];

test.each<[name: string, system: object, extra: object, locations: readonly string[]]>([
  ["no policy", {}, {}, [...ORGANIZATION, ...TEAM, ...PERSONAL]],
  ["a source is its level alone", {}, { providers: ["openai"] }, ["/usr/bin/vault", ...TEAM, ...PERSONAL]],
  ["a team's source too", {}, { t: ["openai"] }, [...ORGANIZATION, "/usr/bin/vault", ...PERSONAL]],
  ["nothing self-made outranks the system's", { providers: ["openai"] }, {}, ["/usr/bin/vault", ...PERSONAL]],
  ["nor the system's for the team in scope", { t: ["openai"] }, {}, ["/usr/bin/vault", ...PERSONAL]],
  ["nor does a second file", { t: ["openai"] }, { providers: ["openai"] }, ["/usr/bin/vault", ...PERSONAL]],
  [
    "a rule of the system's for another team does not count",
    { u: ["openai"] },
    {},
    [...ORGANIZATION, ...TEAM, ...PERSONAL],
  ],
  ["nor one for another provider", { providers: ["xai"] }, {}, [...ORGANIZATION, ...TEAM, ...PERSONAL]],
])("%s", (_name, system, extra, locations) => {
  const policyOf = (scopes: Readonly<Record<string, readonly string[]>>): Policy => {
    const rules = (ids: readonly string[] = []) =>
      new Map(ids.map((id) => [id, { kind: "source", source: SOURCE }] as const));
    const { providers, ...teams } = scopes;
    const entries = Object.entries(teams).map(([team, ids]) => [team, rules(ids)] as const);
    return { ...NO_POLICY, providers: rules(providers), teams: new Map(entries) };
  };
  const base = policyOf(system as Record<string, string[]>);
  const policy = tighten(base, policyOf(extra as Record<string, string[]>));
  const request = { profile: "work", teamId: "t", level: null };
  expect(plan(PROVIDER, levelScopes("openai", policy, request)).map(({ location }) => location)).toEqual([
    ...locations,
  ]);
});

test("a second policy file adds and tightens, and never loosens", () => {
  const rules = (entries: Record<string, ConfiguredSource | "deny">): Policy["providers"] =>
    new Map(
      Object.entries(entries).map(([id, rule]) => [
        id,
        rule === "deny" ? { kind: "deny" } : { kind: "source", source: rule },
      ]),
    );
  const [a, b]: ConfiguredSource[] = [
    { kind: "path", path: "/system" },
    { kind: "path", path: "/extra" },
  ];
  if (!a || !b) throw new Error("two sources");
  const system: Policy = { ...NO_POLICY, providers: rules({ kept: a, denied: "deny", tightened: a }) };
  const extra: Policy = {
    ...NO_POLICY,
    providers: rules({ kept: b, denied: b, tightened: "deny", added: b }),
  };
  const merged = tighten(system, extra).providers;
  expect(merged.get("kept")).toEqual({ kind: "source", source: a });
  expect(merged.get("denied")).toEqual({ kind: "deny" });
  expect(merged.get("tightened")).toEqual({ kind: "deny" });
  expect(merged.get("added")).toEqual({ kind: "source", source: b });
});
