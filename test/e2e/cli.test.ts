/** The command line itself: help, versions, mistakes, and how errors look. */
import { describe, expect, test } from "bun:test";
import { allCommands, PROGRAM } from "../../src/cli/program.ts";
import { errorSpecs } from "../../src/core/errors.ts";
import { run } from "../support/binary.ts";

const COMMANDS = await allCommands();

test("a command is found under the name that it declares", () => {
  expect(COMMANDS.map(({ name }) => name)).toEqual(PROGRAM.map(({ name }) => name));
});

describe("help", () => {
  test("without a command, and with --help: the overview, exit 0", async () => {
    const [bare, asked] = [await run([]), await run(["--help"])];
    expect(bare.code).toBe(0);
    expect(bare.stdout).toBe(asked.stdout);
    for (const command of COMMANDS) expect(bare.stdout).toContain(`  ${command.name} `);
  });
  for (const command of COMMANDS) {
    test(`${command.name} --help has usage, every flag, and examples`, async () => {
      const { code, stdout } = await run([...command.name.split(" "), "--help"]);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: gum-cred ${command.name}`);
      for (const flag of command.flags) expect(stdout).toContain(`--${flag.name}`);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(stdout).toContain(example.line);
    });
  }
  test("--version", async () => {
    expect((await run(["--version"])).stdout).toMatch(/^gum-cred \d+\.\d+\.\d+ \(.+\)\n$/);
    expect((await run(["env", "-V"])).code).toBe(0);
  });
});

describe("mistakes are refused with a suggestion", () => {
  const cases: [args: string[], code: string, says: string][] = [
    [["logni"], "E_UNKNOWN_COMMAND", "did you mean 'gum-cred login'?"],
    [["frobnicate"], "E_UNKNOWN_COMMAND", "--help"],
    [["status", "--verfy"], "E_UNKNOWN_FLAG", "did you mean --verify?"],
    [["--jsn", "status"], "E_UNKNOWN_FLAG", "did you mean --json?"],
    [["status", "extra"], "E_USAGE", "does not take that many arguments"],
    [["get"], "E_USAGE", "needs PROVIDER"],
    [["get", "gumloop", "--field", "refresh_token"], "E_INVALID_VALUE", "api_key"],
    [["get", "gооgle"], "E_UNKNOWN_PROVIDER", "only a-z"],
    [["get", "nobody"], "E_UNKNOWN_PROVIDER", "nobody"],
    [["env", "--format"], "E_USAGE", "--format needs a value"],
    [["status", "--profile", "--quiet"], "E_USAGE", "--profile needs a value"],
    [["status", "--verify=yes"], "E_USAGE", "--verify takes no value"],
    [["status", "--", "x"], "E_USAGE", "nothing after '--'"],
    [["login", "--api-kye=sk-EXAMPLE-secret"], "E_UNKNOWN_FLAG", "--api-key"],
  ];
  for (const [args, code, says] of cases) {
    test(args.join(" "), async () => {
      const result = await run(args);
      expect(result.code).toBe(2);
      expect(result.stderr).toContain(`gum-cred: error[${code}]: `);
      expect(result.stderr).toContain("\nhint: ");
      expect(result.stderr).toContain(says);
      expect(result.stderr).not.toContain("EXAMPLE");
    });
  }
});

test("errors as JSON, on stderr, on one line", async () => {
  const result = await run(["status", "--json", "--base-url", "nonsense"]);
  expect(result.stdout).toBe("");
  const { error } = JSON.parse(result.stderr);
  expect(error).toEqual({
    code: "E_INVALID_VALUE",
    message: expect.any(String),
    hint: expect.any(String),
    exit_code: errorSpecs().E_INVALID_VALUE.exit,
  });
});

test("hostile text in an argument reaches the terminal without its escapes", async () => {
  const result = await run(["\u001b]0;owned\u0007\u202egol"]);
  expect(result.code).toBe(2);
  expect(result.stderr).not.toMatch(/[\u001b\u0007\u202e]/);
});

test("exec without '--' and a command is a usage error of its own kind", async () => {
  for (const args of [["exec"], ["exec", "true"], ["exec", "--"], ["exec", "--bogus", "--", "true"]]) {
    expect((await run(args)).code).toBe(125);
  }
});

test("a pipe closed early is no drama", async () => {
  const result = await run(["-c", "gum-cred --help | head -n 1; gum-cred status --json | true; exit 0"], {
    program: ["sh"],
  });
  expect(result.code).toBe(0);
  expect(result.stderr).not.toContain("E_INTERNAL");
});

test("a full disk behind stdout is one clear error, never a dump of the program", async () => {
  for (const args of ["--help", "--version", "env gumloop"]) {
    const result = await run(["-c", `GUMLOOP_ACCESS_TOKEN=tok-EXAMPLE gum-cred ${args} > /dev/full`], {
      program: ["sh"],
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toStartWith("gum-cred: error[E_OUTPUT]: ");
    expect(result.stderr.split("\n").length).toBeLessThan(5);
  }
});

test.skipIf(process.platform !== "linux")(
  "too little address space for native calls: it works, or says why not",
  async () => {
    const commands = [
      ["--version", 0],
      ["env gumloop", 0],
      ["status", 0],
      ["redact", 4],
      ["exec gumloop -- true", 0],
      ["exec --mask gumloop -- true", 125],
      ["keychain", 4],
    ] as const;
    for (const [args, code] of commands) {
      const script = `ulimit -v 1500000; gum-cred ${args} < /dev/null`;
      const env = {
        GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE",
        DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus",
      };
      const result = await run(["-c", script], { program: ["sh"], env });
      expect([args, result.code]).toEqual([args, code]);
      if (code !== 0)
        expect(result.stderr).toContain("native calls are refused\nhint: gum-cred needs executable memory");
    }
  },
);
