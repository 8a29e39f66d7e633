/**
 * Nothing that a user controls changes what the system's policy configures: every place a key can come from, in random
 * combinations, against a reading of docs/policy.md by brute force.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { memoryKeychain } from "../../test/support/memory-keychain.ts";
import type { Level } from "../core/credential.ts";
import { readEnvironment } from "../core/environment.ts";
import { reveal, secret } from "../core/secret.ts";
import { PROVIDERS } from "../providers/registry.ts";
import { resolveKeys } from "./keys.ts";
import { LEVELS, llmAccount } from "./levels.ts";
import { NO_POLICY, type Policy, type ProviderRule, tighten } from "./policy.ts";
import type { Ports, Scope } from "./ports.ts";

const folder = mkdtempSync("/tmp/gum-cred-ruled-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
const openai = PROVIDERS.find(({ id }) => id === "openai");
if (!openai) throw new Error("openai is built in");

/** Every file that a source or a variable can name holds its own name as the key. */
const fileOf = (name: string): string => {
  const path = `${folder}/${name}`;
  writeFileSync(path, `${name}-EXAMPLE\n`);
  return path;
};
const FILES = Object.fromEntries(
  ["sys-org", "sys-team", "extra-org", "extra-team", "file-org", "file-team", "file-personal"].map((name) => [
    name,
    fileOf(name),
  ]),
);

type Rule = "none" | "source" | "missing" | "deny" | "broker";
const RULES: readonly Rule[] = ["none", "none", "source", "missing", "deny", "broker"];
type Place = "none" | "variable" | "file" | "keychain" | "all";
const PLACES: readonly Place[] = ["none", "variable", "file", "keychain", "all"];

interface World {
  readonly system: { readonly org: Rule; readonly team: Rule } | null;
  readonly extra: { readonly org: Rule; readonly team: Rule } | null;
  readonly places: Readonly<Record<Level, Place>>;
  readonly teamId: string | null;
  readonly asked: Level | null;
}

const TEAM = "team_1";
const PREFIX = { organization: "GUM_CRED_ORG_", team: "GUM_CRED_TEAM_", personal: "" } as const;
const SHORT = { organization: "org", team: "team", personal: "personal" } as const;

function ruleOf(rule: Rule, name: string): readonly [string, ProviderRule][] {
  if (rule === "none") return [];
  if (rule === "deny") return [["openai", { kind: "deny" }]];
  if (rule === "broker") return [["openai", { kind: "broker" }]];
  const path = rule === "source" ? (FILES[name] ?? "") : `${folder}/gone`;
  return [["openai", { kind: "source", source: { kind: "path", path } }]];
}

function policyOf(rules: { org: Rule; team: Rule }, name: "sys" | "extra"): Policy {
  return {
    ...NO_POLICY,
    providers: new Map(ruleOf(rules.org, `${name}-org`)),
    teams: new Map([[TEAM, new Map(ruleOf(rules.team, `${name}-team`))]]),
    files: [name],
  };
}

function inForce({ system, extra }: World): Policy {
  const own = system && policyOf(system, "sys");
  const second = extra && policyOf(extra, "extra");
  if (own && second) return tighten(own, second);
  return own ? { ...own, system: own } : (second ?? NO_POLICY);
}

async function program(world: World): Promise<string> {
  const raw: Record<string, string> = {};
  const keychain = memoryKeychain();
  for (const level of LEVELS) {
    const place = world.places[level];
    const variable = `${PREFIX[level]}OPENAI_API_KEY`;
    if (place === "variable" || place === "all") raw[variable] = `var-${SHORT[level]}-EXAMPLE`;
    if (place === "file") raw[`${variable}_FILE`] = FILES[`file-${SHORT[level]}`] ?? "";
    if (place === "keychain" || place === "all") {
      const account = llmAccount(level, "openai", { profile: "default", teamId: TEAM, level: null });
      await keychain.write("gum-cred", account, secret(`chain-${SHORT[level]}-EXAMPLE`));
    }
  }
  const scope: Scope = { profile: "default", baseUrl: null, baseUrlFlag: null, teamId: world.teamId };
  const ports = {
    raw,
    environment: readEnvironment(raw, digest),
    digest,
    policy: async () => inForce(world),
    keychain: async () => keychain,
    keychainPossible: () => true,
    keychainOpened: () => true,
    now: () => 0,
    debug: () => {},
    warn: () => {},
    note: () => {},
    memory: { refreshSent: false },
    busy: (_: string, work: Promise<unknown>) => work,
    lock: async () => ({ release: () => {} }),
  } as unknown as Ports;
  if (!openai) throw new Error("openai is built in");
  const resolutions = await resolveKeys({ providers: [openai], level: world.asked }, scope, ports);
  const { winner = null, error = null } = resolutions.get(openai) ?? {};
  if (error)
    return error.code === "E_POLICY_DENIED" ? "denied" : error.code === "E_POLICY" ? "refused" : "error";
  return winner ? reveal(winner.value).replace("-EXAMPLE", "") : "nothing";
}

