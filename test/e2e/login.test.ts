/** Signing in and out against a server that behaves like OAuth does, into a real keyring. */
import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { gumCred } from "../support/binary.ts";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });

/** A browser for tests: follows the redirects back to the loopback listener. */
function fakeBrowser(): string {
  const path = `${world.home}/browser`;
  writeFileSync(path, `#!/bin/sh\nexec curl -sSL --max-time 20 -o "${world.home}/page.html" "$1"\n`);
  chmodSync(path, 0o755);
  return path;
}

const at = () => ["--base-url", world.server.baseUrl];
let port = 18_700 + Math.floor(Math.random() * 500);
const freePort = () => ["--callback-port", String(port++)];

describe("OAuth", () => {
  test("in the browser, into the official CLI's entries", async () => {
    const result = await world.ok(["login", "--method", "oauth", "--json", ...freePort(), ...at()], {
      env: { BROWSER: fakeBrowser() },
    });
    expect(JSON.parse(result.stdout)).toEqual({
      status: "ok",
      auth_method: "oauth",
      base_url: world.server.baseUrl,
      profile: "default",
      keychain: "secret-service",
    });
    const entries = await world.entries("gumloop-cli");
    expect(Object.keys(entries).sort()).toEqual([
      "default:access_token",
      "default:base_url",
      "default:refresh_token",
    ]);
    const status = JSON.parse((await world.ok(["status", "--verify", "--json"])).stdout);
    expect(status).toMatchObject({ auth_method: "oauth", source: "keychain", verification: "verified" });
    expect(Date.parse(status.expires_at) - Date.now()).toBeGreaterThan(3_500_000);
    expect(await Bun.file(`${world.home}/page.html`).text()).toContain("<html");
  });

  test("--no-browser prints the URL alone on a line, and the wait ends when it is opened", async () => {
    const script = `mkfifo "$HOME/out"; gum-cred login --method oauth --no-browser ${[...freePort(), ...at()].join(" ")} < /dev/null > "$HOME/out" &
      read -r url < "$HOME/out"; curl -sSL -o /dev/null "$url"; wait $!; echo "code $?"`;
    const result = await world.sh(script);
    expect(result.stdout).toContain("code 0");
  });

  test("a callback of another issuer is told on the terminal, once, and the wait goes on", async () => {
    const script = `mkfifo "$HOME/told"; gum-cred login --method oauth --no-browser ${[...freePort(), ...at()].join(" ")} < /dev/null > "$HOME/told" &
      read -r url < "$HOME/told"
      state=$(printf %s "$url" | sed 's/.*[?&]state=\\([^&]*\\).*/\\1/'); port=$(printf %s "$url" | sed 's/.*127.0.0.1%3A\\([0-9]*\\)%2F.*/\\1/')
      callback="http://127.0.0.1:$port/callback?code=abcdefghij"
      for more in "&state=$state&iss=https://evil.example" "&state=$state&iss=https://evil.example" "&state=other"; do curl -s -o /dev/null "$callback$more"; done
      curl -sSL -o /dev/null "$url"; wait $!; echo "code $?"`;
    const { stdout, stderr } = await world.sh(script);
    expect(stdout).toContain("code 0");
    expect(stderr.match(/does not count: .*/g)).toEqual([
      "does not count: it comes from another server; still waiting",
    ]);
  });

  test("a declined consent is exit 3, and what was stored stays", async () => {
    const { key } = await world.signInWithKey("declined");
    world.server.behaviour.consent = "deny";
    const args = ["login", "--method", "oauth", "--profile", "declined", ...freePort(), ...at()];
    const result = await world.run(args, { env: { BROWSER: fakeBrowser() } });
    world.server.behaviour.consent = "approve";
    expect(result.code).toBe(3);
    expect(result.stderr).toContain("E_AUTHORIZATION_DENIED");
    expect((await world.ok(["get", "gumloop", "--profile", "declined"])).stdout).toBe(`${key}\n`);
  });

  test("a busy port is exit 5 and says how to choose another", async () => {
    const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("taken") });
    const result = await world.run([
      "login",
      "--method",
      "oauth",
      "--callback-port",
      String(taken.port),
      ...at(),
    ]);
    expect(result.code).toBe(5);
    expect(result.stderr).toContain("error[E_PORT_BUSY]");
    expect(result.stderr).toContain("--callback-port");
    await taken.stop(true);
  });
});

