/**
 * What needs a keychain, in containers that have none and where nothing can be written: it says so before anything
 * is asked, read or locked. Images and engine as in container.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import { type ContainerOptions, filesOf, runContainer } from "../support/container.ts";
import { buildImage, canRunContainers, IMAGES, type Image } from "../support/container-image.ts";

const TOKEN = "access-token-EXAMPLE-0123456789";
const STRICT: ContainerOptions = { readOnly: true, user: "4711:4711" };

describe.skipIf(!canRunContainers()).each(IMAGES)("%s", (name) => {
  let image: Image;
  beforeAll(async () => {
    image = await buildImage(name);
  }, 180_000);
  afterAll(() => image?.remove());

  const docker = (args: readonly string[], options: ContainerOptions = {}) =>
    runContainer(image, args, { ...STRICT, ...options });

  const waysIn: (readonly string[])[] = [
    [],
    ["--method", "oauth"],
    ["--method", "oauth", "--no-browser"],
    ["--api-key", "-", "--user-id", "user_1"],
    ["--access-token", "-"],
    ["--from-webhook", "-"],
  ];
  test.each(waysIn.map((flags) => [flags.join(" "), flags] as const))("login %s", async (_name, flags) => {
    // Nobody is there to type, nor to end stdin.
    const { code, stdout, stderr } = await docker(["login", ...flags], { openStdin: true });
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toContain("error[E_KEYCHAIN_UNAVAILABLE]");
    expect(stderr).toContain("set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID");
  });

  test("flags that do not go together are still said to be", async () => {
    expect((await docker(["login", "--api-key", "-", "--access-token", "-"])).code).toBe(2);
  });

  test("logout has nothing to do, and says so", async () => {
    const { code, stderr } = await docker(["logout"]);
    expect(code).toBe(0);
    expect(stderr).toContain("no keychain service, so nothing was stored");
  });

  test("doctor finds no keychain and does not mind", async () => {
    const env = { GUMLOOP_ACCESS_TOKEN: TOKEN };
    const { stdout, stderr } = await docker(["doctor", "--json"], { env });
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
    const stateOf = (wanted: string) => checks.find((check) => check.name === wanted)?.state;
    expect(["variables", "policy", "credential"].map(stateOf)).toEqual(["ok", "ok", "ok"]);
    expect(stateOf("keychain")).toBe("warning");
    // There is no network, which is the one thing wrong.
    const problems = checks.filter(({ state }) => state === "problem");
    expect(problems.map((problem) => problem.name)).toEqual(["server"]);
    expect(JSON.parse(stderr).error.code).toBe("E_NETWORK");
  }, 20_000);

  test("none of it writes anything, where it could", async () => {
    const [uid = 0, gid = 0] = image.user.split(":").map(Number);
    mkdirSync(`${image.root}/home/app`);
    chownSync(`${image.root}/home/app`, uid, gid);
    const before = filesOf(image);
    for (const command of [
      "login --access-token -",
      "logout",
      "doctor",
      "keys set openai --key - --no-verify",
    ]) {
      const options = { env: { GUMLOOP_ACCESS_TOKEN: TOKEN, HOME: "/home/app" }, stdin: TOKEN };
      await runContainer(image, command.split(" "), options);
    }
    expect(filesOf(image)).toEqual(before);
  }, 20_000);
});
