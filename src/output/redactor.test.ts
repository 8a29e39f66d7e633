/** The redactor against a slow and obvious one, over random texts, secrets and places where chunks end. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { SOON_MS } from "../../test/support/patience.ts";
import { secret } from "../core/secret.ts";
import { type Redactor, redactors } from "./redactor.ts";
import { secretForms } from "./secret-forms.ts";

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const utf8 = (text: string) => new TextEncoder().encode(text);

function redactorOf(...values: readonly string[]): Redactor {
  return redactors(values.map(secret))();
}

/** Sends text in chunks; what comes out after each of them, and last the rest. */
function pieces(redactor: Redactor, ...chunks: readonly string[]): readonly string[] {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
  return [...chunks.map((chunk) => text(redactor.write(utf8(chunk)))), text(redactor.end())];
}

function whole(redactor: Redactor, text: string): string {
  return pieces(redactor, text).join("");
}

/** Marks every byte of every occurrence of every form, then replaces each run that overlaps. */
function slowly(data: string, forms: readonly string[]): string {
  const spans = forms.flatMap((form) => {
    const found: [number, number][] = [];
    for (let at = data.indexOf(form); at >= 0; at = data.indexOf(form, at + 1))
      found.push([at, at + form.length]);
    return found;
  });
  spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let out = "";
  let done = 0;
  for (const [start, end] of spans) {
    if (end <= done) continue;
    if (start >= done) out += `${data.slice(done, start)}***`;
    done = end;
  }
  return out + data.slice(done);
}

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("against the slow one", () => {
  // Few different letters, so that secrets overlap, begin inside each other and repeat themselves.
  test.each(Array.from({ length: 60 }, (_, seed) => seed))("seed %d", (seed) => {
    const pick = generator(seed * 7919 + 1);
    const letters = ["ab", "abc", "aA/+%", "\u0000\u00ff\u0080a"][pick(4)] ?? "ab";
    const word = (length: number) => Array.from({ length }, () => letters[pick(letters.length)]).join("");
    const values = Array.from({ length: 1 + pick(6) }, () => word(6 + pick(12)));
    const forms = [...new Set(values.flatMap(secretForms))].map((form) => latin1(utf8(form)));
    const parts = Array.from({ length: 80 }, () =>
      pick(3) === 0 ? (forms[pick(forms.length)] ?? "") : latin1(utf8(word(pick(9)))),
    );
    const data = Buffer.from(parts.join(""), "latin1");
    const redactor = redactorOf(...values);
    let out = "";
    for (let at = 0; at < data.length; ) {
      const size = 1 + pick(pick(2) === 0 ? 3 : 60);
      // A copy that is overwritten, as a reader's buffer is.
      const chunk = Uint8Array.from(data.subarray(at, at + size));
      out += latin1(redactor.write(chunk));
      chunk.fill(0x2a);
      at += size;
    }
    out += latin1(redactor.end());
    expect(out).toBe(slowly(data.toString("latin1"), forms));
  });
});