describe("API key", () => {
  test("from stdin, trimmed, verified with x-auth-key and the team in scope", async () => {
    const { key, userId } = world.server.addApiKey();
    await world.ok(
      [
        "login",
        "--api-key",
        "-",
        "--user-id",
        userId,
        "--team-id",
        "team_4f8c92ab",
        "--profile",
        "team",
        ...at(),
      ],
      {
        stdin: `  ${key}\n`,
      },
    );
    const request = world.server.log().at(-1);
    expect(request).toMatchObject({
      path: "/api/v1/models",
      query: { team_id: "team_4f8c92ab" },
      status: 200,
    });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${key}`, "x-auth-key": userId });
    expect(await world.entries("gumloop-cli")).toMatchObject({
      "team:api_key": key,
      "team:user_id": userId,
      "team:base_url": world.server.baseUrl,
    });
  });

  test("replaces an OAuth session, which lives on in other shells", async () => {
    await world.ok(["login", "--method", "oauth", ...freePort(), ...at()], {
      env: { BROWSER: fakeBrowser() },
    });
    const before = await world.entries("gumloop-cli");
    await world.signInWithKey();
    const after = await world.entries("gumloop-cli");
    expect(after["default:access_token"]).toBeUndefined();
    expect(after["default:refresh_token"]).toBeUndefined();
    expect(world.server.log().map(({ path }) => path)).not.toContain("/oauth/revoke");
    const headers = { authorization: `Bearer ${before["default:access_token"]}` };
    expect((await fetch(`${world.server.baseUrl}/models`, { headers })).status).toBe(200);
  });

  test("from the webhook snippet, as a file and on stdin", async () => {
    const { key, userId } = world.server.addApiKey();
    const snippet = `curl -X POST ${world.server.baseUrl}/start_pipeline -H "Authorization: Bearer ${key}" -d '{"user_id": "${userId}"}'`;
    const file = `${world.home}/snippet.txt`;
    writeFileSync(file, snippet);
    await world.ok(["login", "--from-webhook", file, "--profile", "hook", ...at()]);
    await world.ok(["login", "--from-webhook", "-", "--profile", "hook", ...at()], { stdin: snippet });
    expect((await world.ok(["get", "gumloop", "--profile", "hook"])).stdout).toBe(`${key}\n`);
  });

  test("what the server rejects stores nothing and leaves what was stored", async () => {
    const { key } = await world.signInWithKey("kept");
    const before = await world.entries("gumloop-cli");
    const cases: [args: string[], stdin: string, code: number, error: string][] = [
      [["--api-key", "-", "--user-id", "u"], "wrong-EXAMPLE", 3, "E_REJECTED"],
      [["--api-key", "-", "--user-id", "somebody-else"], key, 3, "E_FORBIDDEN"],
      [["--access-token", "-"], "wrong-EXAMPLE", 3, "E_REJECTED"],
      [["--access-token", "-"], "", 2, "E_INVALID_VALUE"],
      [["--access-token", "-"], "two words EXAMPLE", 2, "E_INVALID_VALUE"],
      [["--api-key", "-"], key, 2, "E_MISSING_USER_ID"],
    ];
    for (const [args, stdin, code, error] of cases) {
      const result = await world.run(["login", ...args, "--profile", "kept", ...at()], { stdin });
      expect(result.stderr).toContain(error);
      expect(result.code).toBe(code);
    }
    expect(await world.entries("gumloop-cli")).toEqual(before);
  });

  test("a server that fails is exit 5, a redirect is refused, a portal is noticed; nothing is stored", async () => {
    const { key, userId } = world.server.addApiKey();
    const before = await world.entries("gumloop-cli");
    const faults = [
      [{ status: 503 }, 5],
      [{ status: 429, retryAfter: "1" }, 5],
      [{ drop: true }, 5],
      [{ body: "<html>welcome to our wifi</html>" }, 5],
      [{ redirect: "https://evil.example/" }, 6],
      [{ body: "{}", contentType: "application/json" }, 7],
      [{ floodBytes: 8_000_000 }, 7],
    ] as const;
    for (const [fault, code] of faults) {
      world.server.faults.inject({ path: "/api/v1/models", times: 1, ...fault });
      const args = ["login", "--api-key", "-", "--user-id", userId, "--profile", "faulty", ...at()];
      const result = await world.run(args, { stdin: key });
      world.server.faults.clear();
      expect([fault, result.code]).toEqual([fault, code]);
    }
    expect(await world.entries("gumloop-cli")).toEqual(before);
  });
});

describe("flags that do not go together are exit 2, before anything is asked or touched", () => {
  const cases: string[][] = [
    [],
    ["--method", "api-key"],
    ["--api-key", "-", "--access-token", "-"],
    ["--method", "oauth", "--api-key", "-", "--user-id", "u"],
    ["--method", "oauth", "--user-id", "u"],
    ["--api-key", "-", "--user-id", "u", "--no-browser"],
    ["--method", "oauth", "--callback-port", "0"],
    ["--method", "oauth", "--callback-port", "70000"],
    ["--method", "magic"],
    ["--user-id"],
  ];
  for (const args of cases) {
    test(args.join(" ") || "nothing, without a terminal", async () => {
      const result = await world.run(["login", ...args], { env: { DBUS_SESSION_BUS_ADDRESS: "" } });
      expect(result.code).toBe(2);
      expect(result.stderr).toContain("hint: ");
    });
  }
});

test("flags that do not go together are called as they are written", async () => {
  const { code, stderr } = await world.run(["login", "--from-webhook", "-", "--api-key", "-"]);
  expect(code).toBe(2);
  expect(stderr).toContain(": --api-key and --from-webhook do not go together\n");
});

describe("logout", () => {
  test("revokes with the refresh token at the stored base URL and removes the profile's entries only", async () => {
    await world.signInWithKey("other");
    await world.ok(["login", "--method", "oauth", ...freePort(), ...at()], {
      env: { BROWSER: fakeBrowser() },
    });
    const refreshToken = (await world.entries("gumloop-cli"))["default:refresh_token"];
    const result = await world.ok(["logout", "--json"]);
    expect(JSON.parse(result.stdout)).toEqual({
      status: "ok",
      oauth_revoked: true,
      oauth_revoke_failed: false,
    });
    expect(world.server.log().at(-1)).toMatchObject({
      path: "/oauth/revoke",
      form: { token: refreshToken, client_id: "gumloop_cli" },
      status: 200,
    });
    const left = Object.keys(await world.entries("gumloop-cli"));
    expect(left.filter((account) => account.startsWith("default:"))).toEqual([]);
    expect(left).toContain("other:api_key");
    expect(
      Object.keys(await world.entries("gum-cred")).filter((name) => name.startsWith("default:")),
    ).toEqual([]);
  });

  test("clears offline too, warns, and still exits 0", async () => {
    await world.signInWithToken();
    world.server.faults.inject({ path: "/oauth/revoke", drop: true });
    const result = await world.ok(["logout", "--json"], { env: { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" } });
    world.server.faults.clear();
    expect(JSON.parse(result.stdout)).toEqual({
      status: "ok",
      oauth_revoked: false,
      oauth_revoke_failed: true,
    });
    expect(result.stderr).toContain("warning");
    expect(result.stderr).toContain("GUMLOOP_ACCESS_TOKEN in the environment still works");
    expect((await world.run(["status"])).code).toBe(3);
  });

  test("--all-profiles", async () => {
    await world.signInWithKey("one");
    await world.signInWithToken("two");
    await world.ok(["logout", "--all-profiles"]);
    expect(await world.entries("gumloop-cli")).toEqual({});
  });
});

describe("in the background of a terminal", () => {
  test.each(["login --no-browser", "login"])(
    "%s does not stop",
    async (args) => {
      let screen = "";
      const login = `${gumCred()} ${args} --base-url ${world.server.baseUrl} --callback-port 18766 --timeout 2`;
      const child = Bun.spawn(["bash", "--norc", "-ic", `${login} & sleep 1; jobs; wait $!; echo ended $?`], {
        env: { PATH: process.env["PATH"], ...world.env, TERM: "vt100" },
        terminal: {
          cols: 200,
          rows: 24,
          data: (_, bytes) => {
            screen += Buffer.from(bytes).toString();
          },
        },
      });
      await child.exited;
      await Bun.sleep(50);
      child.terminal?.close();
      expect(screen).not.toContain("Stopped");
      expect(screen).toContain(args === "login" ? "ended 2" : "ended 5");
      if (args !== "login") expect(screen).toContain("/oauth/authorize?");
    },
    20_000,
  );
});

test("more half-open connections than the soft limit of files do not keep the browser out", async () => {
  const login = ["login", "--no-browser", "--base-url", world.server.baseUrl, "--callback-port", "18767"];
  const child = Bun.spawn(["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh", gumCred(), ...login], {
    env: { PATH: process.env["PATH"], ...world.env },
    stdin: "ignore",
    stdout: "pipe",
  });
  const { value } = await child.stdout.getReader().read();
  const sockets = await Promise.all(
    Array.from({ length: 800 }, () =>
      Bun.connect({ hostname: "127.0.0.1", port: 18767, socket: { data() {} } }),
    ),
  );
  expect((await fetch(new TextDecoder().decode(value).trim())).status).toBe(200);
  expect(await child.exited).toBe(0);
  for (const socket of sockets) socket.end();
}, 30_000);

test("the browser chosen from the list, over another sign-in: what is typed then is looked at, not fatal", async () => {
  await world.signInWithKey("chosen");
  const flags = ["--profile", "chosen", ...freePort(), ...at()];
  const browser = `${world.home}/late`;
  writeFileSync(browser, '#!/bin/sh\nsleep 2; exec curl -sSL -o /dev/null "$1"\n');
  chmodSync(browser, 0o755);
  const steps = [
    { wait: "Sign in to Gumloop", type: "\r" },
    { wait: "in its place", type: "y\r" },
    { wait: "/oauth/authorize?", type: "hello there\r" },
    { wait: "what was pasted does not count" },
  ];
  const env = { ...world.env, BROWSER: browser };
  const { code, screen } = await onTerminal(["login", ...flags], steps, { env, timeoutMs: 15_000 });
  expect([code, screen]).toEqual([0, expect.stringContaining("Signed in to Gumloop with OAuth")]);
}, 30_000);
