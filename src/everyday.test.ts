/** What an everyday line is, and what makes it none. That its answer is the whole program's: test/e2e/everyday.test.ts. */
import { describe, expect, test } from "bun:test";
import { everydayExports, everydayLine, everydayQuestions, type Files } from "./everyday.ts";
import { PROVIDERS } from "./providers/registry.ts";

const TOKEN = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" };
const HOME = { HOME: "/home/u" };
/** With these paths alone, and in folders of settings these entries. */
const files = (isThere: (path: string) => boolean, entries: readonly string[] = []): Files => ({
  isThere,
  hasEntry: (_, beginning) => entries.some((entry) => entry.startsWith(beginning)),
});
const nothing = (path: string) => path === "/.";
const nowhere = files(nothing);

test.each([
  ["a token", ["env"], { ...TOKEN, ...HOME }, "GUMLOOP_ACCESS_TOKEN='tok-EXAMPLE'"],
  ["a token, by name", ["env", "gumloop"], TOKEN, "GUMLOOP_ACCESS_TOKEN='tok-EXAMPLE'"],
  [
    "a key",
    ["env", "gumloop"],
    { GUMLOOP_API_KEY: "key-EXAMPLE", GUMLOOP_USER_ID: "u" },
    "GUMLOOP_API_KEY='key-EXAMPLE'",
  ],
  ["a command", ["exec", "--", "true"], { ...TOKEN, ...HOME }, "GUMLOOP_ACCESS_TOKEN='tok-EXAMPLE'"],
])("%s is answered", (_, argv, env, text) => {
  const answer = everydayExports(argv, env, nowhere);
  expect(answer && everydayLine(answer)).toContain(text);
});

describe("declined", () => {
  test.each([
    [["env", "--json"]],
    [["env", "openai"]],
    [["env", "gumloop", "gumloop"]],
    [["--quiet", "env"]],
    [["exec", "--mask", "--", "true"]],
    [["exec", "--"]],
    [["exec", "--", ""]],
    [["exec"]],
    [["get", "gumloop"]],
    [[]],
  ])("the line %p", (argv) => expect(everydayExports(argv, { ...TOKEN, ...HOME }, nowhere)).toBeNull());

  test.each([
    { GUMLOOP_TEAM_ID: "t" },
    { GUMLOOP_BASE_URL: "https://x.example/api/v1" },
    { GUMLOOP_ACCESS_TOKEN_FILE: "/f" },
    { GUM_CRED_EXPORTED: "x" },
    { GUM_CRED_POLICY: "/p" },
    { GUMLOOP_ACCESS_TOKEN: "with space" },
    { GUMLOOP_ACCESS_TOKEN: "" },
  ])("the environment %p", (more) => {
    expect(everydayExports(["env", "gumloop"], { ...TOKEN, ...more }, nowhere)).toBeNull();
  });

  test("a system folder, and without names a bus, a folder of settings or no home", () => {
    const there = (wanted: string) => files((path) => path === wanted || nothing(path));
    const env = { ...TOKEN, ...HOME, XDG_RUNTIME_DIR: "/run/user/1" };
    expect(everydayExports(["env", "gumloop"], env, there("/etc/gum-cred"))).toBeNull();
    expect(everydayExports(["env"], env, there("/run/user/1/bus"))).toBeNull();
    expect(everydayExports(["env"], env, there("/home/u/.config/gum-cred"))).toBeNull();
    expect(everydayExports(["env"], { ...env, XDG_CONFIG_HOME: "/c" }, there("/c/gum-cred"))).toBeNull();
    const relative = { ...env, XDG_CONFIG_HOME: "c" };
    expect(everydayExports(["env"], relative, there("/home/u/.config/gum-cred"))).toBeNull();
    expect(everydayExports(["env"], { ...TOKEN, HOME: "relative" }, nowhere)).toBeNull();
    expect(
      everydayExports(["env"], { ...env, DBUS_SESSION_BUS_ADDRESS: "unix:path=/b" }, nowhere),
    ).toBeNull();
    expect(everydayExports(["env"], TOKEN, nowhere)).toBeNull();
    expect(everydayExports(["env"], env, nowhere)).not.toBeNull();
  });

  test("by name a choice of the default profile, whatever else is in the folder of settings", () => {
    const settings = (...entries: string[]) => files((path) => path === "/home/u/.config/gum-cred", entries);
    const answer = (entry: string) =>
      everydayExports(["env", "gumloop"], { ...TOKEN, ...HOME }, settings(entry));
    expect(answer("plugins")).not.toBeNull();
    expect(answer("config.json")).toBeNull();
  });

  test("a folder above the settings that cannot be entered, or is none", () => {
    const has = (paths: readonly string[]) => files((path) => paths.includes(path));
    const answer = (...paths: string[]) => everydayExports(["env"], { ...TOKEN, ...HOME }, has(paths));
    expect(answer("/home/u/.config", "/home/u/.config/.", "/home/u", "/home/u/.")).not.toBeNull();
    expect(answer("/home/u", "/home/u/.")).not.toBeNull();
    expect(answer("/home/u/.config", "/home/u", "/home/u/.", "/.")).toBeNull();
    expect(answer("/home/u", "/.")).toBeNull();
  });

  // A vendor whose variable this does not know would be left out of `env`.
  const variables = PROVIDERS.filter(({ kind }) => kind === "llm").flatMap(({ methods }) =>
    methods.flatMap((method) => method.variables.flatMap((name) => [name, `${name}_FILE`])),
  );
  test.each(variables)("%s may hold a key", (name) => {
    expect(everydayExports(["env"], { ...TOKEN, ...HOME, [name]: "x" }, nowhere)).toBeNull();
  });
});

