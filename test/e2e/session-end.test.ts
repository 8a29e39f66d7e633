/** Signing out, for good: every entry, at the right server, whatever else is going on. */
import { afterEach, describe, expect, test } from "bun:test";
import { gumCred } from "../support/binary.ts";
import { SOON_MS } from "../support/patience.ts";
import { startStandIn } from "../support/stand-in/server.ts";
import {
  profileEntries,
  requests,
  storeEntries,
  storeExpiredSession,
  storeSession,
} from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => world.server.reset());

let count = 0;
const fresh = (): string => `end${++count}`;
const logout = (profile: string, ...more: string[]) => world.run(["logout", "--profile", profile, ...more]);

/** A live session of the world's server. */
async function signedIn(profile: string) {
  const session = { ...world.server.issueTokens(), baseUrl: world.server.baseUrl };
  await storeSession(world, profile, { ...session, expiresAtMs: Date.now() + 3_600_000 });
  return session;
}

test("a refresh that races a logout never brings the session back", async () => {
  let refreshed = 0;
  for (let round = 0; round < 40; round++) {
    world.server.reset();
    const profile = fresh();
    await storeExpiredSession(world, profile);
    world.server.faults.inject({ path: "/oauth/token", times: 1, delayMs: round % 4 === 0 ? 60 : 0 });
    const later = (round % 8) * 4;
    const [out, used] = await Promise.all([
      Bun.sleep(round % 2 === 0 ? later : 0).then(() => logout(profile)),
      Bun.sleep(round % 2 === 0 ? 0 : later).then(() => world.run(["get", "gumloop", "--profile", profile])),
    ]);
    expect(out.code).toBe(0);
    expect([0, 3]).toContain(used.code ?? -1);
    if (used.code === 0) refreshed++;
    expect(await profileEntries(world, profile)).toEqual({});
    expect(world.server.state()).toMatchObject({ families: 0, accessTokens: 0 });
  }
  console.log(`40 races, the refresh came first in ${refreshed}`);
  expect(refreshed).toBeGreaterThan(0);
}, 60_000);

