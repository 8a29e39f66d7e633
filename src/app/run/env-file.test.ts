/** Our reading of dotenv text against the package's own, on everything that may stand in such a file. */
import { expect, test } from "bun:test";
import { parse } from "dotenv";
import { parseEnvFile } from "./env-file.ts";

const LINES = [
  "A=1", "B = two words ", "C='single # quoted'", 'D="double \\n broken"', "E=`back'tick\"`", "export F=exported",
  "G=", "H=value # comment", "I=val#ue", 'J="unterminated', "K='tis the season", "L: yaml", ["M=$HOME $", "{HOME} $(id)"].join(""),
  "# comment", "", "   ", "  N=indented", "O.dotted-name=1", 'P="two\nlines"', "Q='two\nlines'", "R=a=b=c",
  'S="with \\" quote"', "T='with \\' quote'", "U=gum://openai", 'V="gum://openai?level=team" # the team', "W=\\n",
  "X=\ttab\t", "Y=ü", "not a variable", "Z", "=nothing", "AA='a'b", 'AB=""', "AC=''", "A=again", "AD=`a\nb`",
  "export", "AE=\\", "AF='\\n'", "AG=\"a\"\"b\"", "-=dash", "AH=#", "AI=1  #2", 'AJ="#"',
]; // biome-ignore format: one list

const asObject = (text: string) =>
  Object.fromEntries(parseEnvFile(text).entries.map(({ name, value }) => [name, value]));

test.each(LINES)("%j", (line) => expect(asObject(line)).toEqual(parse(line)));

test("any two lines, one after the other, with each kind of line end", () => {
  for (const end of ["\n", "\r\n", "\r", "\n\n"]) {
    for (const first of LINES) {
      for (const second of LINES) {
        const text = `${first}${end}${second}${end}`;
        expect([text, asObject(text)]).toEqual([text, parse(text)]);
      }
    }
  }
});

test("lines are counted through values of several lines, comments and every kind of line end", () => {
  const text = 'A=1\r\n\r\n# c\nB="two\nlines"\n\nC=3\rD=4\nnot a variable\n\texport E=5';
  const { entries, strayLines } = parseEnvFile(text);
  expect(entries.map(({ name, line }) => `${name}:${line}`)).toEqual(["A:1", "B:4", "C:7", "D:8", "E:10"]);
  expect(strayLines).toEqual([9]);
});

test("a mark of the byte order is no part of the first name", () => {
  expect(asObject("\ufeffA=1")).toEqual({ A: "1" });
});
