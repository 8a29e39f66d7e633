/** Advice that can be followed to the letter. */
import { describe, expect, test } from "bun:test";
import { GLOBAL_FLAGS } from "./command.ts";
import { adviceFor, CARRIED, MODES, SWITCHES, VALUED } from "./hints.ts";
import { allCommands, PROGRAM } from "./program.ts";

const NAMES = PROGRAM.map(({ name }) => name);
const adviser = (line: string) => adviceFor(line.split(" "), NAMES);

const CASES: readonly (readonly [line: string, hint: string, expected: string])[] = [
  ["status --profile work", "run 'gum-cred login'", "run 'gum-cred login --profile work'"],
  ["--profile=work status", "run 'gum-cred login'", "run 'gum-cred login --profile work'"],
  ["auth status --profile work", "run 'gum-cred login'", "run 'gum-cred login --profile work'"],
  [
    "get openai --level team --team-id t1 --profile a",
    "run 'gum-cred keys set openai', or set X; create one at Y",
    "run 'gum-cred keys set openai --profile a --team-id t1 --level team', or set X; create one at Y",
  ],
  [
    "get openai --level team",
    "run 'gum-cred explain PROVIDER' to see",
    "run 'gum-cred explain openai --level team' to see",
  ],
  ["env --format fish openai", "run 'gum-cred explain PROVIDER'", "run 'gum-cred explain openai'"],
  ["get openai --level team", "run 'gum-cred login'", "run 'gum-cred login'"],
  [
    "status --base-url https://x.example",
    "run 'gum-cred login'",
    "run 'gum-cred login --base-url https://x.example'",
  ],
  ["status --profile a", "run 'gum-cred policy check FILE'", "run 'gum-cred policy check FILE'"],
  ["get x --profile a", "run 'gum-cred get --help'", "run 'gum-cred get --help'"],
  [
    "keys set --profile a",
    "run 'gum-cred COMMAND --help' for its flags",
    "run 'gum-cred keys set --help' for its flags",
  ],
  ["nosuch --x", "run 'gum-cred COMMAND --help'", "run 'gum-cred --help'"],
  // In a substitution, behind `run: ` with a path, and before another program.
  ["login --profile a", "run 'eval $(gum-cred env)'", "run 'eval $(gum-cred env --profile a)'"],
  [
    "env --profile a",
    "run: gum-cred policy check '/it'\\''s; here'",
    "run: gum-cred policy check '/it'\\''s; here'",
  ],
  ["status --profile a", "run: gum-cred keys import '/a b'", "run: gum-cred keys import --profile a '/a b'"],
  [
    "exec openai --profile a -- make",
    "run 'gum-cred broker PROVIDER -- CMD'",
    "run 'gum-cred broker openai --profile a -- make'",
  ],
  [
    "exec openai --profile a",
    "write 'gum-cred exec -- CMD ARG…'",
    "write 'gum-cred exec --profile a -- CMD ARG…'",
  ],
  ["exec openai -- tool sk-EXAMPLE", "run 'gum-cred broker -- CMD'", "run 'gum-cred broker -- CMD'"],
  // Of a flag that is given twice the last value counts.
  ["get xai --profile a --profile b", "run 'gum-cred login'", "run 'gum-cred login --profile b'"],
  [
    "--team-id=t --team-id u get xai",
    "run 'gum-cred keys set xai'",
    "run 'gum-cred keys set xai --team-id u'",
  ],
  // Never the command that has just failed.
  ["doctor", "the service does not respond; run 'gum-cred doctor'", "the service does not respond"],
  ["login", "run 'gum-cred login', or set GUMLOOP_ACCESS_TOKEN", "set GUMLOOP_ACCESS_TOKEN"],
  ["login --profile a", "run 'gum-cred login' again", ""],
  ["policy check f.json", "run 'gum-cred policy check FILE' for every problem in it", ""],
  ["policy check f.json", "correct it; run: gum-cred policy check '/f.json'", "correct it"],
  ["policy check --live", "run: gum-cred policy check '/f.json'", "run: gum-cred policy check '/f.json'"],
  ["providers nosuch", "run 'gum-cred providers'", "run 'gum-cred providers'"],
  ["keys set xai", "run 'gum-cred keys set openai'", "run 'gum-cred keys set openai'"],
  ["status", "run 'gum-cred status --verify'", "run 'gum-cred status --verify'"],
  [
    "setup claude --write",
    "look at it with 'gum-cred setup claude'",
    "look at it with 'gum-cred setup claude'",
  ],
  // But elsewhere.
  ["keychain unlock", "'gum-cred keychain unlock' on a terminal", "'gum-cred keychain unlock' on a terminal"],
  // Nor a flag that was given.
  [
    "login --no-browser",
    "--timeout waits longer; without a browser add --no-browser",
    "--timeout waits longer",
  ],
  ["keys set xai --no-verify", "try again, or store it unverified with --no-verify", "try again"],
  ["keys set xai", "try again, or store it with --no-verify", "try again, or store it with --no-verify"],
  // What stands after -- is another program's.
  ["exec -- tool --profile x", "run 'gum-cred login'", "run 'gum-cred login'"],
  // A value that a shell would read as more than a word is not repeated.
  ["status --base-url https://x.example/$(id)", "run 'gum-cred login'", "run 'gum-cred login'"],
];
for (const [line, hint, expected] of CASES) {
  test(`${line}: ${hint}`, () => expect(adviser(line).hint(hint)).toBe(expected));
}

test("what a warning says stays; its advice is a hint", () => {
  const { line } = adviser("login --profile a");
  expect(line("'gum-cred login' was X; run 'gum-cred login'; run 'gum-cred status'")).toBe(
    "'gum-cred login --profile a' was X; run 'gum-cred status --profile a'",
  );
});

test("a command's output keeps all that it says, once changed or twice", () => {
  const { output } = adviser("keys list --profile a");
  const once = "No keys. Run 'gum-cred keys set PROVIDER --profile a', or 'gum-cred keys list --profile a'.";
  expect(output("No keys. Run 'gum-cred keys set PROVIDER', or 'gum-cred keys list'.")).toBe(once);
  expect(output(once)).toBe(once);
});

describe("the tables are those of the commands", () => {
  const flags = async () =>
    (await allCommands()).flatMap(({ name, flags: own }) =>
      [...GLOBAL_FLAGS, ...own].map((flag) => ({ ...flag, of: name })),
    );

  test("flags with values and without", async () => {
    const all = await flags();
    const valued = all.filter(({ value, choices }) => value !== undefined || choices).map(({ name }) => name);
    expect([...VALUED].sort()).toEqual([...new Set(valued)].sort());
    expect(
      [...SWITCHES, ...MODES].filter((name) => !all.some((flag) => flag.name === name && !flag.value)),
    ).toEqual([]);
  });

  test("whatever is carried is taken", async () => {
    const all = await flags();
    for (const [flag, takes] of CARRIED) {
      const taken = all.filter(({ name }) => name === flag).map(({ of }) => of);
      expect(NAMES.filter((name) => takes.test(name) && !taken.includes(name))).toEqual([]);
    }
    const [, levels] = CARRIED.find(([flag]) => flag === "level") ?? [];
    const taken = all.filter(({ name }) => name === "level").map(({ of }) => of);
    expect(taken.filter((name) => !levels?.test(name))).toEqual([]);
  });
});
