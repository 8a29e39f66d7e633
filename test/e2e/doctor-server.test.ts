/** What doctor finds out about the way to the server, its clock, and why it refuses a credential. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { diagnose } from "../support/doctor.ts";
import { startStandIn } from "../support/stand-in/server.ts";
import { storeEntries, storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => world.server.faults.clear());
beforeAll(() => world.signInWithKey());

const doctor = (env: Record<string, string> = {}, ...args: string[]) => diagnose(world, env, ...args);

const here = () => ({ GUMLOOP_BASE_URL: world.server.baseUrl });

describe("server", () => {
  const faults = [
    ["a portal", { body: "<html>wifi</html>" }, 5],
    ["a redirect", { redirect: "https://portal.example/" }, 6],
    ["a failing server", { status: 503 }, 5],
    ["a broken connection", { drop: true }, 5],
  ] as const;
  for (const [what, fault, code] of faults) {
    test(`${what} is exit ${code}, and the credential is not blamed`, async () => {
      world.server.faults.inject({ path: "/api/v1/models", ...fault });
      const found = await doctor();
      expect(found.code).toBe(code);
      expect(found.check("server").state).toBe("problem");
      expect(found.checks.map(({ name }) => name)).not.toContain("acceptance");
    });
  }

  test("a name that cannot be resolved, a port where nobody is, a certificate nobody vouches for", async () => {
    const tls = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: await selfSigned(),
      fetch: () => new Response("{}"),
    });
    const cases: [string, string][] = [
      ["https://nobody.invalid/api/v1", "cannot be resolved"],
      ["http://127.0.0.1:9/api/v1", "refused"],
      [`https://127.0.0.1:${tls.port}/api/v1`, "certificate"],
    ];
    for (const [baseUrl, why] of cases) {
      const env = { GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE", GUMLOOP_BASE_URL: baseUrl };
      const found = await doctor({ ...env, NODE_TLS_REJECT_UNAUTHORIZED: "0" });
      expect(found.code).toBe(5);
      expect(found.check("server").message).toContain(why);
    }
    await tls.stop(true);
  });

  test("a clock that is ahead or behind", async () => {
    for (const [skew, words] of [
      [-3_600_000, "3600 s ahead of"],
      [3_600_000, "3600 s behind"],
    ] as const) {
      world.server.faults.inject({ path: "/api/v1/models", dateSkewMs: skew });
      const found = await doctor();
      expect(found.check("clock").state).toBe("warning");
      expect(found.check("clock").message).toMatch(new RegExp(words.replace(/^\d+/, "(3599|3600|3601)")));
      expect(found.code).toBe(0);
      world.server.faults.clear();
    }
  });

  test("another origin than the stored credential's is exit 6, and it is not sent there", async () => {
    const other = startStandIn();
    const found = await doctor({}, "--base-url", other.baseUrl);
    expect(found.code).toBe(6);
    expect(found.check("credential").message).toContain("was issued for");
    expect(other.log().filter(({ headers }) => headers["authorization"])).toEqual([]);
    await other.stop();
  });
});

describe("acceptance", () => {
  test("401 and 403 are explained as Gumloop's help does", async () => {
    const { key } = world.server.addApiKey({ userId: "StandInUser00000000000000009" });
    const revoked = await doctor({ GUMLOOP_API_KEY: "gum-EXAMPLE", GUMLOOP_USER_ID: "u", ...here() });
    expect(revoked.code).toBe(3);
    expect(revoked.check("acceptance").message).toContain("(401)");
    for (const word of ["whole", "without spaces", "revoked or regenerated", "unset GUMLOOP_API_KEY"]) {
      expect(revoked.check("acceptance").hint).toContain(word);
    }
    const truncated = await doctor({ GUMLOOP_API_KEY: key, GUMLOOP_USER_ID: "StandInUser", ...here() });
    expect(truncated.code).toBe(3);
    expect(truncated.check("acceptance").message).toContain("(403)");
    for (const word of ["user id", "Pro plan", "--team-id", "has 11 characters", "28 are usual"]) {
      expect(truncated.check("acceptance").hint).toContain(word);
    }
  });

  test("a stored session of unknown expiry is refreshed before it is called rejected", async () => {
    const tokens = world.server.issueTokens({ expiresIn: 0 });
    await storeSession(world, "unknown", { ...tokens, baseUrl: world.server.baseUrl });
    const found = await doctor({}, "--profile", "unknown");
    expect([found.code, found.check("acceptance").state]).toEqual([0, "ok"]);
  });

  test("a token without its base URL is exit 7 and sent nowhere", async () => {
    await storeEntries(world, "gumloop-cli", { "lonely:access_token": "at-EXAMPLE-lonely" });
    const before = world.server.log().length;
    const found = await doctor(here(), "--profile", "lonely");
    expect(found.code).toBe(7);
    const asked = world.server.log().slice(before);
    expect(asked.filter(({ headers }) => headers["authorization"])).toEqual([]);
  });
});

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const command = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1 -keyout k.pem -out c.pem`;
  await world.sh(command, { cwd: world.home });
  return {
    key: await Bun.file(`${world.home}/k.pem`).text(),
    cert: await Bun.file(`${world.home}/c.pem`).text(),
  };
}