describe("logout", () => {
  test("revokes the refresh token at the stored base URL, whatever base URL is in force now", async () => {
    const other = startStandIn();
    const profile = fresh();
    const { refreshToken } = await signedIn(profile);
    const result = await world.ok(["logout", "--json", "--profile", profile, "--base-url", other.baseUrl]);
    expect(JSON.parse(result.stdout)).toMatchObject({ oauth_revoked: true, oauth_revoke_failed: false });
    expect(world.server.log()).toHaveLength(1);
    expect(world.server.log()[0]?.form).toMatchObject({ token: refreshToken, client_id: "gumloop_cli" });
    expect(other.log()).toEqual([]);
    expect(world.server.state().families).toBe(0);
    await other.stop();
  });

  test("revokes the access token where there is no refresh token", async () => {
    const profile = fresh();
    const { accessToken } = world.server.issueTokens();
    await storeSession(world, profile, { accessToken, baseUrl: world.server.baseUrl });
    expect((await logout(profile)).code).toBe(0);
    expect(world.server.log().map(({ path, form }) => [path, form?.["token"]])).toEqual([
      ["/oauth/revoke", accessToken],
    ]);
  });

  test("sends nothing anywhere without a base URL, and clears all the same", async () => {
    const profile = fresh();
    await storeEntries(world, "gumloop-cli", { [`${profile}:access_token`]: "at-EXAMPLE" });
    const result = await logout(profile, "--json");
    expect(JSON.parse(result.stdout)).toMatchObject({ oauth_revoked: false, oauth_revoke_failed: true });
    expect(result.code).toBe(0);
    expect(world.server.log()).toEqual([]);
    expect(await profileEntries(world, profile)).toEqual({});
  });

  const offline = [
    ["refused", { status: 400 }],
    ["failing", { status: 503 }],
    ["cut off", { drop: true }],
    ["a portal", { body: "<html>wifi</html>" }],
  ] as const;
  for (const [what, fault] of offline) {
    test(`clears, warns and exits 0 when the revocation is ${what}`, async () => {
      const profile = fresh();
      await signedIn(profile);
      world.server.faults.inject({ path: "/oauth/revoke", ...fault });
      const result = await logout(profile);
      expect(result.code).toBe(0);
      expect(result.stderr).toContain("gum-cred: warning: the session could not be revoked");
      expect(await profileEntries(world, profile)).toEqual({});
    });
  }

  test.each(["SIGINT", "SIGTERM", null] as const)(
    "a server that never answers: everything is removed, within 5 s or at %s",
    async (signal) => {
      const profiles = [fresh(), fresh()];
      for (const profile of profiles) await signedIn(profile);
      world.server.faults.inject({ path: "/oauth/revoke", hang: true });
      const started = performance.now();
      const more = signal === null ? ["--all-profiles"] : ["--profile", profiles[0] ?? ""];
      const child = Bun.spawn([gumCred(), "logout", ...more], {
        env: world.env,
        stderr: "pipe",
        stdout: "pipe",
      });
      if (signal !== null) {
        while (!world.server.log().some(({ path }) => path === "/oauth/revoke")) await Bun.sleep(10);
        child.kill(signal);
      }
      expect(await child.exited).toBe(signal === null ? 0 : 130);
      expect(performance.now() - started).toBeLessThan(signal === null ? 5_000 + SOON_MS : 2_000 + SOON_MS);
      expect(await child.stderr.text()).toContain("warning: the session could not be revoked");
      expect(await profileEntries(world, profiles[0] ?? "")).toEqual({});
      if (signal === null) expect(await profileEntries(world, profiles[1] ?? "")).toEqual({});
    },
    20_000,
  );

  test("removes duplicates, and nothing of other profiles or services", async () => {
    const profile = fresh();
    const neighbour = `${profile}x`;
    await signedIn(profile);
    await signedIn(neighbour);
    const other = { label: "x", attributes: `service another-service username ${profile}:access_token` };
    await world.sh(`printf not-ours-EXAMPLE | secret-tool store --label ${other.label} ${other.attributes}`);
    await storeEntries(world, "gum-cred", { [`llm:personal:${profile}:openai`]: "sk-EXAMPLE" });
    // Items with further attributes are no replacement for each other: this is how duplicates come about.
    for (const extra of ["xdg:schema a", "application other", "colour blue"]) {
      const attributes = `service gumloop-cli username ${profile}:access_token ${extra}`;
      await world.sh(`printf at-EXAMPLE | secret-tool store --label duplicate ${attributes}`);
    }
    const items = async (attributes: string) =>
      (
        await world.sh(`secret-tool search --all ${attributes} 2>/dev/null | grep -c '^secret'`)
      ).stdout.trim();
    expect(await items(`service gumloop-cli username ${profile}:access_token`)).toBe("4");
    expect((await logout(profile)).code).toBe(0);
    expect(await items(`service gumloop-cli username ${profile}:access_token`)).toBe("0");
    expect(await profileEntries(world, profile)).toEqual({});
    expect(Object.keys(await profileEntries(world, neighbour))).toHaveLength(3);
    expect(await items(other.attributes)).toBe("1");
    const ours = Object.keys(await world.entries("gum-cred"));
    expect(ours).toContain(`llm:personal:${profile}:openai`);
    expect(ours).not.toContain(`${profile}:expiry`);
    expect(ours).toContain(`${neighbour}:expiry`);
  });

  test("says what lives on: variables, also those that gum-cred exported itself, and an API key", async () => {
    const profile = fresh();
    await world.signInWithKey(profile);
    const args = `--profile ${profile}`;
    const script = `eval $(gum-cred env gumloop ${args}); gum-cred logout ${args}`;
    const result = await world.sh(script);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("GUMLOOP_API_KEY in the environment still works");
    expect(result.stderr).toContain("the API key still works at Gumloop until it is revoked at https://");
  });

  test("--all-profiles clears names that only another program would choose, and stays in its folder", async () => {
    const odd = "../../../../tmp/Evil Profile:x";
    await world.sh(
      `printf at-EXAMPLE | secret-tool store --label odd service gumloop-cli username "${odd}:access_token"`,
    );
    await signedIn(fresh());
    expect((await world.run(["logout", "--all-profiles"])).code).toBe(0);
    expect(await world.entries("gumloop-cli")).toEqual({});
  });

  test("of a locked keychain is exit 4 and revokes nothing", async () => {
    const profile = fresh();
    await signedIn(profile);
    await world.keyring.lock();
    const result = await logout(profile);
    await world.keyring.unlock();
    expect(result.code).toBe(4);
    expect(requests(world, "/oauth/revoke")).toBe(0);
    expect(Object.keys(await profileEntries(world, profile))).toHaveLength(3);
  });
});

describe("a login that replaces a session", () => {
  test("revokes nothing, and sends nothing of the old one to the new server", async () => {
    const next = startStandIn();
    const profile = fresh();
    await signedIn(profile);
    const { key, userId } = next.addApiKey();
    const at = ["--base-url", next.baseUrl, "--profile", profile];
    await world.ok(["login", "--api-key", "-", "--user-id", userId, ...at], { stdin: key });
    expect(world.server.log()).toEqual([]);
    expect(next.log().map(({ path }) => path)).toEqual(["/api/v1/models"]);
    expect(await profileEntries(world, profile)).toEqual({
      api_key: key,
      user_id: userId,
      base_url: next.baseUrl,
    });
    await next.stop();
  });

  test("with the very same access token does not end the session it belongs to", async () => {
    const profile = fresh();
    const { accessToken } = await signedIn(profile);
    const at = ["--base-url", world.server.baseUrl, "--profile", profile];
    await world.ok(["login", "--access-token", "-", ...at], { stdin: accessToken });
    expect(requests(world, "/oauth/revoke")).toBe(0);
    expect((await world.run(["status", "--verify", "--profile", profile])).code).toBe(0);
  });
});
