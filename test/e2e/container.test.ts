/**
 * gum-cred in containers, without a container engine: the images of scripts/docker are put together by hand and run
 * as process 1 in namespaces of their own (test/support/container.ts). Variables and mounted secrets work, what
 * needs a keychain says so, nothing is written and nothing warned about. Takes root and an x64 machine.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type ContainerOptions, filesOf, runContainer } from "../support/container.ts";
import { buildImage, canRunContainers, IMAGES, type Image } from "../support/container-image.ts";
import { type StandIn, startStandIn } from "../support/stand-in/server.ts";

const TOKEN = "access-token-EXAMPLE-0123456789";
const API_KEY = "api-key-EXAMPLE-0123456789";
const OPENAI = "sk-EXAMPLE-openai-0123456789";
const SIGNED_IN = { GUMLOOP_ACCESS_TOKEN: TOKEN };

/** What Kubernetes' "restricted" makes of a container, and an unknown user on top. */
const STRICT: ContainerOptions = { readOnly: true, user: "4711:4711" };

describe.skipIf(!canRunContainers()).each(IMAGES)("%s", (name) => {
  let image: Image;
  let secrets: string;

  beforeAll(async () => {
    image = await buildImage(name);
    secrets = mkdtempSync("/tmp/gum-cred-secrets-");
    chmodSync(secrets, 0o755);
    // Docker writes a secret's bytes as they are, an editor ends them with a newline.
    writeFileSync(`${secrets}/token`, TOKEN);
    writeFileSync(`${secrets}/api-key`, `${API_KEY}\n`);
    writeFileSync(`${secrets}/openai`, `${OPENAI}\n`);
    writeFileSync(`${secrets}/roots-alone`, TOKEN, { mode: 0o600 });
    // A volume of Kubernetes: each key is a link, so that all of them change at once.
    mkdirSync(`${secrets}/..2026_11_21`);
    writeFileSync(`${secrets}/..2026_11_21/key`, OPENAI);
    symlinkSync("..2026_11_21", `${secrets}/..data`);
    symlinkSync("..data/key", `${secrets}/key`);
  }, 180_000);
  afterAll(() => {
    image?.remove();
    rmSync(secrets, { recursive: true, force: true });
  });

  const docker = (args: readonly string[], options: ContainerOptions = {}) =>
    runContainer(image, args, { ...STRICT, ...options });

  test("the image runs gum-cred, as nobody in particular", async () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const { code, stdout, stderr } = await runContainer(image, ["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toStartWith("gum-cred ");
  });

  test.each([
    ["an access token", SIGNED_IN, `GUMLOOP_ACCESS_TOKEN='${TOKEN}'`],
    [
      "an API key and its user id",
      { GUMLOOP_API_KEY: API_KEY, GUMLOOP_USER_ID: "user_1" },
      `GUMLOOP_API_KEY='${API_KEY}' && export GUMLOOP_USER_ID='user_1'`,
    ],
    ["an access token in a file", { GUMLOOP_ACCESS_TOKEN_FILE: "/run/secrets/token" }, `='${TOKEN}'`],
    [
      "an API key in a file",
      { GUMLOOP_API_KEY_FILE: "/run/secrets/api-key", GUMLOOP_USER_ID: "user_1" },
      `GUMLOOP_API_KEY='${API_KEY}' && export GUMLOOP_USER_ID='user_1'`,
    ],
    ["an LLM key alone", { OPENAI_API_KEY: OPENAI }, `OPENAI_API_KEY='${OPENAI}'`],
    ["an LLM key in a file", { OPENAI_API_KEY_FILE: "/run/secrets/openai" }, `OPENAI_API_KEY='${OPENAI}'`],
    [
      "a key of a Kubernetes volume",
      { OPENAI_API_KEY_FILE: "/run/secrets/key" },
      `OPENAI_API_KEY='${OPENAI}'`,
    ],
    ["an organisation's LLM key", { GUM_CRED_ORG_XAI_API_KEY: OPENAI }, `XAI_API_KEY='${OPENAI}'`],
  ] as const)("env with %s", async (_what, env, exported) => {
    const { code, stdout, stderr } = await docker(["env"], { env, secrets });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(exported);
  });

  test("get, header, status and explain say what they say elsewhere", async () => {
    const options = { env: { ...SIGNED_IN, OPENAI_API_KEY_FILE: "/run/secrets/openai" }, secrets };
    const said = async (...args: string[]) => {
      const { code, stdout, stderr } = await docker(args, options);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return stdout;
    };
    expect(await said("get", "openai")).toBe(`${OPENAI}\n`);
    expect(await said("header")).toBe(`Authorization: Bearer ${TOKEN}\n`);
    expect(JSON.parse(await said("status", "--json"))).toMatchObject({
      authenticated: true,
      location: "GUMLOOP_ACCESS_TOKEN",
      keychain: { state: "not_opened" },
      providers: [{ id: "openai", level: "personal", source: "file" }],
    });
    expect(JSON.parse(await said("explain", "--json")).winner.location).toBe("GUMLOOP_ACCESS_TOKEN");
    expect(JSON.parse(await said("explain", "openai", "--json")).winner.source).toBe("file");
  });

  test("without /proc, which every engine mounts, glibc's file does not start and exports nothing", async () => {
    const { code, stdout } = await docker(["env"], { env: SIGNED_IN, noProc: true });
    if (name === "alpine") expect(stdout).toContain(`GUMLOOP_ACCESS_TOKEN='${TOKEN}'`);
    else expect([code, stdout]).toEqual([132, ""]); // 128 + SIGILL: the runtime gives up
  });

  test("nothing set: not signed in, and what to set", async () => {
    const { code, stdout, stderr } = await docker(["env"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "(exit 3);\n" });
    expect(stderr).toContain("error[E_NOT_SIGNED_IN]");
    expect(stderr).toContain("GUMLOOP_ACCESS_TOKEN");
    expect((await docker(["status"])).code).toBe(3);
  });

  test("a secret that cannot be read is an error, not the next best credential", async () => {
    const also = { GUMLOOP_API_KEY: API_KEY, GUMLOOP_USER_ID: "user_1" };
    for (const path of ["/run/secrets/roots-alone", "/run/secrets/missing", "/run/secrets"]) {
      const env = { ...also, GUMLOOP_ACCESS_TOKEN_FILE: path };
      const { code, stdout, stderr } = await docker(["env"], { env, secrets });
      expect({ code, stdout }).toEqual({ code: 7, stdout: "(exit 7);\n" });
      expect(stderr).toContain("error[E_FILE_UNREADABLE]");
    }
  });

  test("login refuses before anybody is asked, and says what to set", async () => {
    const options = { user: image.user, readOnly: false, env: { HOME: "/tmp" }, stdin: TOKEN };
    const { code, stdout, stderr } = await docker(["login", "--access-token", "-"], options);
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toContain("error[E_KEYCHAIN_UNAVAILABLE]");
    expect(stderr).toContain("set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID");
  });

  test("what else needs a keychain refuses too", async () => {
    for (const args of [["keychain"], ["keys", "set", "openai", "--key", "-", "--no-verify"]]) {
      const { code, stderr } = await docker(args, { stdin: OPENAI });
      expect(code).toBe(4);
      expect(stderr).toContain("error[E_KEYCHAIN_UNAVAILABLE]");
    }
  });

  test("a server is reached, and asked whether the credential is good", async () => {
    const server: StandIn = startStandIn();
    try {
      const { accessToken } = server.issueTokens();
      const env = { GUMLOOP_ACCESS_TOKEN: accessToken, GUMLOOP_BASE_URL: server.baseUrl };
      const good = await docker(["status", "--verify", "--json"], { env, network: "host" });
      expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(good.stdout)).toMatchObject({ verification: "verified" });
      const wrong = { ...env, GUMLOOP_ACCESS_TOKEN: TOKEN };
      const bad = await docker(["status", "--verify", "--json"], { env: wrong, network: "host" });
      expect(JSON.parse(bad.stdout)).toMatchObject({ verification: "rejected" });
    } finally {
      await server.stop();
    }
  });

  test("without a network it says so before long", async () => {
    const started = performance.now();
    const { code, stderr } = await docker(["keys", "verify", "openai"], { env: { OPENAI_API_KEY: OPENAI } });
    expect(code).toBe(5);
    expect(stderr).toContain("error[E_NETWORK]");
    // musl's resolver alone takes five seconds to give up.
    expect(performance.now() - started).toBeLessThan(10_000);
  }, 20_000);

  test("it writes nothing, where it could", async () => {
    const [uid = 0, gid = 0] = image.user.split(":").map(Number);
    const home = `${image.root}/home/app`;
    mkdirSync(home);
    chownSync(home, uid, gid);
    const before = filesOf(image);
    const env = { ...SIGNED_IN, OPENAI_API_KEY: OPENAI, HOME: "/home/app" };
    const commands = [
      "env",
      "status",
      "explain",
      "keys list",
      "keychain",
      "providers",
      "plugins list",
      "header",
    ];
    for (const command of [...commands, "exec -- gum-cred env", "exec --mask -- gum-cred env"]) {
      await runContainer(image, command.split(" "), { env });
    }
    expect(filesOf(image)).toEqual(before);
    // The comparison would see a write.
    writeFileSync(`${home}/written`, "");
    expect(filesOf(image)).not.toEqual(before);
  });

  if (name === "distroless") return; // it has no shell

  test("eval $(gum-cred env) in the image's own shell", async () => {
    const script = 'set -eu; eval $(gum-cred env); echo "$GUMLOOP_ACCESS_TOKEN $OPENAI_API_KEY"';
    const env = { GUMLOOP_ACCESS_TOKEN_FILE: "/run/secrets/token", OPENAI_API_KEY: OPENAI };
    const result = await docker(["-c", script], { entrypoint: ["sh"], env, secrets });
    expect(result).toEqual({ code: 0, stdout: `${TOKEN} ${OPENAI}\n`, stderr: "" });
    const failed = await docker(["-c", `${script}; echo "went on"`], { entrypoint: ["sh"] });
    expect([failed.code, failed.stdout]).toEqual([3, ""]);
  });
});
