/** What is read out of a dotenv file, and that no file takes long. */
import { expect, test } from "bun:test";
import { reveal } from "../../core/secret.ts";
import { VENDORS } from "../../providers/registry.ts";
import { cleanUpNote } from "./clean-up.ts";
import { planImport } from "./import.ts";

const KEY = "sk-proj-EXAMPLE";
const read = (text: string) =>
  planImport(text, VENDORS).keys.map(({ variable, key }) => `${variable}=${reveal(key)}`);

const LINE = `OPENAI_API_KEY=${KEY}`;
const EXPECTED = [LINE];
const FILES: readonly (readonly [string, string])[] = [
  ["alone", LINE],
  ["between blank lines", `\n\n  \t\n${LINE}\n\n\n`],
  ["with CRLF", `A=1\r\n\r\n${LINE}\r\n`],
  ["with CR", `A=1\r${LINE}\r`],
  ["exported, quoted, with a comment", `# a\n\nexport OPENAI_API_KEY = "${KEY}" # b\n`],
  ["after a value of several lines", `PEM="-----BEGIN\n\nabc\n-----END"\n${LINE}`],
];
for (const [name, text] of FILES) {
  test(`a key ${name}`, () => expect(read(text)).toEqual(EXPECTED));
}

const REPEATED: readonly (readonly [string, string])[] = [
  ["line breaks", "\n"],
  ["CRLF", "\r\n"],
  ["CR", "\r"],
  ["blank lines", " \t\n"],
  ["line separators", "\u2028"],
  ["line separators between letters", "a\u2028"],
  ["comments", "# a\n"],
  ["words", "word\n"],
  ["blanks", " "],
  ["quotes", "A='\n"],
];
for (const count of [65_000, 1_000_000]) {
  for (const [name, unit] of REPEATED) {
    test(`${count} ${name} take under a second`, () => {
      const start = performance.now();
      const found = read(`${LINE}\n${unit.repeat(count)}`);
      expect(performance.now() - start).toBeLessThan(1_000);
      expect(found).toEqual(EXPECTED);
    });
  }
}

const PLACEHOLDERS = [
  "your_api_key_here",
  "YOUR-KEY",
  "sk-your-key-here",
  "<your key>",
  "<API_KEY>",
  `$${"{OPENAI_KEY}"}`,
  "$OPENAI_KEY",
  "$(pass openai)",
  "{{ openai }}",
  "op://vault/openai/key",
  "gum://openai",
  "vault://secret/openai#key",
  "xxxx",
  "sk-xxxxxxxxxxxx",
  "sk-proj-xxxx",
  "sk-...",
  "sk-abc...wxyz",
  "********",
  "changeme",
  "CHANGE_ME",
  "replace_me",
  "todo",
  "insert-key",
];
for (const value of PLACEHOLDERS) {
  test(`${value} is refused by name and line`, () => {
    const { keys, refused } = planImport(`# a\nOPENAI_API_KEY=${value}\n`, VENDORS, ".env");
    expect(keys).toEqual([]);
    expect(refused.map(({ variable, line }) => [variable, line])).toEqual([["OPENAI_API_KEY", 2]]);
    expect(refused[0]?.error.message).toStartWith(".env: OPENAI_API_KEY in line 2 was refused: ");
    expect(refused[0]?.error.message).not.toContain(value);
  });
}

const REAL = [
  "sk-proj-Ab12_xxYour-hereEXAMPLE99",
  "sk-ant-api03-EXAMPLEEXAMPLE",
  "AIzaSyEXAMPLE-key_9",
  "xai-EXAMPLE0000xxxx1",
  "gsk_testEXAMPLE",
];
for (const value of REAL) {
  test(`${value} may be a key`, () =>
    expect(read(`OPENAI_API_KEY=${value}`)).toEqual([`OPENAI_API_KEY=${value}`]));
}

