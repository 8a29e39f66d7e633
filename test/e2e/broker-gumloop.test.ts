/** The broker's Gumloop routes: the session is renewed before it ends and after a 401, once for however many ask. */
import { afterEach, describe, expect, test } from "bun:test";
import { profileEntries, requests, storeExpiredSession, storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => world.server.reset());

let count = 0;
const fresh = (): string => `broker${++count}`;
const tokenRequests = () => requests(world, "/oauth/token");
const MODELS = 'curl -sS -m 20 -H "authorization: Bearer $GUMLOOP_ACCESS_TOKEN" "$GUMLOOP_BASE_URL/models"';

function broker(profile: string, script: string, flags: readonly string[] = []) {
  return world.run(["broker", "gumloop", ...flags, "--profile", profile, "--", "sh", "-c", script]);
}

async function storeLiveSession(profile: string) {
  const tokens = world.server.issueTokens({ expiresIn: 3600 });
  const session = { ...tokens, baseUrl: world.server.baseUrl, expiresAtMs: Date.now() + 3_600_000 };
  await storeSession(world, profile, session);
  return session;
}

describe("a stored session", () => {
  test("is used by its placeholder, at both addresses", async () => {
    const profile = fresh();
    await storeLiveSession(profile);
    const { stdout, code } = await broker(profile, `${MODELS}; echo; env`);
    expect(code).toBe(0);
    expect(stdout).toContain("model_groups");
    expect(stdout).toMatch(/^GUMLOOP_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/gumloop\/api\/v1$/m);
    expect(stdout).toMatch(/^GUMLOOP_STREAM_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/gumloop-openai\/v1$/m);
    expect(stdout).not.toContain("EXAMPLE");
  });

  test("is renewed at the start where it has expired", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    expect((await broker(profile, MODELS)).stdout).toContain("model_groups");
    expect(tokenRequests()).toBe(1);
  });

  test("is renewed once after a 401, for one request or fifty, and stored", async () => {
    const profile = fresh();
    const before = await storeLiveSession(profile);
    world.server.expireAccessTokens();
    const script = `for i in $(seq 50); do ${MODELS} -o /dev/null -w '%{http_code}\\n' & done; wait; ${MODELS}`;
    const { stdout } = await broker(profile, script);
    expect(stdout.match(/^200$/gm)?.length).toBe(50);
    expect(stdout).toContain("model_groups");
    expect(tokenRequests()).toBe(1);
    const after = await profileEntries(world, profile);
    expect(after["access_token"]).not.toBe(before.accessToken);
    expect(after["refresh_token"]).not.toBe(before.refreshToken);
  });

  test("is renewed again and again in one run", async () => {
    const profile = fresh();
    world.server.behaviour.expiresIn = 2;
    await storeLiveSession(profile);
    world.server.expireAccessTokens();
    const { stdout } = await broker(
      profile,
      `${MODELS} -o /dev/null -w '%{http_code} '; sleep 2.2; ${MODELS} -o /dev/null -w '%{http_code}'`,
    );
    world.server.behaviour.expiresIn = 3600;
    expect(stdout).toBe("200 200");
    expect(tokenRequests()).toBe(2);
  });

  test("that has ended is a 401 of the server's", async () => {
    const profile = fresh();
    await storeLiveSession(profile);
    world.server.revokeEverything();
    const { stdout, code } = await broker(profile, `${MODELS} -o /dev/null -w '%{http_code}'`);
    expect({ stdout, code }).toEqual({ stdout: "401", code: 0 });
  });
});

test("an API key goes out with its user id, whatever the client sends", async () => {
  const profile = fresh();
  const { userId } = await world.signInWithKey(profile);
  const { stdout } = await broker(profile, `${MODELS} -H 'x-auth-key: somebody-else'; echo; env`);
  expect(stdout).toContain("model_groups");
  expect(stdout).toContain(`GUMLOOP_USER_ID=${userId}`);
  expect(stdout).not.toContain("EXAMPLE");
});

test("--via gumloop: OpenAI's variables lead to Gumloop's completions", async () => {
  const profile = fresh();
  await storeLiveSession(profile);
  const ask =
    'curl -sS -m 10 -o /dev/null -H "authorization: Bearer $OPENAI_API_KEY" -d "{}" "$OPENAI_BASE_URL/chat/completions"';
  const { stdout } = await broker(profile, `${ask}; env`, ["--via", "gumloop"]);
  expect(stdout).toMatch(/^OPENAI_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/gumloop-openai\/v1$/m);
  expect(requests(world, "/api/v1/chat/completions")).toBe(1);
});
