/** Questions on a real terminal: what ends them, what they show, and how they leave the terminal. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { onTerminal, type Step } from "../support/terminal.ts";
import { startVendors, type Vendors } from "../support/vendors.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let vendors: Vendors;
beforeAll(() => {
  vendors = startVendors();
});
afterAll(() => vendors.stop());

const env = () => ({ ...world.env, ...vendors.env });
const SET = ["keys", "set", "openai"];
const ASKED = "(hidden): ";

describe("a hidden prompt", () => {
  test.each([
    ["CR", "\r"],
    ["LF", "\n"],
    ["the marks of a bracketed paste and CR", "\u001b[201~\r"],
  ])("takes what ends with %s, and shows nothing of it", async (name, end) => {
    const key = vendors.addKey("openai");
    const start = name.startsWith("the marks") ? "\u001b[200~" : "";
    const { code, screen, restored } = await onTerminal(SET, [{ wait: ASKED, type: start + key + end }], {
      env: env(),
    });
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    expect(screen).not.toContain(key);
    expect(screen).toContain("https://platform.openai.com/api-keys");
    expect((await world.ok(["get", "openai"], { env: vendors.env })).stdout).toBe(`${key}\n`);
  });

  test.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
    ["Ctrl-D after some letters", "abc\u0004"],
  ])("%s interrupts it, and nothing is changed", async (_name, typed) => {
    const { code, screen, restored } = await onTerminal(SET, [{ wait: ASKED, type: typed }], { env: env() });
    expect({ code, restored }).toEqual({ code: 130, restored: true });
    expect(screen).toContain("nothing was changed");
  });

  test.each([
    ["TERM", 143],
    ["HUP", 129],
    ["INT", 130],
    ["QUIT", 131],
    ["ALRM", 142],
    ["USR1", 138],
    ["USR2", 140],
    ["XCPU", 152],
    ["VTALRM", 154],
    ["PROF", 155],
  ] as const)("%s leaves the terminal as it was", async (signal, code) => {
    const run = await onTerminal(SET, [{ wait: ASKED, type: "abc", signal }], { env: env() });
    expect({ code: run.code, restored: run.restored }).toEqual({ code, restored: true });
    expect(run.screen).not.toContain("\u001b[?25l");
  });

  test("a paste of 3,000 characters is taken at once", async () => {
    const steps: Step[] = [{ wait: ASKED, type: `${"sk-EXAMPLE".repeat(300)}\r` }];
    const { code, lastMs, restored } = await onTerminal([...SET, "--no-verify"], steps, { env: env() });
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    expect(lastMs).toBeLessThan(1_000);
  });

  test.each([
    ["NO_COLOR", { NO_COLOR: "1" }, []],
    ["TERM=dumb", { TERM: "dumb" }, []],
    ["--no-color", {}, ["--no-color"]],
  ] as const)("no escape sequence with %s", async (_name, extra, flags) => {
    const steps: Step[] = [{ wait: ASKED, type: "\u0003" }];
    const { screen } = await onTerminal([...SET, ...flags], steps, { env: { ...env(), ...extra } });
    expect(screen).not.toContain("\u001b");
  });

  test("with colour where it is wanted", async () => {
    expect((await onTerminal(SET, [{ wait: ASKED, type: "\u0003" }], { env: env() })).screen).toContain(
      "\u001b[1m",
    );
  });
});

test.each([
  [["login", "--api-key", "-", "--user-id", "user_a"]],
  [["login", "--access-token", "-"]],
  [["keys", "set", "openai", "--key", "-"]],
  [["keys", "import", "-", "--no-input"]],
  [["keys", "import", "/dev/stdin", "--no-input"]],
  [["login", "--from-webhook", "-", "--no-input"]],
])("a terminal is no stdin to read from: %p", async (args) => {
  expect((await onTerminal(args, [], { env: env() })).code).toBe(2);
});

test("Ctrl-D ends the wait for the browser where its address may be pasted", async () => {
  const login = ["login", "--method", "oauth", "--no-browser", "--callback-port", "45127"];
  const typed = [{ wait: "paste the address that it ends on here.\r\n", type: "\u0004" }];
  const { code, restored } = await onTerminal([...login, "--base-url", world.server.baseUrl], typed, {
    env: env(),
  });
  expect({ code, restored }).toEqual({ code: 130, restored: true });
});

describe("Ctrl-Z at a question", () => {
  const shell = ["/bin/bash", "--norc", "-i"];
  const SUSPEND = "\u001a";

  test.each([
    ["hidden", "keys set openai --no-verify", "Key for OpenAI", "sk-EXAMPLE-after-fg-0123456789"],
    [
      "of several lines",
      "keys import - --no-verify",
      "ends it.",
      "OPENAI_API_KEY=sk-EXAMPLE-after-fg-01234\r",
    ],
  ])(
    "%s stops the job and shows what the shell is told; fg asks again",
    async (_name, line, asked, answer) => {
      const steps: readonly Step[] = [
        { wait: "# ", type: `gum-cred ${line}\r` },
        { wait: asked, type: SUSPEND },
        { wait: "Stopped", type: "" },
        { wait: "# ", type: "echo sho''wn; fg\r" },
        { wait: "shown", type: "" },
        { wait: asked, type: `${answer}\r` },
        { wait: "stored", type: "" },
        { wait: "# ", type: "exit 7\r" },
      ];
      const { code, screen } = await onTerminal([], steps, {
        env: { ...env(), PS1: "# " },
        program: shell,
        timeoutMs: 9_000,
      });
      expect(code).toBe(7);
      expect(screen).not.toContain("EXAMPLE");
    },
  );

  test("changes nothing where no shell could go on with it", async () => {
    const key = vendors.addKey("openai");
    const typed = `${key.slice(0, 5)}${SUSPEND}${key.slice(5)}\r`;
    const { code, restored } = await onTerminal(SET, [{ wait: ASKED, type: typed }], { env: env() });
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    expect((await world.ok(["get", "openai"], { env: vendors.env })).stdout).toBe(`${key}\n`);
  });
});

describe("lines that are pasted", () => {
  const profile = ["--profile", "pasted"];

  test.each([
    ["a blank line", "\r\r"],
    ["Ctrl-D", "\u0004"],
    ["LF and a blank line", "\n\n"],
  ])("keys import - reads until %s, without echo", async (_name, end) => {
    const key = vendors.addKey("openai");
    const typed = `# keys\r\rOPENAI_API_KEY=${key}${end}`;
    const { code, screen, restored } = await onTerminal(
      ["keys", "import", "-", ...profile],
      [{ wait: "ends it.", type: typed }],
      { env: env() },
    );
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    expect(screen).not.toContain(key);
    expect((await world.ok(["get", "openai", ...profile])).stdout).toBe(`${key}\n`);
  });

  test("login --from-webhook - too, and it is offered among the ways to sign in", async () => {
    const { key, userId } = world.server.addApiKey();
    const snippet = `curl -X POST '${world.server.baseUrl}/start_pipeline?user_id=${userId}' \\\r\r -H 'Authorization: Bearer ${key}'\r\r`;
    const where = ["--base-url", world.server.baseUrl, ...profile];
    const asked = await onTerminal(
      ["login", "--from-webhook", "-", ...where],
      [{ wait: "ends it.", type: snippet }],
      { env: env() },
    );
    expect(asked.code).toBe(0);
    expect(asked.screen).not.toContain(key);
    await world.ok(["logout", ...profile]);
    const chosen = await onTerminal(
      ["login", ...where],
      [
        { wait: "Number [1]: ", type: "3\r" },
        { wait: "ends it.", type: snippet },
      ],
      { env: env() },
    );
    expect(chosen.code).toBe(0);
    expect((await world.ok(["get", "gumloop", ...profile])).stdout).toBe(`${key}\n`);
  });

  test("a choice by the arrow keys", async () => {
    const steps: Step[] = [
      { wait: "Number [1]: ", type: "\u001b[B\r" },
      { wait: ASKED, type: "\u0003" },
    ];
    const { code, screen } = await onTerminal(["login", "--profile", "arrows"], steps, { env: env() });
    expect(code).toBe(130);
    expect(screen).toContain("Gumloop API key");
  });
});
