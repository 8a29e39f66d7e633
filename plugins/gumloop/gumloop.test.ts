/** How Gumloop's answers are read: in every shape of its errors, with the server's own words and advice by them. */
import { expect, test } from "bun:test";
import { secret } from "../../src/core/secret.ts";
import { gumloop } from "./index.ts";

const KEY = "gum_abcdef123456EXAMPLE";
const BOTH = ["oauth", "api_key"] as const;

const cases: [name: string, status: number, body: unknown, words: string, hint: RegExp][] = [
  [
    "the envelope",
    403,
    {
      error: { code: "insufficient_scope", message: "Required scope(s): gumloop", type: "permission_error" },
    },
    "Required scope(s): gumloop",
    /team|plan/,
  ],
  [
    "a plan",
    403,
    { error: { code: "forbidden", message: "your plan does not include API access" } },
    "your plan does not include API access",
    /^the account's plan/,
  ],
  ["a plan by its code", 403, { error: "tier_required_pro" }, "tier_required_pro", /^the account's plan/],
  [
    "a plan in the nested code",
    403,
    { error: { code: "organization_sync_requires_pro", message: "No." } },
    "No.",
    /^the account's plan/,
  ],
  [
    "payment",
    402,
    { error: "insufficient_credits", message: "No credits left" },
    "No credits left",
    /credits/,
  ],
  [
    "an old client",
    426,
    { error: { code: "cli_upgrade_required", message: "Upgrade your CLI to 1.2" } },
    "Upgrade your CLI to 1.2",
    /newest gum-cred/,
  ],
  ["RFC 6749", 401, { error: "invalid_token", error_description: "It is over" }, "It is over", /./],
  ["a message alone", 401, { error: { message: "expired" } }, "expired", /./],
  ["another status", 404, { error: { message: "No such route" } }, "No such route", /--base-url/],
  ["an argument", 400, { error: { message: "No such team" } }, "No such team", /--team-id/],
  ["the law", 451, { error: { message: "Not there" } }, "Not there", /support/],
  ["FastAPI", 403, { detail: "Seats are used up" }, "Seats are used up", /plan/],
  ["FastAPI's list", 422, { detail: [{ msg: "Too long" }, { msg: "No" }] }, "Too long", /--team-id/],
  ["a plan in detail", 403, { detail: "Upgrade to Pro" }, "Upgrade to Pro", /^the account's plan/],
];
for (const method of BOTH) {
  test.each(cases)(`${method}: %s (%d)`, (_, status, body, words, hint) => {
    const answer = { status, contentType: "application/json", body: JSON.stringify(body) };
    const assessment = gumloop.judge(answer, { method, value: secret(KEY) });
    expect(assessment.message).toEndWith(`(${status}): ${words}`);
    expect(assessment.hint ?? "").toMatch(hint);
  });
}

test.each([
  ["the key", `bad key ${KEY}`],
  ["escapes", "bad \u001b[31m\u202ekey\u0007"],
  ["a flood", "x".repeat(5000)],
])("what the server says is safe to show: %s", (_, message) => {
  const answer = { status: 401, contentType: "", body: JSON.stringify({ error: { message } }) };
  const { message: shown } = gumloop.judge(answer, { method: "api_key", value: secret(KEY) });
  expect(shown).not.toContain("EXAMPLE");
  expect(shown).toMatch(/^[\x20-\x7e…]{1,400}$/);
});

test.each(["", "no JSON", "[]", "null", '"text"', '{"error":7}', '{"error":{"message":{}}}'])(
  "a body without words: %p",
  (body) => {
    const answer = { status: 403, contentType: "", body };
    const { message } = gumloop.judge(answer, { method: "oauth", value: secret(KEY) });
    expect(message).toEndWith("(403)");
  },
);
