/** Which credential wins, seen from outside: order, companions, base URLs, and what must not be touched. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { countingSocket } from "../support/private-bus.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();

describe("environment", () => {
  test("an access token wins alone: no x-auth-key, and nobody talks to D-Bus", async () => {
    await world.signInWithKey();
    const bus = await countingSocket();
    const token = world.server.issueTokens().accessToken;
    const env = {
      GUMLOOP_ACCESS_TOKEN: token,
      GUMLOOP_API_KEY: "key-EXAMPLE",
      GUMLOOP_USER_ID: "user_abc",
      GUMLOOP_BASE_URL: world.server.baseUrl,
      DBUS_SESSION_BUS_ADDRESS: bus.address,
    };
    for (const args of [
      ["env", "gumloop"],
      ["exec", "gumloop", "--", "true"],
      ["get", "gumloop"],
      ["header"],
      ["explain"],
      ["status", "--verify"],
    ]) {
      expect((await world.run(args, { env })).code).toBe(0);
    }
    expect((await world.ok(["header"], { env })).stdout).toBe(`Authorization: Bearer ${token}\n`);
    const verified = JSON.parse((await world.ok(["status", "--verify", "--json"], { env })).stdout);
    expect(verified).toMatchObject({ verification: "verified", keychain: { state: "not_opened" } });
    expect(world.server.log().at(-1)?.headers["x-auth-key"]).toBeUndefined();
    expect(bus.connections()).toBe(0);
    await bus.stop();
  });

  test("an API key without its user id is an error, even with somebody's id in the keychain", async () => {
    await world.signInWithKey();
    for (const args of [["env"], ["get", "gumloop"], ["header"], ["status"]]) {
      const result = await world.run(args, { env: { GUMLOOP_API_KEY: "key-EXAMPLE" } });
      expect(result.code).toBe(2);
      expect(result.stderr).toContain("error[E_MISSING_USER_ID]");
      expect(result.stderr).toContain("GUMLOOP_USER_ID");
    }
  });

  test("X together with X_FILE names both", async () => {
    const env = { GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE", GUMLOOP_ACCESS_TOKEN_FILE: "/nowhere" };
    const result = await world.run(["env"], { env });
    expect(result).toMatchObject({ code: 2, stdout: "(exit 2);\n" });
    expect(result.stderr).toContain("GUMLOOP_ACCESS_TOKEN and GUMLOOP_ACCESS_TOKEN_FILE are both set");
  });

  test("a _FILE is read and trimmed; what is wrong with it is an error", async () => {
    const path = `${world.home}/secret.txt`;
    const get = (file: string) => world.run(["get", "gumloop"], { env: { GUMLOOP_ACCESS_TOKEN_FILE: file } });
    writeFileSync(path, "  tok-EXAMPLE\r\n");
    expect((await get(path)).stdout).toBe("tok-EXAMPLE\n");
    const wrong: [content: string | Uint8Array, code: string][] = [
      ["", "E_MALFORMED"],
      [" \n", "E_MALFORMED"],
      ["a\nb", "E_MALFORMED"],
      [new Uint8Array([0xff, 0xfe, 0x41]), "E_MALFORMED"],
      ["x".repeat(70_000), "E_MALFORMED"],
    ];
    for (const [content, code] of wrong) {
      writeFileSync(path, content);
      const result = await get(path);
      expect(result.code).toBe(7);
      expect(result.stderr).toContain(code);
    }
    for (const missing of ["/nowhere/at/all", world.home]) {
      const result = await get(missing);
      expect(result.code).toBe(7);
      expect(result.stderr).toContain("E_FILE_UNREADABLE");
    }
  });

  test("a _FILE can be read twice in the same shell after an eval", async () => {
    const path = `${world.home}/key.txt`;
    writeFileSync(path, "key-EXAMPLE");
    const script = `set -eu; eval $(gum-cred env); printf other-EXAMPLE > ${path}; eval $(gum-cred env); echo $GUMLOOP_API_KEY`;
    const result = await world.sh(script, {
      env: { GUMLOOP_API_KEY_FILE: path, GUMLOOP_USER_ID: "user_abc" },
    });
    expect(result).toMatchObject({ code: 0, stdout: "other-EXAMPLE\n" });
  });
});

describe("keychain", () => {
  test("explain shows every candidate in order, and why", async () => {
    await world.signInWithKey();
    const { stdout } = await world.ok(["explain", "--json"]);
    const { provider, winner, candidates } = JSON.parse(stdout);
    expect(provider).toBe("gumloop");
    expect(winner).toMatchObject({ level: null, method: "api_key", source: "keychain", state: "selected" });
    expect(candidates.map((candidate: { state: string }) => candidate.state)).toEqual([
      "absent",
      "absent",
      "absent",
      "absent",
      "absent",
      "selected",
    ]);
    expect((await world.ok(["explain", " Gumloop "])).stdout).toContain("gumloop-cli/default:api_key wins");
  });

  test("profiles are apart", async () => {
    const first = await world.signInWithKey();
    const token = await world.signInWithToken("work");
    expect((await world.ok(["get", "gumloop"])).stdout).toBe(`${first.key}\n`);
    expect((await world.ok(["--profile", "work", "get", "gumloop"])).stdout).toBe(`${token}\n`);
    const env = { GUM_CRED_PROFILE: "work" };
    expect((await world.ok(["get", "gumloop", "--field", "base_url"], { env })).stdout).toBe(
      `${world.server.baseUrl}\n`,
    );
    expect((await world.run(["get", "gumloop", "--field", "user_id"], { env })).code).toBe(3);
    const bad = await world.run(["status", "--profile", "../etc"]);
    expect(bad.code).toBe(2);
  });

  test("another origin is refused; the same origin is not", async () => {
    await world.signInWithKey();
    for (const args of [["env"], ["get", "gumloop"], ["header"]]) {
      const result = await world.run([...args, "--base-url", "https://evil.example/api/v1"]);
      expect(result.code).toBe(6);
      expect(result.stderr).toContain("E_BASE_URL_MISMATCH");
    }
    const env = { GUMLOOP_BASE_URL: "https://evil.example" };
    expect((await world.run(["env"], { env })).code).toBe(6);
    await world.ok(["env", "--base-url", `${world.server.url}/api/v2`]);
  });

  test("a token without its base URL is sent nowhere", async () => {
    await world.sh(
      `printf tok-EXAMPLE | secret-tool store --label=x application 'Python keyring library' service gumloop-cli username lone:access_token`,
    );
    const result = await world.run(["status", "--verify", "--profile", "lone"]);
    expect(result.code).toBe(7);
    expect(result.stderr).toContain("E_INCOMPLETE");
  });

  test("a locked keyring is exit 4 and never 'not signed in'", async () => {
    const { key, userId } = await world.signInWithKey();
    await world.keyring.lock();
    for (const args of [
      ["env"],
      ["get", "gumloop"],
      ["status"],
      ["logout"],
      ["login", "--api-key", "-", "--user-id", userId],
    ]) {
      const result = await world.run([...args, "--base-url", world.server.baseUrl], { stdin: key });
      expect(result.code).toBe(4);
      expect(result.stderr).toContain("error[E_KEYCHAIN_LOCKED]");
      expect(result.stderr).toContain("unlock");
    }
    const status = await world.run(["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ authenticated: null, keychain: { state: "locked" } });
    const { stdout, code } = await world.run(["explain", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).candidates.at(-1).state).toBe("locked");
    await world.keyring.unlock();
    expect((await world.ok(["get", "gumloop"])).stdout).toBe(`${key}\n`);
  });

  test("without any keychain service: login says what to do instead, the rest needs the environment", async () => {
    const env = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
    const { key, userId } = world.server.addApiKey();
    const login = await world.run(
      ["login", "--api-key", "-", "--user-id", userId, "--base-url", world.server.baseUrl],
      {
        stdin: key,
        env,
      },
    );
    expect(login.code).toBe(4);
    expect(login.stderr).toContain("GUMLOOP_API_KEY");
    expect((await world.run(["env"], { env })).code).toBe(3);
    const status = await world.run(["status", "--json"], { env });
    expect(status.code).toBe(3);
    expect(JSON.parse(status.stdout).keychain.state).toBe("unavailable");
    expect(
      (await world.ok(["env"], { env: { ...env, GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE" } })).stdout,
    ).toContain("t-EXAMPLE");
  });
});

test("base URLs that no credential may go to", async () => {
  const env = { GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE" };
  for (const url of ["http://api.gumloop.com/api/v1", "http://localhost:1/", "ftp://127.0.0.1"]) {
    expect((await world.run(["env", "--base-url", url], { env })).code).toBe(6);
  }
  for (const url of ["nonsense", "https://user:pw@api.gumloop.com", "https://a.example/?q", ""]) {
    expect((await world.run(["env", "--base-url", url], { env })).code).toBe(2);
  }
  const kept = await world.ok(["env", "--base-url", "https://eu.gumloop.example/api/v1/"], { env });
  expect(kept.stdout).toContain("export GUMLOOP_BASE_URL='https://eu.gumloop.example/api/v1'");
});
