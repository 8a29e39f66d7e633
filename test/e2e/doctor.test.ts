/** What doctor finds in a real environment, and what its exit code says. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { gumCred } from "../support/binary.ts";
import { diagnose, type Row } from "../support/doctor.ts";
import { startPrivateBus, startSilentSocket } from "../support/private-bus.ts";
import { startPrivateKeyring } from "../support/private-keyring.ts";
import { storeExpiredSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => world.server.faults.clear());
beforeAll(() => world.signInWithKey());

const doctor = (env: Record<string, string> = {}, ...args: string[]) => diagnose(world, env, ...args);

const here = () => ({ GUMLOOP_BASE_URL: world.server.baseUrl });

test("all is well: exit 0, no problem, and who runs the keychain", async () => {
  const { code, status, checks, check, stderr } = await doctor();
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(status).toBe("warning"); // the server of these tests is not Gumloop's own
  expect(checks.filter(({ state }) => state !== "ok").map(({ name }) => name)).toEqual(["base_url"]);
  expect(checks.every(({ state, hint }) => (state === "ok") === (hint === null))).toBe(true);
  expect(check("keychain").message).toBe("unlocked (secret-service)");
  expect(check("backend").message).toBe("secret-service: it is the only one on the session bus");
  expect(check("dbus").message).toMatch(/^the Secret Service is \/\S*gnome-keyring-daemon \(process \d+\)$/);
  expect(check("acceptance").message).toBe("Gumloop accepts the credential");
});

test("for people: a line for each check, what to do below it, no secret", async () => {
  const result = await world.run(["doctor"], {
    env: { ...here(), GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE-wrong" },
  });
  expect(result.code).toBe(3);
  expect(result.stdout).toContain("ok       keychain       unlocked (secret-service)\n");
  expect(result.stdout).toMatch(
    /^problem {2}acceptance {5}Gumloop does not accept this access token \(401\)[\s\S]*\n {24}the token has expired[\s\S]*'unset GUMLOOP_ACCESS_TOKEN'/m,
  );
  expect(result.stdout).not.toContain("EXAMPLE");
  expect(result.stderr).toStartWith("gum-cred: error[E_REJECTED]: ");
});

test("a keyring of Python's that is not ours is told, and none is no check", async () => {
  const { check, checks } = await doctor({
    ...here(),
    PYTHON_KEYRING_BACKEND: "keyrings.alt.file.PlaintextKeyring",
  });
  expect(check("official_cli")).toMatchObject({
    state: "warning",
    message: expect.stringContaining("PYTHON_KEYRING_BACKEND"),
  });
  expect(JSON.stringify(checks)).not.toContain("Plaintext");
  expect((await doctor(here())).checks.map(({ name }) => name)).not.toContain("official_cli");
});

describe("keychain", () => {
  test("locked: exit 4 when it is needed, a warning when a variable signs in", async () => {
    await world.keyring.lock();
    const needed = await doctor();
    const { accessToken } = world.server.issueTokens();
    const spare = await doctor({ ...here(), GUMLOOP_ACCESS_TOKEN: accessToken });
    await world.keyring.unlock();
    expect(needed.code).toBe(4);
    expect(needed.check("keychain")).toMatchObject({
      state: "problem",
      message: expect.stringContaining("locked"),
    });
    expect(spare.code).toBe(0);
    expect(spare.check("keychain").state).toBe("warning");
    expect(spare.check("keychain").hint).toContain("unlock");
  });

  test("none on this machine: a warning with the variables to set; a problem only that nobody is signed in", async () => {
    const bus = await startPrivateBus();
    for (const env of [{ DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" }, bus.env]) {
      const found = await doctor({ ...env, ...here() });
      expect(found.check("keychain")).toMatchObject({ state: "warning" });
      expect(found.check("keychain").hint).toContain("GUMLOOP_ACCESS_TOKEN");
      expect(found.code).toBe(3);
      expect(found.check("credential").state).toBe("problem");
    }
    await bus.stop();
  });

  test("that hangs is a problem after the timeout, not a hang", async () => {
    const socket = await startSilentSocket();
    const found = await doctor({ DBUS_SESSION_BUS_ADDRESS: socket.address, ...here() });
    expect(found.check("keychain")).toMatchObject({ state: "problem" });
    expect(found.code).toBe(4);
    await socket.stop();
  }, 30_000);

  test("without a default collection is said to be locked", async () => {
    const keyring = await startPrivateKeyring({ unlocked: false });
    const found = await doctor({ ...keyring.env, ...here() });
    expect(found.check("keychain").message).toContain("locked");
    await keyring.stop();
  });
});

describe("lock", () => {
  test("held by another gum-cred is a warning", async () => {
    await storeExpiredSession(world, "held");
    world.server.faults.inject({ path: "/oauth/token", times: 1, hang: true });
    const args = ["get", "gumloop", "--profile", "held"];
    const holder = Bun.spawn([gumCred(), ...args], { env: world.env, stdio: ["ignore", "ignore", "ignore"] });
    while (!world.server.log().some(({ path }) => path === "/oauth/token")) await Bun.sleep(2);
    const { check } = await doctor({ GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE", ...here() }, "--profile", "held");
    holder.kill("SIGKILL");
    expect(check("lock")).toMatchObject({
      state: "warning",
      message: expect.stringContaining("another gum-cred"),
    });
  });

  test("whose folder cannot be used is a problem", async () => {
    const { code, check } = await doctor({ XDG_RUNTIME_DIR: "/tmp", XDG_STATE_HOME: "/proc/none" });
    expect(code).toBe(6);
    expect(check("lock")).toMatchObject({
      state: "problem",
      hint: expect.stringContaining("XDG_STATE_HOME"),
    });
  });
});

describe("variables", () => {
  test("X with X_FILE is exit 2 and names both, for Gumloop and for every level of LLM keys", async () => {
    for (const name of ["GUMLOOP_API_KEY", "OPENAI_API_KEY", "GUM_CRED_TEAM_XAI_API_KEY"]) {
      const { code, check } = await doctor({ [name]: "value-EXAMPLE", [`${name}_FILE`]: "/dev/null" });
      expect(code).toBe(2);
      expect(check("variables")).toMatchObject({
        state: "problem",
        message: `${name} and ${name}_FILE are both set`,
      });
    }
  });

  test("a token and a key at once: the token wins", async () => {
    const env = { GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE", GUMLOOP_API_KEY: "gum-EXAMPLE", GUMLOOP_USER_ID: "u" };
    const { check } = await doctor({ ...env, ...here() });
    expect(check("variables")).toMatchObject({ state: "warning" });
    expect(check("variables").message).toContain("the access token wins");
  });

  test("a key without its user id is exit 2", async () => {
    const { code, check } = await doctor({ GUMLOOP_API_KEY: "gum-EXAMPLE", ...here() });
    expect(code).toBe(2);
    expect(check("credential").message).toContain("GUMLOOP_USER_ID");
  });

  test("what was copied along: spaces, line breaks, quotes, 'Bearer'", async () => {
    for (const value of [
      " gum-EXAMPLE",
      "gum-EXAMPLE\n",
      "gum EXAMPLE",
      '"gum-EXAMPLE"',
      "Bearer gum-EXAMPLE",
    ]) {
      const { check } = await doctor({ OPENAI_API_KEY: value });
      expect([value, check("copied_values").state]).toEqual([value, "warning"]);
      expect(check("copied_values").message).toStartWith("OPENAI_API_KEY: ");
    }
    expect((await doctor({ GUMLOOP_USER_ID: "user id" })).check("copied_values").state).toBe("warning");
  });

  test("stale exports: older than what is stored, or changed since", async () => {
    const exported = async (more: string) =>
      JSON.parse((await world.sh(`eval $(gum-cred env gumloop); ${more} gum-cred doctor --json`)).stdout);
    const check = ({ checks }: { checks: Row[] }) => checks.find(({ name }) => name === "exports");
    expect(check(await exported(""))).toMatchObject({ state: "ok" });
    expect(check(await exported("GUMLOOP_API_KEY=changed"))).toMatchObject({
      state: "warning",
      message: expect.stringContaining("changed since"),
    });
    const { key, userId } = world.server.addApiKey();
    const login = `printf %s ${key} | gum-cred login --api-key - --user-id ${userId} --base-url ${world.server.baseUrl} >/dev/null;`;
    expect(check(await exported(login))).toMatchObject({
      state: "warning",
      message: "GUMLOOP_API_KEY in this shell differs from what is stored now",
      hint: "run 'eval $(gum-cred env)'",
    });
  });

  test("proxies and certificate authorities by name, never by value", async () => {
    const { check } = await doctor({
      HTTPS_PROXY: "http://user:password-EXAMPLE@proxy",
      SSL_CERT_FILE: "/x",
    });
    expect(check("network").state).toBe("warning");
    expect(check("network").message).toStartWith("HTTPS_PROXY, SSL_CERT_FILE set: ");
    expect(JSON.stringify(check("network"))).not.toContain("password");
  });
});
