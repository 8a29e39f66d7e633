/** Every page on a real terminal, at two widths, with colour and without: nothing is wider than the terminal. */
import { describe, expect, test } from "bun:test";
import { PROGRAM } from "../../src/cli/program.ts";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const PAGES = [
  [],
  ...PROGRAM.map(({ name }) => [...name.split(" "), "--help"]),
  ...["keys", "policy", "plugins"].map((group) => [group, "--help"]),
  ["help", "keys"],
  ...["environment", "exit-codes", "plugins"].map((topic) => ["help", topic]),
  ["status"],
  ["explain", "openai"],
  ["keys", "list"],
  ["keychain"],
  ["doctor"],
  ["providers"],
];
const GUIDE = await Bun.file(`${import.meta.dir}/../../docs/plugins.md`).text();
const plain = (text: string): string => Bun.stripANSI(text);

describe.each([80, 40])("%p columns", (columns) => {
  test.each(PAGES.map((args) => [args.join(" ") || "(nothing)", args] as const))(
    "%s",
    async (_name, args) => {
      const env = {
        ...world.env,
        OPENAI_API_KEY: "sk-proj-EXAMPLEEXAMPLE",
        GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE",
      };
      const { screen } = await onTerminal(args, [], { columns, env });
      expect(screen).not.toBe("");
      const wide = plain(screen)
        .split("\n")
        .filter((line) => Bun.stringWidth(line) > columns && line.trim().includes(" "))
        // Code of the guide, and errors, which a terminal wraps itself so that they can be copied.
        .filter((line) => !GUIDE.includes(line) && !/^(?:gum-cred|hint): /.test(line));
      expect(wide).toEqual([]);
    },
    15_000,
  );
});

test.each([
  ["NO_COLOR", { NO_COLOR: "1" }, []],
  ["TERM=dumb", { TERM: "dumb" }, []],
  ["--no-color", {}, ["--no-color"]],
] as const)("no colour with %s; with colour without", async (_name, extra, flags) => {
  for (const args of [["--help"], ["keys", "set", "--help"], ["explain", "openai"]]) {
    const env = { ...world.env, ...extra };
    expect((await onTerminal([...args, ...flags], [], { env })).screen).not.toContain("\u001b");
    expect((await onTerminal(args, [], { env: world.env })).screen).toContain("\u001b[1m");
  }
});
