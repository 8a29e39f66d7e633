/** How what a terminal passes on becomes one text: lines that belong together, and the marks of a bracketed paste. */
import { expect, test } from "bun:test";
import { reveal } from "../../core/secret.ts";
import { pastedAnswers } from "./pasted.ts";

const EXPECTED = {
  state: "state-EXAMPLE",
  issuer: "https://api.gumloop.com",
  redirectUri: "http://127.0.0.1:8765/callback",
};
const ADDRESS = `${EXPECTED.redirectUri}?code=code-EXAMPLE&state=${EXPECTED.state}`;
const [START, END] = ["\u001b[200~", "\u001b[201~"];

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

test.each([
  ["whole", `${ADDRESS}\n`],
  ["wrapped", `${ADDRESS.slice(0, 50)}\n${ADDRESS.slice(50)}\n`],
  ["wrapped by CR", `${ADDRESS.slice(0, 50)}\r${ADDRESS.slice(50)}\r`],
  ["in a bracketed paste", `${START}${ADDRESS}${END}\r`],
  ["wrapped in a bracketed paste", `${START}${ADDRESS.slice(0, 50)}\r${ADDRESS.slice(50)}${END}\r`],
  [
    "wrapped and quoted in a bracketed paste",
    `${START}"${ADDRESS.slice(0, 50)}\n${ADDRESS.slice(50)}"${END}\n`,
  ],
  [
    "without scheme, wrapped in a bracketed paste",
    `${START}${ADDRESS.slice(7, 50)}\n${ADDRESS.slice(50)}${END}\n`,
  ],
])("an address is understood: %s", async (_name, text) => {
  const ignored: string[] = [];
  const answer = await pastedAnswers(streamOf(text), EXPECTED, (reason) => ignored.push(reason)).next();
  expect(ignored).toEqual([]);
  expect(answer.kind === "code" && reveal(answer.code)).toBe("code-EXAMPLE");
});

test("what is pasted behind an answer is the next one", async () => {
  const paste = pastedAnswers(streamOf(`wrong\n\n${ADDRESS.slice(0, 50)}\n${ADDRESS.slice(50)}\n`), EXPECTED);
  const codes = [await paste.next(), await paste.next()].map(
    (one) => one.kind === "code" && reveal(one.code),
  );
  expect(codes).toEqual(["wrong", "code-EXAMPLE"]);
});

test.each([
  ["code-%7E%2B%3D%3D", "code-~+=="],
  ["100%", "100%"],
  ["a%zz%41", "a%zz%41"],
  ["a%0Ab", "a%0Ab"],
])("the bare code %s is %s", async (typed, code) => {
  const answer = await pastedAnswers(streamOf(`${typed}\n`), EXPECTED).next();
  expect(answer.kind === "code" && reveal(answer.code)).toBe(code);
});

test("the end of what is pasted is told, after the text before it", async () => {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const paste = pastedAnswers(streamOf("two words\n"), EXPECTED, (reason) => told.push(reason), resolve);
  void paste.next();
  await promise;
  expect(told).toEqual(["it is neither an address nor a code"]);
});
