/** Who wins, and why the others lost, as a table: no I/O, every state at every place. */
import { describe, expect, test } from "bun:test";
import { gumloop } from "../../plugins/gumloop/index.ts";
import { fail } from "../core/errors.ts";
import { secret } from "../core/secret.ts";
import { classify, refused } from "./classify.ts";
import { explain } from "./explain.ts";
import { type Finding, foundAt, type Reading } from "./finding.ts";
import { plan } from "./plan.ts";

const CANDIDATES = plan(gumloop, [
  { level: null, prefix: "", service: "gumloop-cli", account: (field) => `default:${field}` },
]);

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

/** One letter a candidate: f found, a absent, l locked, i invalid, n no service, h hangs, - not read. */
function readings(letters: string): Reading[] {
  const by: Record<string, Finding> = { a: ABSENT, l: LOCKED, i: INVALID, n: NO_SERVICE, h: HANGS };
  return CANDIDATES.map((candidate, index) => {
    const letter = letters.charAt(index);
    const finding = letter === "f" ? foundAt(candidate, secret("EXAMPLE")) : (by[letter] ?? null);
    return { candidate, finding };
  });
}

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
      const resolution = classify(readings(letters));
      expect(resolution.winner?.location ?? null).toBe(winner);
      expect(resolution.error?.code ?? null).toBe(error as never);
      const explanations = explain(resolution);
      expect(explanations.map(({ state }) => state).join(" ")).toBe(states);
      for (const { reason } of explanations) expect(reason).not.toBe("");
    });
  }
});

test("a winner that is refused is blocked, and nothing weaker takes its place", () => {
  const error = fail("E_POLICY", "not this one");
  const resolution = classify(readings("afafff"), () => error);
  expect(resolution.winner).toBeNull();
  expect(resolution.error).toBe(error);
  const [, refusedOne, ...others] = explain(resolution);
  expect(refusedOne).toMatchObject({ state: "blocked", reason: "not this one" });
  expect(others.map(({ state }) => state).join(" ")).toBe("absent shadowed shadowed shadowed");
  expect(others.at(-1)?.reason).toBe("GUMLOOP_ACCESS_TOKEN_FILE comes first");
});

test("a plan that must not be carried out is blocked at every place", () => {
  const error = fail("E_POLICY_DENIED", "denied");
  const resolution = refused(CANDIDATES, error);
  expect(resolution).toMatchObject({ winner: null, error });
  expect(new Set(explain(resolution).map(({ state, reason }) => `${state} ${reason}`))).toEqual(
    new Set(["blocked denied"]),
  );
});
