/** The precedence rules as tables: no I/O, every order written out. */
import { describe, expect, test } from "bun:test";
import { gumloop } from "../../plugins/gumloop/index.ts";
import type { Credential } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import { secret } from "../core/secret.ts";
import { type Candidate, type Finding, judge, type LevelScope, plan } from "./plan.ts";

const SCOPE: LevelScope = {
  level: null,
  prefix: "",
  service: "gumloop-cli",
  account: (field) => `default:${field}`,
};
const CANDIDATES = plan(gumloop, [SCOPE]);

function found(candidate: Candidate): Finding {
  const credential: Credential = {
    provider: "gumloop",
    level: null,
    method: candidate.spec.method,
    source: candidate.source,
    location: candidate.location,
    value: secret("EXAMPLE"),
    userId: null,
    baseUrl: null,
    expiresAt: null,
  };
  return { state: "found", credential };
}

const ABSENT: Finding = { state: "absent" };
const LOCKED: Finding = { state: "locked", error: fail("E_KEYCHAIN_LOCKED", "locked") };
const INVALID: Finding = { state: "invalid", error: fail("E_MISSING_USER_ID", "no user id") };
const NO_SERVICE: Finding = {
  state: "unavailable",
  error: fail("E_KEYCHAIN_UNAVAILABLE", "none"),
  serviceExists: false,
};
const HANGS: Finding = {
  state: "unavailable",
  error: fail("E_KEYCHAIN_TIMEOUT", "hangs"),
  serviceExists: true,
};

/** One letter a candidate: f found, a absent, l locked, i invalid, n no service, h hangs, - not looked at. */
function findings(letters: string): (Finding | undefined)[] {
  const by: Record<string, Finding | undefined> = {
    a: ABSENT,
    l: LOCKED,
    i: INVALID,
    n: NO_SERVICE,
    h: HANGS,
  };
  return [...letters].map((letter, index) => {
    const candidate = CANDIDATES[index];
    return letter === "f" && candidate ? found(candidate) : by[letter];
  });
}

test("Gumloop is looked for in the order of the contract", () => {
  expect(CANDIDATES.map((candidate) => candidate.location)).toEqual([
    "GUMLOOP_ACCESS_TOKEN",
    "GUMLOOP_ACCESS_TOKEN_FILE",
    "GUMLOOP_API_KEY",
    "GUMLOOP_API_KEY_FILE",
    "gumloop-cli/default:access_token",
    "gumloop-cli/default:api_key",
  ]);
});

describe("the first place that holds a credential wins outright", () => {
  const cases: [letters: string, winner: string | null, error: string | null, states: string][] = [
    ["ffffff", "GUMLOOP_ACCESS_TOKEN", null, "selected shadowed shadowed shadowed shadowed shadowed"],
    ["afffff", "GUMLOOP_ACCESS_TOKEN_FILE", null, "absent selected shadowed shadowed shadowed shadowed"],
    ["aafaff", "GUMLOOP_API_KEY", null, "absent absent selected absent shadowed shadowed"],
    ["aaafff", "GUMLOOP_API_KEY_FILE", null, "absent absent absent selected shadowed shadowed"],
    ["aaaaff", "gumloop-cli/default:access_token", null, "absent absent absent absent selected shadowed"],
    ["aaaaaf", "gumloop-cli/default:api_key", null, "absent absent absent absent absent selected"],
    ["aaaaaa", null, null, "absent absent absent absent absent absent"],
    [
      "f-----",
      "GUMLOOP_ACCESS_TOKEN",
      null,
      "selected not_checked not_checked not_checked not_checked not_checked",
    ],
    // What cannot be used is an error and never a reason to go on.
    ["aaiaff", null, "E_MISSING_USER_ID", "absent absent invalid absent shadowed shadowed"],
    ["aaaall", null, "E_KEYCHAIN_LOCKED", "absent absent absent absent locked locked"],
    ["aaaahh", null, "E_KEYCHAIN_TIMEOUT", "absent absent absent absent unavailable unavailable"],
    ["faaall", "GUMLOOP_ACCESS_TOKEN", null, "selected absent absent absent locked locked"],
    // A machine without any keychain service has nothing stored on it.
    ["aaaann", null, null, "absent absent absent absent unavailable unavailable"],
  ];
  for (const [letters, winner, error, states] of cases) {
    test(letters, () => {
      const judgement = judge(CANDIDATES, findings(letters));
      expect(judgement.winner?.location ?? null).toBe(winner);
      expect(judgement.error?.code ?? null).toBe(error as never);
      expect(judgement.candidates.map((judged) => judged.state).join(" ")).toBe(states);
      for (const judged of judgement.candidates) expect(judged.reason).not.toBe("");
    });
  }
});

test("levels come first, sources second, and the prefix names the level's variables", () => {
  const scope = (level: LevelScope["level"], prefix: string): LevelScope => ({ ...SCOPE, level, prefix });
  const google = {
    id: "google",
    methods: [
      { method: "api_key", variables: ["GOOGLE_API_KEY", "GEMINI_API_KEY"], field: "google", companions: [] },
    ],
  } as const;
  const candidates = plan(google, [scope("organization", "GUM_CRED_ORG_"), scope("personal", "")]);
  expect(candidates.map((candidate) => `${candidate.level} ${candidate.location}`)).toEqual([
    "organization GUM_CRED_ORG_GOOGLE_API_KEY",
    "organization GUM_CRED_ORG_GEMINI_API_KEY",
    "organization GUM_CRED_ORG_GOOGLE_API_KEY_FILE",
    "organization GUM_CRED_ORG_GEMINI_API_KEY_FILE",
    "organization gumloop-cli/default:google",
    "personal GOOGLE_API_KEY",
    "personal GEMINI_API_KEY",
    "personal GOOGLE_API_KEY_FILE",
    "personal GEMINI_API_KEY_FILE",
    "personal gumloop-cli/default:google",
  ]);
});