describe("what is masked", () => {
  const VALUE = 'sk-EXAMPLE/ä+b=c&d "é"\n~1*';

  test("the value in every usual encoding", () => {
    const bytes = Buffer.from(VALUE);
    const base64 = (before: string, after: string) => Buffer.from(before + VALUE + after).toString("base64");
    const encoded = [
      VALUE,
      JSON.stringify(VALUE).slice(1, -1),
      JSON.stringify(VALUE).slice(1, -1).replaceAll("/", "\\/"),
      JSON.stringify(VALUE).slice(1, -1).replaceAll("ä", "\\u00e4").replaceAll("é", "\\u00e9"),
      JSON.stringify(VALUE).slice(1, -1).replaceAll("&", "\\u0026"),
      encodeURIComponent(VALUE),
      encodeURIComponent(VALUE).replace(/%../g, (text) => text.toLowerCase()),
      new URLSearchParams({ "": VALUE }).toString().slice(1),
      [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
      bytes.toString("base64"),
      bytes.toString("base64url"),
    ];
    for (const form of encoded) expect(whole(redactorOf(VALUE), `<${form}>`)).toBe("<***>");
    for (const before of ["", "u", "us", "use"]) {
      for (const after of ["", "x", "xy"]) {
        // Only the letters that share bits with a neighbour may stay.
        expect(whole(redactorOf(VALUE), base64(before, after))).toMatch(/^[\w+/]{0,4}\*\*\*[\w+/]{0,4}=*$/);
      }
    }
    expect(whole(redactorOf(VALUE), base64("user:", ""))).toMatch(/^dXNlcj\w\*\*\*$/);
  });

  const wrapped = (text: string, columns: number, end = "\n") =>
    text.replace(new RegExp(`.{${columns}}`, "g"), `$&${end}`);
  const LONG_VALUE = `sk-EXAMPLE-${"0aB9".repeat(30)}Zx/+~`;

  test.each([64, 76])("base64 wrapped at %d columns, wherever it begins, and hexadecimal", (columns) => {
    for (const value of [VALUE, LONG_VALUE, "hunter2-EXAMPLE"]) {
      for (let before = 0; before < 80; before++) {
        const all = Buffer.from(`${"x".repeat(before)}${value}${"y".repeat(before % 5)}`);
        for (const text of [
          all.toString("base64"),
          all.toString("base64url"),
          all.toString("hex"),
          all.toString("hex").toUpperCase(),
        ]) {
          for (const end of ["\n", "\r\n", "\n    "]) {
            const out = whole(redactorOf(value), `a\n${wrapped(text, columns, end)}\nb`);
            expect(out).toContain("***");
            expect(out.startsWith("a\n") && out.endsWith("\nb")).toBe(true);
            // Nothing of the value is left but letters that share bits with a neighbour.
            const bare = out.replace(/\s/g, "");
            const left = bare.slice(1, -1).replaceAll("***", "");
            const around =
              text.length -
              Math.floor(
                Buffer.from(value).length *
                  (text === all.toString("hex") || text === all.toString("hex").toUpperCase() ? 2 : 4 / 3),
              );
            expect(left.length).toBeLessThanOrEqual(around + 4);
          }
        }
      }
    }
  });

  test("the same in chunks of any size", () => {
    const text = `a\n${wrapped(Buffer.from(`xy${LONG_VALUE}`).toString("base64"), 64)}\nb\n`;
    const expected = whole(redactorOf(LONG_VALUE), text);
    for (let size = 1; size < 70; size++) {
      const chunks = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(pieces(redactorOf(LONG_VALUE), ...chunks).join("")).toBe(expected);
    }
  });

  test("hexadecimal with colons, escapes, blanks, and as a dump", () => {
    const bytes = [...Buffer.from(VALUE)].map((byte) => byte.toString(16).padStart(2, "0"));
    for (const form of [
      bytes.join(":"),
      bytes.join(":").toUpperCase(),
      bytes.join(" "),
      `\\x${bytes.join("\\x")}`,
    ]) {
      expect(whole(redactorOf(VALUE), `<${form}>`)).toBe("<***>");
    }
  });

  test("ordinary text is as it was, line ends and all", () => {
    const text = readFileSync("README.md", "utf8");
    expect(whole(redactorOf(VALUE, LONG_VALUE), text)).toBe(text);
  });

  test("a terminal's line ends in a value of several lines", () => {
    expect(whole(redactorOf("line one\nEXAMPLE"), "a line one\r\nEXAMPLE b")).toBe("a *** b");
  });

  test("all of it where two overlap, once", () => {
    expect(whole(redactorOf("abcdefgh", "efghijkl"), "-abcdefghijkl-")).toBe("-***-");
    expect(pieces(redactorOf("abcdefgh", "efghijkl"), "-abcdefgh", "ijk", "l-").join("")).toBe("-***-");
    expect(whole(redactorOf("abcdef"), "abcdefabcdef")).toBe("******");
  });

  test("not a secret of fewer than six characters", () => {
    expect(whole(redactorOf("abcde", "EXAMPLE"), "abcde EXAMPLE")).toBe("abcde ***");
    expect(whole(redactorOf(), "nothing to mask")).toBe("nothing to mask");
  });

  test("bytes that are no text pass unchanged", () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) >> 3);
    const redactor = redactorOf("sk-EXAMPLE-1234567890");
    expect(Buffer.concat([redactor.write(bytes), redactor.end()]).equals(bytes)).toBe(true);
  });
});

