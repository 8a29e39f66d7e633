/** Which answers end a sign-in, and which are a stranger's: callbacks and pasted lines as tables. */
import { describe, expect, test } from "bun:test";
import { type ErrorCode, errorSpecs } from "../../core/errors.ts";
import { reveal } from "../../core/secret.ts";
import { type Answered, type Expected, type Ignored, parseCallback, parsePasted } from "./callback.ts";

const STATE = "state-EXAMPLE-0123456789abcdefghijklmnopqrst";
const CODE = "code-EXAMPLE-1";
const expected: Expected = {
  state: STATE,
  issuer: "https://api.gumloop.com",
  redirectUri: "http://127.0.0.1:8765/callback",
};
const GOOD = `code=${CODE}&state=${STATE}`;

const judge = (query: string) => parseCallback(new URLSearchParams(query), expected);

function seen(answer: Answered | Ignored): string {
  if (answer.kind === "code") return reveal(answer.code);
  return answer.kind === "ignored" ? "ignored" : answer.error.code;
}

describe("a callback counts", () => {
  test.each([
    ["plain", GOOD],
    ["with the issuer", `${GOOD}&iss=https%3A%2F%2Fapi.gumloop.com`],
    ["with parameters nobody knows", `${GOOD}&scope=gumloop_api+userinfo&session_state=x`],
    ["in any order", `state=${STATE}&code=${CODE}`],
  ])("%s", (_, query) => expect(seen(judge(query))).toBe(CODE));

  test("with a code that was percent-encoded", () => {
    expect(seen(judge(`code=a%2Fb%2Bc%3D%3D&state=${STATE}`))).toBe("a/b+c==");
  });
});

describe("a callback is a stranger's", () => {
  test.each([
    ["nothing at all", ""],
    ["no state", `code=${CODE}`],
    ["an empty state", `code=${CODE}&state=`],
    ["a wrong state", `code=${CODE}&state=${"x".repeat(STATE.length)}`],
    ["a shorter state", `code=${CODE}&state=${STATE.slice(0, -1)}`],
    ["a longer state", `code=${CODE}&state=${STATE}x`],
    ["another case", `code=${CODE}&state=${STATE.toUpperCase()}`],
    ["the state twice", `${GOOD}&state=${STATE}`],
    ["a wrong state before the right one", `state=x&${GOOD}`],
    ["the state under another name", `code=${CODE}&State=${STATE}`],
    ["the code twice", `${GOOD}&code=${CODE}`],
    ["the issuer twice", `${GOOD}&iss=https://api.gumloop.com&iss=https://api.gumloop.com`],
    ["an unknown parameter twice", `${GOOD}&x=1&x=1`],
    ["another issuer", `${GOOD}&iss=https://evil.example`],
    ["the issuer with a slash", `${GOOD}&iss=https://api.gumloop.com/`],
    ["an empty issuer", `${GOOD}&iss=`],
    ["an error without state", "error=access_denied"],
    ["an error with a wrong state", "error=access_denied&state=wrong"],
    ["an error with another issuer", `error=access_denied&state=${STATE}&iss=https://evil.example`],
    ["the right state alone", `state=${STATE}`],
    ["code and error", `${GOOD}&error=access_denied`],
    ["an empty code", `code=&state=${STATE}`],
    ["a code with a control character", `code=a%0d%0ab&state=${STATE}`],
    ["a code with a space", `code=a+b&state=${STATE}`],
    ["a code of 5000 characters", `code=${"a".repeat(5000)}&state=${STATE}`],
    ["a token in place of a code", `access_token=EXAMPLE&state=${STATE}`],
  ])("%s", (_, query) => expect(seen(judge(query))).toBe("ignored"));
});