describe("the keychain's head start", () => {
  const BUS = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/b" };
  const AT_HOME = { ...BUS, ...HOME };
  const EXEC = ["exec", "gumloop", "--", "true"];

  test.each([
    [["env"], AT_HOME, "locked,session,vendors"],
    [["exec", "--", "true"], AT_HOME, "locked,session,vendors"],
    [["env", "gumloop"], { ...AT_HOME, OPENAI_API_KEY: "sk-EXAMPLE" }, "locked,session"],
  ])("asks for the session where that may be all: %j with %j", (argv, env, ask) => {
    expect(everydayQuestions(argv, env, nowhere)).toEqual({ ask: ask.split(",") as never, isSession: true });
  });

  test.each([
    [["env"], { ...AT_HOME, OPENAI_API_KEY: "sk-EXAMPLE" }, "locked,session,key,vendors"],
    [["env"], { ...AT_HOME, OPENAI_API_KEY: "" }, "locked,session,key,vendors"],
    [["env", "gumloop"], { ...AT_HOME, GUMLOOP_TEAM_ID: "t" }, "locked,session,key"],
    [["env", "gumloop"], { ...AT_HOME, GUMLOOP_BASE_URL: "" }, "locked,session,key"],
    [["env", "gumloop"], BUS, "locked,session,key"],
    [["env", "gumloop"], { ...AT_HOME, XDG_CONFIG_HOME: "/set" }, "locked,session,key"],
    [EXEC, { ...BUS, OPENAI_API_KEY: "sk-EXAMPLE", GUMLOOP_TEAM_ID: "t" }, "locked,session,key"],
    [["env"], { ...AT_HOME, ...TOKEN }, "locked,vendors"],
    [["env"], { ...AT_HOME, GUMLOOP_API_KEY: "k" }, "locked,vendors"],
    [["exec", "--", "true"], { ...BUS, GUMLOOP_ACCESS_TOKEN_FILE: "/f" }, "locked,vendors"],
  ])("asks for all that may count: %j with %j", (argv, env, ask) => {
    const set = files((path) => path === "/set/gum-cred" || nothing(path), ["config.json"]);
    expect(everydayQuestions(argv, env, set)).toEqual({ ask: ask.split(",") as never, isSession: false });
  });

  test.each([
    [["env"], HOME],
    [["env", "openai"], AT_HOME],
    [["env", "--json"], AT_HOME],
    [["get", "gumloop"], AT_HOME],
    [["exec", "--"], AT_HOME],
    [["env", "gumloop"], { ...AT_HOME, ...TOKEN }],
    [EXEC, { ...AT_HOME, GUMLOOP_API_KEY_FILE: "/f" }],
    [["env"], { ...AT_HOME, GUM_CRED_EXPORTED: "x" }],
    [["env"], { ...AT_HOME, GUM_CRED_KEYCHAIN: "kwallet" }],
    [["env"], { ...AT_HOME, GUM_CRED_POLICY: "/p" }],
  ])("is not taken by %j with %j", (argv, env) => expect(everydayQuestions(argv, env, nowhere)).toBeNull());

  test("nor where a policy may be", () => {
    expect(
      everydayQuestions(
        ["env"],
        AT_HOME,
        files((path) => path === "/etc/gum-cred"),
      ),
    ).toBeNull();
  });
});