describe("what is held back", () => {
  const TOKEN = "sk-EXAMPLE-1234567890";

  test("nothing that cannot become a secret, and no more than could", () => {
    expect(pieces(redactorOf(TOKEN), "prompt> ", "sk-EX", "IT\n", "s", "o", TOKEN.slice(0, 9))).toEqual([
      "prompt> ", "", "sk-EXIT\n", "", "so", "", TOKEN.slice(0, 9),
    ]); // biome-ignore format: as it comes
    const longest = Math.max(...secretForms(TOKEN).map((form) => form.length));
    const redactor = redactorOf(TOKEN);
    let into = 0;
    let out = 0;
    const chunk = utf8(TOKEN.slice(0, -1));
    for (let round = 0; round < 500; round++) {
      const part = chunk.subarray(round % 7, 10 + (round % 11));
      into += part.length;
      out += redactor.write(part).length;
      expect(into - out).toBeLessThan(longest);
    }
    expect(out + redactor.end().length).toBe(into);
  });

  test("a masked secret leaves as soon as it is whole", () => {
    expect(pieces(redactorOf(TOKEN), `a ${TOKEN.slice(0, 8)}`, `${TOKEN.slice(8)} b`)).toEqual([
      "a ",
      "*** b",
      "",
    ]);
  });

  test("a beginning may be shown to a person who waits, and the rest is masked all the same", () => {
    const redactor = redactorOf(TOKEN);
    const show = (bytes: Uint8Array) => Buffer.from(bytes).toString();
    expect(show(redactor.write(utf8("yes")))).toBe("ye");
    expect(show(redactor.release())).toBe("s");
    expect(show(redactor.release())).toBe("");
    expect(show(redactor.write(utf8(`${TOKEN.slice(1)}!`)))).toBe("***!");
    expect(show(redactor.write(utf8(`-${TOKEN.slice(0, 6)}`)))).toBe("-");
    expect(show(redactor.release())).toBe("");
    expect(show(redactor.write(utf8(`${TOKEN.slice(6)}!`)))).toBe("***!");
    expect(show(redactor.write(utf8("s")))).toBe("");
    expect(show(redactor.release())).toBe("s");
    expect(show(redactor.write(utf8("omething")))).toBe("omething");
    expect(show(redactor.end())).toBe("");
  });
});

describe("a key of 60 kB takes linear time", () => {
  const long: [name: string, value: string][] = [
    ["of one letter", "a".repeat(60_000)],
    ["of two letters", "ab".repeat(30_000)],
    ["of one letter with another behind", `${"a".repeat(60_000)}b`],
    ["of one letter with another before", `b${"a".repeat(60_000)}`],
    ["of one word", "EXAMPLE-".repeat(7_500)],
    ["of halves that are alike", `${"a".repeat(30_000)}b${"a".repeat(30_000)}`],
  ];
  test.each(long)("%s", (_name, value) => {
    const redactor = redactorOf(value);
    const filler = utf8("a".repeat(65_536));
    const started = performance.now();
    let out = "";
    const send = (bytes: Uint8Array) => {
      out += latin1(redactor.write(bytes));
    };
    for (let round = 0; round < 16; round++) send(filler);
    send(utf8("\n"));
    for (let at = 0; at < value.length; at += 4096) send(utf8(value.slice(at, at + 4096)));
    out += latin1(redactor.end());
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    expect(out).not.toContain(value);
    expect(out.endsWith("\n***")).toBe(true);
  });
});

test("20 secrets cost little: 32 MB are soon through", () => {
  const pick = generator(5);
  const key = () => `sk-EXAMPLE${Array.from({ length: 30 }, () => pick(36).toString(36)).join("")}`;
  const keys = Array.from({ length: 20 }, key);
  const line = `2026-11-21T10:00:00Z INFO ${keys[3]} a line as programs log it, with words and numbers ${pick(1e9)}\n`;
  const chunk = utf8(line.repeat(600));
  const redactor = redactors(keys.map(secret))();
  const started = performance.now();
  let out = 0;
  for (let sent = 0; sent < 32e6; sent += chunk.length) out += redactor.write(chunk).length;
  expect(performance.now() - started).toBeLessThan(SOON_MS);
  expect(out).toBeLessThan(32e6);
});