describe("an error with the right state ends it", () => {
  const table: readonly (readonly [query: string, code: ErrorCode, message: string])[] = [
    ["error=access_denied", "E_AUTHORIZATION_DENIED", "access was denied in the browser"],
    ["error=access_denied&error_description=x", "E_AUTHORIZATION_DENIED", "access was denied in the browser"],
    ["error=invalid_scope", "E_REJECTED", "the server refused the sign-in: invalid_scope"],
    [
      "error=x&error_description=Pro+plan+needed",
      "E_REJECTED",
      "the server refused the sign-in: Pro plan needed",
    ],
    ["error=", "E_REJECTED", "the server refused the sign-in: no reason given"],
    ["error=server_error", "E_SERVER", "the server refused the sign-in: server_error"],
    ["error=temporarily_unavailable", "E_SERVER", "the server refused the sign-in: temporarily_unavailable"],
  ];
  test.each(table)("%s", (query, code, message) => {
    const answer = judge(`${query}&state=${STATE}`);
    if (answer.kind !== "failed") throw new Error(answer.kind);
    expect([answer.error.code, answer.error.message]).toEqual([code, message]);
    expect(answer.error.exitCode).toBe(errorSpecs()[code].exit);
  });

  test("and its text is made fit for a terminal", () => {
    const description = encodeURIComponent(
      `\u001b]0;owned\u0007\u001b[31mred\u202e\u200bx\r\n\u009b2J${"long ".repeat(200)}`,
    );
    const answer = judge(`error=x&error_description=${description}&state=${STATE}`);
    if (answer.kind !== "failed") throw new Error(answer.kind);
    expect(answer.error.message).toMatch(/^[\x20-\x7e…]{1,400}$/);
  });
});

describe("a pasted line", () => {
  const redirect = expected.redirectUri;
  test.each([
    ["the whole address", `${redirect}?${GOOD}`, CODE],
    ["the whole address with spaces around", `  ${redirect}?${GOOD}\t`, CODE],
    ["the whole address with a fragment", `${redirect}?${GOOD}#`, CODE],
    ["without the scheme that browsers hide", `${redirect.slice(7)}?${GOOD}`, CODE],
    ["in quotes", `"${redirect}?${GOOD}"`, CODE],
    ["in angle brackets", `<${redirect}?${GOOD}>`, CODE],
    ["wrapped by a terminal", `${redirect}?${GOOD.slice(0, 9)}\n  ${GOOD.slice(9)}`, CODE],
    ["with the marks of a bracketed paste", `\u001b[200~${redirect}?${GOOD}\u001b[201~`, CODE],
    ["the bare code in a bracketed paste", `\u001b[200~${CODE}\u001b[201~`, CODE],
    ["the query alone", `?${GOOD}`, CODE],
    ["the query without its mark", GOOD, CODE],
    ["the bare code", CODE, CODE],
    ["a bare code with signs in it", "4/0Ab_c-d~e.f+g==", "4/0Ab_c-d~e.f+g=="],
    ["a denial", `${redirect}?error=access_denied&state=${STATE}`, "E_AUTHORIZATION_DENIED"],
    ["an address with a wrong state", `${redirect}?code=${CODE}&state=wrong`, "ignored"],
    ["an address without state", `${redirect}?code=${CODE}`, "ignored"],
    ["an address with the state twice", `${redirect}?${GOOD}&state=${STATE}`, "ignored"],
    ["an address with another issuer", `${redirect}?${GOOD}&iss=https://evil.example`, "ignored"],
    ["a denial without state", `${redirect}?error=access_denied`, "ignored"],
    ["a query without state", `code=${CODE}`, "ignored"],
    ["another port", `http://127.0.0.1:8766/callback?${GOOD}`, "ignored"],
    ["another path", `http://127.0.0.1:8765/other?${GOOD}`, "ignored"],
    ["another host", `http://localhost:8765/callback?${GOOD}`, "ignored"],
    ["https", `https://127.0.0.1:8765/callback?${GOOD}`, "ignored"],
    ["the sign-in page itself", `https://api.gumloop.com/oauth/authorize?state=${STATE}`, "ignored"],
    ["no address at all", "http://", "ignored"],
    ["two words", "my code", "ignored"],
    ["an escape sequence", "\u001b[A", "ignored"],
    ["nothing", "", "ignored"],
  ])("%s", (_, line, answer) => expect(seen(parsePasted(line, expected))).toBe(answer));

  test("of port 80 comes without the port, as browsers write it", () => {
    const port80 = { ...expected, redirectUri: "http://127.0.0.1:80/callback" };
    expect(seen(parsePasted(`http://127.0.0.1/callback?${GOOD}`, port80))).toBe(CODE);
  });

  test("that does not count is answered without quoting it", () => {
    for (const line of [
      `${redirect}?code=${CODE}&state=wrong`,
      `https://evil.example/?${GOOD}`,
      "my EXAMPLE",
    ]) {
      const answer = parsePasted(line, expected);
      if (answer.kind !== "ignored") throw new Error(answer.kind);
      expect(answer.reason).not.toContain("EXAMPLE");
    }
  });
});
