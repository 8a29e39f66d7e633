/** `eval $(gum-cred env)`, exactly like that, in the shells that people have. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { POSIX_GUARD } from "../../src/output/env-formats/plain.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();

const SHELLS: Record<string, readonly string[]> = {
  sh: ["sh", "-c"],
  dash: ["dash", "-c"],
  bash: ["bash", "--norc", "-c"],
  zsh: ["zsh", "-f", "-c"],
  mksh: ["mksh", "-c"],
  busybox: ["busybox", "sh", "-c"],
};

const DEFAULT = "https://api.gumloop.com/api/v1";
const SHOW = `printf '%s|%s|%s|%s\\n' "\${GUMLOOP_ACCESS_TOKEN-unset}" "\${GUMLOOP_API_KEY-unset}" "\${GUMLOOP_USER_ID-unset}" "\${GUMLOOP_BASE_URL-unset}"`;

/** Every character that the posix form lets through. */
const EVERY = "EXAMPLE-AZaz09._~+/=:@%,-";

/** A folder whose file names would be executed if anything were globbed or split. */
function hostileFolder(): string {
  const folder = `${world.home}/hostile`;
  mkdirSync(folder, { recursive: true });
  for (const name of [
    "A='x';touch PWNED;'y'",
    "export",
    "*",
    "-n",
    "$(touch PWNED)",
    "GUMLOOP_ACCESS_TOKEN=evil",
  ]) {
    writeFileSync(`${folder}/${name}`, "");
  }
  return folder;
}

