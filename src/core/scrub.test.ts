/** What an echoing server may not make us print: a secret whole, in part, encoded, in another case, or broken up. */
import { describe, expect, test } from "bun:test";
import { scrub } from "./scrub.ts";
import { secret } from "./secret.ts";

const VALUE = "rt-Zk3Qw9-EXAMPLE-x7Vb2LmT/+p8";
const bytes = Buffer.from(VALUE);
const every = (form: (byte: number) => string) => [...bytes].map(form).join("");
const hex = (byte: number, width = 2) => byte.toString(16).padStart(width, "0");

/** No six characters of the value in a row may be left, however it is read. */
function leaks(shown: string): boolean {
  const plain = shown.toLowerCase();
  const value = VALUE.toLowerCase();
  for (let at = 0; at + 6 <= value.length; at++) if (plain.includes(value.slice(at, at + 6))) return true;
  return false;
}

const echoes: [name: string, echo: string][] = [
  ["whole", VALUE],
  ["its beginning", VALUE.slice(0, 12)],
  ["its middle", VALUE.slice(6, 14)],
  ["its end", VALUE.slice(-8)],
  ["in upper case", VALUE.toUpperCase()],
  ["in lower case", VALUE.toLowerCase()],
  ["in base64", bytes.toString("base64")],
  ["in base64url", bytes.toString("base64url")],
  ["in base64 behind a user", Buffer.from(`me:${VALUE}`).toString("base64")],
  ["in base64 behind two", Buffer.from(`ab:${VALUE}x`).toString("base64")],
  ["percent-encoded", encodeURIComponent(VALUE)],
  ["every byte percent-encoded", every((byte) => `%${hex(byte)}`)],
  ["every byte percent-encoded in capitals", every((byte) => `%${hex(byte).toUpperCase()}`)],
  [
    "every second byte percent-encoded",
    every((byte) => (byte % 2 ? `%${hex(byte)}` : String.fromCharCode(byte))),
  ],
  ["in hexadecimal", bytes.toString("hex")],
  ["in hexadecimal capitals", bytes.toString("hex").toUpperCase()],
  ["in \\u escapes", every((byte) => `\\u${hex(byte, 4)}`)],
  ["in \\x escapes", every((byte) => `\\x${hex(byte)}`)],
  ["in HTML references", every((byte) => `&#${byte};`)],
  ["in HTML hexadecimal references", every((byte) => `&#x${hex(byte)};`)],
  ["split by a blank", [...VALUE].join(" ")],
  ["split by blanks of three", VALUE.replace(/.{3}/g, "$& ")],
  ["split by zero-width spaces", [...VALUE].join("\u200b")],
  ["split by soft hyphens", [...VALUE].join("\u00ad")],
  ["split by combining marks", [...VALUE].join("\u0301")],
  ["split by Hangul fillers", [...VALUE].join("\u3164")],
  ["split by line ends", VALUE.replace(/.{4}/g, "$&\r\n")],
  ["split by bidirectional marks", [...VALUE].join("\u202e")],
  ["base64 of 64 columns", bytes.toString("base64").replace(/.{16}/g, "$&\n")],
];

describe("an echo", () => {
  test.each(echoes)("%s", (_name, echo) => {
    const shown = scrub(`refused: <${echo}> is bad`, [secret(VALUE)]);
    expect(leaks(shown.replace(/[^!-~]/g, ""))).toBe(false);
    expect(leaks(decodeURIComponent(shown.replaceAll("%", "%25")))).toBe(false);
    expect(shown.startsWith("refused: <")).toBe(true);
    expect(shown).toContain("***");
    expect(shown.replace(/\*+/g, "").length).toBeLessThan(40);
  });
});

test("words that are nobody's secret stay", () => {
  expect(scrub("grant is 100% invalid: code &#; \\u12", [secret(VALUE)])).toBe(
    "grant is 100% invalid: code &#; \\u12",
  );
});

test("a secret of 60 kB costs no noticeable time", () => {
  const started = performance.now();
  scrub("x".repeat(5_000), [secret("a".repeat(60_000)), secret("EXAMPLE".repeat(9_000))]);
  expect(performance.now() - started).toBeLessThan(2_000);
});
