/** What is read out of a dotenv file, and that no file takes long. */
import { expect, test } from "bun:test";
import { reveal } from "../../core/secret.ts";
import { VENDORS } from "../../providers/registry.ts";
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