/** The contract, sentence by sentence. */
function contract({ system, extra, places, teamId, asked }: World): string {
  const inTeam = teamId === TEAM;
  const rules = [system?.org, extra?.org, ...(inTeam ? [system?.team, extra?.team] : [])];
  // "deny refuses the provider altogether"; a second file can add rules and never loosen.
  if (rules.includes("deny")) return "denied";
  const has = (rule: Rule | undefined) => rule !== undefined && rule !== "none";
  // "Where the system's policy has a rule for a provider, nothing self-made outranks it."
  const ruled = has(system?.org) || (inTeam && has(system?.team));
  const given = (rule: Rule | undefined, name: string): string | null =>
    rule === "source" ? name : rule === "missing" ? "error" : null;
  const selfMade = (level: Level): string | null => {
    const short = SHORT[level];
    const found = {
      none: null,
      variable: `var-${short}`,
      all: `var-${short}`,
      file: `file-${short}`,
      keychain: `chain-${short}`,
    };
    return found[places[level]];
  };
  const ofLevel = (level: "organization" | "team"): { value: string | null; configured: boolean } => {
    const short = level === "organization" ? "org" : "team";
    const own = given(system?.[short], `sys-${short}`);
    // "Where the policy configures a source for a level, that source alone is the level."
    if (own !== null) return { value: own, configured: true };
    if (ruled) return { value: null, configured: false };
    const second = given(extra?.[short], `extra-${short}`);
    return second !== null
      ? { value: second, configured: true }
      : { value: selfMade(level), configured: false };
  };
  const organization = ofLevel("organization");
  const team = inTeam || teamId !== null ? ofTeam() : { value: null, configured: false };
  function ofTeam() {
    if (inTeam) return ofLevel("team");
    // Another team is in scope: the policy says nothing of it, and this one's keychain entry is not its.
    return { value: ruled || places.team === "keychain" ? null : selfMade("team"), configured: false };
  }
  const personal = selfMade("personal");
  if (asked === null) return organization.value ?? team.value ?? personal ?? "nothing";
  if (asked === "organization") return organization.value ?? "nothing";
  // "--level asks for one level only, and is refused if a stronger enforced level exists."
  if (organization.configured) return "refused";
  if (asked === "personal" && team.configured) return "refused";
  if (organization.value !== null) return "refused";
  return (asked === "team" ? team.value : personal) ?? "nothing";
}

function generator(seed: number): <T>(choices: readonly T[]) => T {
  let state = seed;
  return (choices) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const chosen = choices[Math.floor((state / 2 ** 32) * choices.length)];
    if (chosen === undefined) throw new Error("no choices");
    return chosen;
  };
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "no combination changes what the system configures, seed %d",
  async (seed) => {
    const pick = generator(seed * 104_729);
    for (let round = 0; round < 500; round++) {
      const rules = () => ({ org: pick(RULES), team: pick(RULES) });
      const world: World = {
        system: pick([true, true, false]) ? rules() : null,
        extra: pick([true, false]) ? rules() : null,
        places: { organization: pick(PLACES), team: pick(PLACES), personal: pick(PLACES) },
        teamId: pick([null, TEAM, TEAM, "team_2"]),
        asked: pick([null, null, ...LEVELS]),
      };
      expect([world, await program(world)]).toEqual([world, contract(world)]);
      // And by itself: with the same system's policy and nothing of the user's, the same key, or a refusal.
      if (world.system?.org === "source" && world.asked === null) {
        expect(["sys-org", "denied"]).toContain(await program(world));
      }
    }
  },
);