describe.each(Object.entries(SHELLS))("in %s", (_name, shell) => {
  test("an access token from the environment arrives byte for byte", async () => {
    const result = await world.sh(`set -eu; eval $(gum-cred env); ${SHOW}`, {
      shell,
      cwd: hostileFolder(),
      env: { GUMLOOP_ACCESS_TOKEN: EVERY },
    });
    expect(result.stdout).toBe(`${EVERY}|unset|unset|${DEFAULT}\n`);
    expect(result.code).toBe(0);
  });

  test("a stored API key arrives with its user id and base URL, and an old token goes", async () => {
    const { key, userId } = await world.signInWithKey();
    const result = await world.sh(`set -eu; GUMLOOP_ACCESS_TOKEN=; eval $(gum-cred env); ${SHOW}`, {
      shell,
      cwd: hostileFolder(),
    });
    expect(result.stdout).toBe(`unset|${key}|${userId}|${world.server.baseUrl}\n`);
  });

  test("a value the form cannot carry is refused and nothing is executed", async () => {
    for (const value of [
      "x*y EXAMPLE",
      "a;touch PWNED",
      "$(touch PWNED)",
      "a'b",
      "ä",
      "a\nb",
      "`id`",
      "!x",
      "[a]",
    ]) {
      const result = await world.sh(`eval $(gum-cred env) || echo "failed $?"; ${SHOW}; ls`, {
        shell,
        cwd: hostileFolder(),
        env: { GUMLOOP_ACCESS_TOKEN: value, LC_ALL: "C.UTF-8" },
      });
      expect(result.stdout).toContain("failed 7\n");
      expect(result.stdout).not.toContain("\nPWNED\n");
      expect(result.stderr).toContain("E_UNSAFE_VALUE");
    }
  });

  test("a failure is noticed under set -e, and by ||", async () => {
    const env = { HOME: "/nonexistent", DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
    const strict = await world.sh(`set -e; eval $(gum-cred env); echo went on`, { shell, env });
    expect(strict.stdout).toBe("");
    expect(strict.code).toBe(3);
    const handled = await world.sh(`eval $(gum-cred env) || echo "noticed $?"`, { shell, env });
    expect(handled.stdout).toBe("noticed 3\n");
  });

  test("running it again after the session changed gives the new one", async () => {
    await world.signInWithKey();
    const script = `set -eu; eval $(gum-cred env); gum-cred logout --quiet >/dev/null 2>&1
      printf %s "$NEW" | gum-cred login --access-token - --base-url "$URL" --quiet >/dev/null
      eval $(gum-cred env); ${SHOW}`;
    const token = world.server.issueTokens().accessToken;
    const result = await world.sh(script, { shell, env: { NEW: token, URL: world.server.baseUrl } });
    expect(result.stdout).toBe(`${token}|unset|unset|${world.server.baseUrl}\n`);
  });
});

describe("what is printed", () => {
  test("one line for posix, and only stored values are marked", async () => {
    const { key, userId } = await world.signInWithKey();
    const { stdout } = await world.ok(["env"]);
    expect(stdout).toBe(
      `${POSIX_GUARD}unset GUMLOOP_ACCESS_TOKEN && export GUMLOOP_API_KEY='${key}' && export GUMLOOP_USER_ID='${userId}' && ` +
        `export GUMLOOP_BASE_URL='${world.server.baseUrl}' && ` +
        `export GUM_CRED_EXPORTED='${/GUM_CRED_EXPORTED='([^']*)'/.exec(stdout)?.[1]}';\n`,
    );
    expect(stdout).toMatch(
      /GUM_CRED_EXPORTED='GUMLOOP_API_KEY:[0-9a-f]{12},GUMLOOP_USER_ID:[0-9a-f]{12},GUMLOOP_BASE_URL:[0-9a-f]{12}'/,
    );
    const own = await world.ok(["env"], { env: { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" } });
    expect(own.stdout).toBe(
      `${POSIX_GUARD}unset GUMLOOP_API_KEY GUMLOOP_USER_ID && export GUMLOOP_ACCESS_TOKEN='tok-EXAMPLE' && export GUMLOOP_BASE_URL='${DEFAULT}';\n`,
    );
  });

  test("json, dotenv, --sdk and --unset", async () => {
    const env = { GUMLOOP_API_KEY: "key-EXAMPLE *'\n", GUMLOOP_USER_ID: "user_abc" };
    const json = await world.ok(["env", "--format", "json"], { env });
    expect(JSON.parse(json.stdout)).toEqual({ ...env, GUMLOOP_BASE_URL: DEFAULT });
    expect((await world.ok(["--json", "env"], { env })).stdout).toBe(json.stdout);

    const plain = { GUMLOOP_API_KEY: "key-EXAMPLE", GUMLOOP_USER_ID: "user_abc" };
    const dotenv = await world.ok(["env", "gumloop", "--format=dotenv"], { env: plain });
    expect(dotenv.stdout).toBe(
      `GUMLOOP_API_KEY=key-EXAMPLE\nGUMLOOP_USER_ID=user_abc\nGUMLOOP_BASE_URL=${DEFAULT}\n`,
    );

    const sdk = await world.ok(["env", "--sdk"], { env: plain });
    expect(sdk.stdout).toStartWith(
      `${POSIX_GUARD}export GUMLOOP_ACCESS_TOKEN='key-EXAMPLE' && export GUMLOOP_USER_ID='user_abc'`,
    );

    const unset = await world.ok(["env", "--unset"]);
    expect(unset.stdout).toStartWith(POSIX_GUARD);
    expect(unset.stdout.slice(POSIX_GUARD.length)).toMatch(
      /^unset GUMLOOP_ACCESS_TOKEN GUMLOOP_API_KEY [A-Z_ ]*GUM_CRED_EXPORTED;\n$/,
    );
  });

  test("on a bad command line the statement fails too", async () => {
    for (const args of [
      ["env", "--bogus"],
      ["env", "--format", "cobol"],
      ["env", "nobody"],
      ["--bogus", "env"],
    ]) {
      const result = await world.run(args);
      expect(result).toMatchObject({ code: 2, stdout: "(exit 2);\n" });
    }
    expect((await world.run(["env", "--format", "json", "--bogus"])).stdout).toBe("");
  });

  test("a container that was handed exports with their marker, and has no keychain, uses them", async () => {
    await world.signInWithKey();
    const handed = JSON.parse((await world.ok(["env", "--format", "json"])).stdout);
    const bare = { ...handed, DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
    const result = await world.ok(["get", "gumloop"], { env: bare });
    expect(result.stdout).toBe(`${handed.GUMLOOP_API_KEY}\n`);
  });
});
