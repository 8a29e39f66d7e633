/** What of an answer no message may quote, and that the server's words are shown without it. */
import { expect, test } from "bun:test";
import { reveal, secret } from "./secret.ts";
import { leaves, secretsIn, serverWords } from "./server-words.ts";

const texts = (answer: unknown) => secretsIn(answer).map(reveal).sort();

test.each<[answer: unknown, expected: readonly string[]]>([
  [
    { access_token: "token-EXAMPLE", token_type: "bearer", scope: "models", expires_in: 3600 },
    ["token-EXAMPLE"],
  ],
  [
    { auth: { client_token: "s.EXAMPLE", accessor: "acc-EXAMPLE", policies: ["default"] } },
    ["acc-EXAMPLE", "s.EXAMPLE"],
  ],
  [{ keys: [], api_keys: "x", api_key: ["sk-1-EXAMPLE", "sk-2-EXAMPLE"] }, ["sk-1-EXAMPLE", "sk-2-EXAMPLE"]],
  [{ pin_token: 12345, other_token: true, empty_token: "", code_token: "abc" }, ["12345"]],
  [{ error: { code: "invalid_api_key", message: "wrong token" } }, []],
  [null, []],
  ["token", []],
])("secrets in %j", (answer, expected) => {
  expect(texts(answer)).toEqual([...expected]);
});

test("a body of many brackets is read to its end", () => {
  const deep = `${"[".repeat(100_000)}{"token":"token-EXAMPLE"}${"]".repeat(100_000)}`;
  expect(texts(JSON.parse(deep))).toEqual(["token-EXAMPLE"]);
});

test("every field of what a store delivers counts, whatever its name", () => {
  const found = leaves({ a: "one-EXAMPLE", b: { c: ["two-EXAMPLE"] } }, () => true);
  expect(found.map(reveal).sort()).toEqual(["one-EXAMPLE", "two-EXAMPLE"]);
});

test("an error that quotes the token beside it is shown without it", () => {
  const answer = {
    error: "server_error",
    message: "kept token-EXAMPLE-123",
    access_token: "token-EXAMPLE-123",
  };
  expect(serverWords(answer, [secret("sent-EXAMPLE")]).text).toBe("kept ***");
});
