/** Hints that can be followed to the letter. */
import { expect, test } from "bun:test";
import { followable } from "./hints.ts";

const NAMES = [
  "login",
  "doctor",
  "status",
  "explain",
  "keys set",
  "keys list",
  "keys remove",
  "policy check",
];

const CASES: readonly (readonly [string, string, string])[] = [
  ["status --profile work", "run 'gum-cred login'", "run 'gum-cred login --profile work'"],
  ["--profile=work status", "run 'gum-cred login'", "run 'gum-cred login --profile work'"],
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
  ["get openai --level team", "run 'gum-cred login'", "run 'gum-cred login'"],
  [
    "status --base-url https://x.example",
    "run 'gum-cred login'",
    "run 'gum-cred login --base-url https://x.example'",
  ],
  ["status --profile a", "run 'gum-cred policy check FILE'", "run 'gum-cred policy check FILE'"],
  ["get x --profile a", "run 'gum-cred get --help'", "run 'gum-cred get --help'"],
  // Never the command that has just failed.
  ["doctor", "the service does not respond; run 'gum-cred doctor'", "the service does not respond"],
  ["login", "run 'gum-cred login', or set GUMLOOP_ACCESS_TOKEN", "set GUMLOOP_ACCESS_TOKEN"],
  ["login --profile a", "run 'gum-cred login' again", ""],
  ["policy check f.json", "run 'gum-cred policy check FILE' for every problem in it", ""],
  ["keys set xai", "run 'gum-cred keys set openai'", "run 'gum-cred keys set openai'"],
  ["status", "run 'gum-cred status --verify'", "run 'gum-cred status --verify'"],
  [
    "login --no-browser",
    "--timeout waits longer; without a browser add --no-browser",
    "--timeout waits longer",
  ],
  // What stands after -- is another program's.
  ["exec -- tool --profile x", "run 'gum-cred login'", "run 'gum-cred login'"],
  // A value that a shell would read as more than a word is not repeated.
  ["status --base-url https://x.example/$(id)", "run 'gum-cred login'", "run 'gum-cred login'"],
];
for (const [line, hint, expected] of CASES) {
  test(`${line}: ${hint}`, () => expect(followable(hint, line.split(" "), NAMES)).toBe(expected));
}
