/** What a server says about a failure is shown, in every shape that it may have, and the exit code is the failure's own. */
import { afterEach, describe, expect, test } from "bun:test";
import { storeExpiredSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
afterEach(() => world.server.faults.clear());

const json = (status: number, body: unknown) => ({
  status,
  body: JSON.stringify(body),
  contentType: "application/json",
});
const WORDS = "Seats are used up";
const envelope = { error: { code: "some_code", message: WORDS, type: "some_error" } };

const table: readonly (readonly [what: string, status: number, body: unknown, code: number, hint: RegExp])[] =
  [
    ["FastAPI's detail", 403, { detail: WORDS }, 3, /Pro plan/],
    ["FastAPI's list", 422, { detail: [{ loc: ["query"], msg: WORDS }] }, 3, /--team-id/],
    ["an object in detail", 401, { detail: { message: WORDS } }, 3, /token/],
    ["a problem (RFC 9457)", 403, { type: "about:blank", title: "No", detail: WORDS }, 3, /Pro plan/],
    ["the envelope", 400, envelope, 3, /--team-id/],
    ["the envelope", 404, envelope, 3, /--base-url/],
    ["the envelope", 451, envelope, 3, /support/],
    ["the envelope", 429, envelope, 5, /try again/],
    ["the envelope", 500, envelope, 5, /try again|moment/],
    ["RFC 6749's", 503, { error: "busy", error_description: WORDS }, 5, /./],
  ];

test.each(table)("%s with %d, when a credential is verified", async (_, status, body, code, hint) => {
  world.server.faults.inject({ path: "/api/v1/models", ...json(status, body) });
  const env = { GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE-0123456789", GUMLOOP_BASE_URL: world.server.baseUrl };
  const result = await world.run(["status", "--verify", "--json"], { env });
  const { error } = JSON.parse(result.stderr || "{}");
  expect([result.code, error?.message]).toEqual([code, expect.stringContaining(WORDS)]);
  expect(error?.hint).toMatch(hint);
  expect(error?.hint).not.toContain("network");
});

describe("a page that is not the API's", () => {
  test.each([404, 400])("%d is exit 7, with advice about the network", async (status) => {
    world.server.faults.inject({ path: "/api/v1/models", status, body: "<h1>Hotel</h1>" });
    const env = { GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE-0123456789", GUMLOOP_BASE_URL: world.server.baseUrl };
    const { code, stderr } = await world.run(["status", "--verify"], { env });
    expect([code, stderr]).toEqual([7, expect.stringContaining("network")]);
  });
});

const answers: readonly (readonly [
  what: string,
  fault: ReturnType<typeof json>,
  code: number,
  shown: string,
])[] = [
  [
    "an ended session",
    json(400, { error: "invalid_grant", error_description: WORDS }),
    3,
    `its refresh token: ${WORDS}\n`,
  ],
  ["no words", json(400, { error: "invalid_grant" }), 3, "its refresh token\n"],
  ["a limit", json(429, envelope), 5, `status 429: ${WORDS}`],
  ["a failure", json(503, { detail: WORDS }), 5, `status 503: ${WORDS}`],
];
test.each(answers)("when a session is renewed: %s", async (what, fault, code, shown) => {
  const profile = what.replaceAll(" ", "-");
  await storeExpiredSession(world, profile);
  world.server.faults.inject({ path: "/oauth/token", ...fault });
  const result = await world.run(["refresh", "--profile", profile]);
  expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(shown)]);
});
