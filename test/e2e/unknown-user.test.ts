/** A user whom the system does not know, without a home folder: a container's number, a job of a bare service. */
import { describe, expect, test } from "bun:test";
import { gumCred, run } from "../support/binary.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("another user is not tested: only root can become one");
const UNKNOWN = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", "env", "-u", "HOME"];
const NO_BUS = {
  DBUS_SESSION_BUS_ADDRESS: "unix:path=/nothing/bus",
  XDG_RUNTIME_DIR: "",
  XDG_STATE_HOME: "",
};
const there = (args: readonly string[], env: Record<string, string> = {}) =>
  run([gumCred(), ...args], {
    program: UNKNOWN,
    env: { ...NO_BUS, XDG_CONFIG_HOME: "/nothing", ...env },
    cwd: "/",
  });

describe.skipIf(!isRoot)("without a home folder", () => {
  test.each<[args: readonly string[], code: number]>([
    [["doctor"], 4],
    [["status"], 4],
    [["get", "gumloop"], 4],
    [["env"], 4],
    [["refresh"], 4],
    [["logout"], 4],
    [["profiles"], 4],
    [["plugins", "list"], 0],
    [["providers"], 0],
    [["keychain"], 4],
    [["keys", "list"], 4],
    [["login", "--no-browser", "--no-input"], 4],
    [["login", "--api-key", "-", "--user-id", "u"], 4],
    [["exec", "gumloop", "--", "true"], 125],
    [["broker", "gumloop", "--", "true"], 125],
  ])("%j ends with %d", async (args, code) => {
    const { code: found, stdout, stderr } = await there(args);
    expect(`${found} ${stdout}${stderr}`).toStartWith(`${code} `);
    expect(stderr).not.toContain("bug in gum-cred");
  });

  test("an environment's credential works", async () => {
    const env = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" };
    expect(await there(["get", "gumloop"], env)).toMatchObject({ code: 0, stdout: "tok-EXAMPLE\n" });
    expect(await there(["exec", "--mask", "gumloop", "--", "echo", "tok-EXAMPLE"], env)).toMatchObject({
      code: 0,
      stdout: "***\n",
    });
  });
});