const BROKEN: readonly (readonly [string, string, string])[] = [
  ["a double quote that nothing closes", `"${KEY}`, "not closed"],
  ["a single quote that nothing closes", `'${KEY}`, "not closed"],
  ["a quote that the next value closes", `"${KEY}\nB="b"`, "not closed"],
  ["text behind the closing quote", `"${KEY}"x`, "text follows"],
  ["a value of several lines", `"${KEY}\nmore"`, "several lines"],
  ["spaces inside", "sk a EXAMPLE", "spaces or characters"],
];
for (const [name, value, reason] of BROKEN) {
  test(`${name} is refused`, () => {
    const { keys, refused } = planImport(`A=1\nOPENAI_API_KEY=${value}\n`, VENDORS);
    expect(keys).toEqual([]);
    expect(refused[0]?.error.message).toContain(reason);
    expect(refused[0]?.error.message).toContain("OPENAI_API_KEY in line 2");
    expect(refused[0]?.error.message).not.toContain("EXAMPLE");
  });
}

test("a placeholder does not outrank a key of the same vendor", () => {
  const { keys, refused } = planImport("GOOGLE_API_KEY=changeme\nGEMINI_API_KEY=AIzaEXAMPLE\n", VENDORS);
  expect(keys.map(({ variable }) => variable)).toEqual(["GEMINI_API_KEY"]);
  expect(refused.map(({ variable }) => variable)).toEqual(["GOOGLE_API_KEY"]);
});

const MORE: readonly (readonly [string, string, boolean])[] = [
  ["keys alone", `${LINE}\n\nANTHROPIC_API_KEY=sk-ant-EXAMPLE\n`, false],
  ["a key that is assigned twice", `${LINE}\n${LINE}\n`, false],
  ["another key that a later line replaces", `OPENAI_API_KEY=sk-older-EXAMPLE\n${LINE}\n`, true],
  ["the same variable without a value", `OPENAI_API_KEY=\n${LINE}\n`, true],
  ["a comment behind a key", `${LINE} # work\n`, true],
  ["a comment behind a quoted key", `OPENAI_API_KEY="sk-EXAMPLE" # work\n`, true],
  ["a number sign in quotes", `OPENAI_API_KEY="sk-#EXAMPLE"\n`, false],
  ["another variable", `${LINE}\nPORT=1\n`, true],
  ["an empty variable", `${LINE}\nPORT=\n`, true],
  ["a comment", `# mine\n${LINE}\n`, true],
  ["text that is no assignment", `${LINE}\nnotes\n`, true],
  ["Gumloop's key", `${LINE}\nGUMLOOP_API_KEY=gum-EXAMPLE\n`, true],
  ["a placeholder", `${LINE}\nXAI_API_KEY=changeme\n`, true],
];
for (const [name, text, expected] of MORE) {
  test(`holds more than keys: ${name}`, () => expect(planImport(text, VENDORS).holdsMore).toBe(expected));
}

test("a key that a later line replaces is said to be left out, and its line is not to be removed", () => {
  const { keys, replaced } = planImport(`OPENAI_API_KEY=sk-older-EXAMPLE\n${LINE}\n${LINE}\n`, VENDORS);
  expect(keys.map(({ lines }) => lines)).toEqual([[2, 3]]);
  expect(replaced.map(({ name, line }) => [name, line])).toEqual([["OPENAI_API_KEY", 1]]);
});

const NOTES: readonly (readonly [string, boolean, string, string])[] = [
  [".env", true, "linux", "shred -u -- '.env'"],
  ["it's mine.env", true, "linux", "shred -u -- 'it'\\''s mine.env'"],
  ["-rf", true, "darwin", "rm -- '-rf'"],
  ["it's.env", true, "win32", "Remove-Item -LiteralPath 'it''s.env'"],
  ["a\nb", true, "linux", "the file a b still holds the keys; delete it"],
  [".env", false, "linux", "remove line 1 (A) and lines 3, 4 (B) from it"],
];
for (const [path, deletable, platform, expected] of NOTES) {
  test(`after an import of ${JSON.stringify(path)} on ${platform}: ${deletable}`, () => {
    const stored = [
      { variable: "A", lines: [1] },
      { variable: "B", lines: [3, 4] },
    ];
    const note = cleanUpNote(path, stored, deletable, platform);
    expect(note).toEndWith(expected);
    if (!deletable) expect(note).not.toContain("shred");
  });
}
