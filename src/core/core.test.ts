/** Secrets, errors, the environment with its marker, expiry, stored profiles, exports. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expiryNote, expiryOf, isExpired, readNote } from "../gumloop/expiry.ts";
import { gumloopExports } from "../gumloop/exports.ts";
import { profileName } from "../gumloop/stored.ts";
import type { Credential } from "./credential.ts";
import { MARKER, markerFor, readEnvironment } from "./environment.ts";
import { clean, type ErrorCode, errorSpecs, fail } from "./errors.ts";
import { combine } from "./exports.ts";
import { masked, reveal, secret } from "./secret.ts";

const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

describe("secret", () => {
  const wrapped = secret("tok-EXAMPLE-0123456789");
  test("prints as stars everywhere and reveals in one way", () => {
    expect(`${wrapped}`).toBe("***");
    expect(JSON.stringify({ wrapped })).toBe('{"wrapped":"***"}');
    expect(inspect(wrapped)).toBe("***");
    expect(Bun.inspect({ wrapped })).not.toContain("EXAMPLE");
    expect(reveal(wrapped)).toBe("tok-EXAMPLE-0123456789");
  });
  test("is masked to its tail, or wholly when short", () => {
    expect(masked(wrapped)).toBe("****6789");
    expect(masked(secret("short-EXAMPLE"))).toBe("****");
    expect(masked(secret("0123456789abc\u001b[3"))).toBe("****c*[3");
  });
});

describe("errors", () => {
  test("every code stands in docs/errors.md with its exit code", () => {
    const docs = readFileSync("docs/errors.md", "utf8");
    for (const [code, spec] of Object.entries(errorSpecs())) {
      expect(docs).toMatch(new RegExp(`\\| ${spec.exit} \\| \`${code}\` \\|`));
    }
  });
  test("every code is raised somewhere in the program", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    const source = files.map((name) => readFileSync(`src/${name}`, "utf8")).join("\n");
    const unused = Object.keys(errorSpecs()).filter(
      (code) => (source.match(new RegExp(`\\b${code}\\b`, "g")) ?? []).length < 2,
    );
    expect(unused).toEqual([]);
  });
  test("a hint is never empty but for what ends without one", () => {
    const silent: ErrorCode[] = ["E_OWN_FAILURE", "E_INTERRUPTED"];
    for (const code of Object.keys(errorSpecs()) as ErrorCode[]) {
      expect(fail(code, "x").hint === "").toBe(silent.includes(code));
    }
  });
  test("foreign text loses controls, escapes and bidirectional marks", () => {
    expect(clean("a\u001b[31mred\u0007\r\nb\u202ec\u2066d\u200be\u009bf")).toBe("a [31mred b c d e f");
    expect(clean("x".repeat(500))).toHaveLength(301);
  });
});

describe("environment", () => {
  const exported = new Map([["GUMLOOP_ACCESS_TOKEN", "tok-EXAMPLE"]]);
  const marker = markerFor(exported, digest);
  test("the marker holds no value", () => {
    expect(marker).toMatch(/^GUMLOOP_ACCESS_TOKEN:[0-9a-f]{12}$/);
  });
  const cases: [name: string, raw: Record<string, string>, seen: string | null][] = [
    ["unset", {}, null],
    ["empty counts as unset", { GUMLOOP_ACCESS_TOKEN: "" }, null],
    ["the user's own", { GUMLOOP_ACCESS_TOKEN: "mine" }, "mine"],
    [
      "gum-cred's own export is looked through",
      { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE", [MARKER]: marker },
      null,
    ],
    ["changed since it was exported", { GUMLOOP_ACCESS_TOKEN: "new", [MARKER]: marker }, "new"],
    [
      "a marker that makes no sense hides nothing",
      { GUMLOOP_ACCESS_TOKEN: "tok", [MARKER]: ",:,x:y,A" },
      "tok",
    ],
  ];
  for (const [name, raw, seen] of cases) {
    test(name, () => expect(readEnvironment(raw, digest).get("GUMLOOP_ACCESS_TOKEN")).toBe(seen));
  }
  test("asTheUsers shows what the marker hides", () => {
    const environment = readEnvironment({ GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE", [MARKER]: marker }, digest);
    expect(environment.asTheUsers().get("GUMLOOP_ACCESS_TOKEN")).toBe("tok-EXAMPLE");
  });
});

describe("expiry", () => {
  const token = secret("tok-EXAMPLE");
  const jwt = (payload: object) =>
    secret(`e30.${btoa(JSON.stringify(payload)).replace(/=+$/, "")}.sig-EXAMPLE`);
  test("the note counts for its own token only", () => {
    const note = expiryNote(token, 1_800_000_000_000, digest);
    expect(reveal(note)).not.toContain("EXAMPLE");
    expect(expiryOf(token, note, digest)).toBe(1_800_000_000_000);
    expect(expiryOf(secret("other-EXAMPLE"), note, digest)).toBeNull();
    const replacing = expiryNote(token, 1_800_000_000_000, digest, secret("old-EXAMPLE"));
    expect(expiryOf(secret("old-EXAMPLE"), replacing, digest)).toBe(0);
    expect(expiryOf(secret("other-EXAMPLE"), replacing, digest)).toBeNull();
    expect(expiryOf(token, expiryNote(token, 1_800_000_000_000, digest, token), digest)).toBe(
      1_800_000_000_000,
    );
  });
  test("a JWT's exp is second knowledge; nonsense is none", () => {
    expect(expiryOf(jwt({ exp: 1_800_000_000 }), undefined, digest)).toBe(1_800_000_000_000);
    for (const exp of [-1, "1", 1e308, null]) expect(expiryOf(jwt({ exp }), undefined, digest)).toBeNull();
    expect(expiryOf(secret("a.b.c"), secret("{"), digest)).toBeNull();
  });
  test("no more than a quarter of a token's life is slack", () => {
    for (const [lifeMs, slackMs] of [
      [1_000, 250],
      [30_000, 7_500],
      [120_000, 30_000],
      [3_600_000, 30_000],
      [undefined, 30_000],
    ] as const) {
      const note = expiryNote(token, 1_800_000_000_000, digest, null, { lifeMs });
      expect([lifeMs, readNote(token, undefined, note, digest)?.slackMs]).toEqual([lifeMs, slackMs]);
    }
  });
  test("the note says which server its token is for", () => {
    const server = secret("https://a.example");
    const note = expiryNote(token, 1_800_000_000_000, digest, null, { server });
    const about = (beside: string | undefined) =>
      readNote(token, beside === undefined ? undefined : secret(beside), note, digest)?.sameServer;
    expect([about("https://a.example"), about("https://b.example"), about(undefined)]).toEqual([
      true,
      false,
      null,
    ]);
  });
  test("slack, unknown and absurd times", () => {
    expect(isExpired(1_000_000, 1_000_000 - 30_000)).toBe(true);
    expect(isExpired(1_000_000, 1_000_000 - 30_001)).toBe(false);
    expect(isExpired(null, Number.MAX_VALUE)).toBe(false);
    expect(expiryOf(token, expiryNote(token, 1e308, digest), digest)).toBe(8.64e15);
  });
});

test("profile names", () => {
  for (const good of ["default", "a", "0_x-y", "a".repeat(64)]) expect(profileName(good)).toBe(good);
  for (const bad of ["", "A", "-a", "_a", "a:b", "a b", "ä", "a".repeat(65), "a\n"]) {
    expect(() => profileName(bad)).toThrow();
  }
});

describe("exports", () => {
  const base: Credential = {
    provider: "gumloop",
    level: null,
    method: "oauth",
    source: "keychain",
    location: "x",
    value: secret("v-EXAMPLE"),
    userId: null,
    baseUrl: "https://api.gumloop.com/api/v1",
    expiresAt: null,
  };
  const key: Credential = { ...base, method: "api_key", userId: "user_abc" };
  const plain = { sdk: false, teamId: null, baseUrl: null, raw: {} };
  const cases: [
    name: string,
    credential: Credential,
    options: Parameters<typeof gumloopExports>[1],
    set: string,
    unset: string,
    marked: string,
  ][] = [
    [
      "stored token",
      base,
      plain,
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
      "GUMLOOP_API_KEY GUMLOOP_USER_ID",
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
    ],
    [
      "stored key",
      key,
      plain,
      "GUMLOOP_API_KEY GUMLOOP_USER_ID GUMLOOP_BASE_URL",
      "GUMLOOP_ACCESS_TOKEN",
      "GUMLOOP_API_KEY GUMLOOP_USER_ID GUMLOOP_BASE_URL",
    ],
    [
      "stored key for the SDK",
      key,
      { ...plain, sdk: true },
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_USER_ID GUMLOOP_BASE_URL",
      "GUMLOOP_API_KEY",
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_USER_ID GUMLOOP_BASE_URL",
    ],
    [
      "the user's own key",
      { ...key, source: "env", baseUrl: null },
      plain,
      "GUMLOOP_API_KEY GUMLOOP_USER_ID GUMLOOP_BASE_URL",
      "GUMLOOP_ACCESS_TOKEN",
      "",
    ],
    [
      "the user's own key for the SDK stays where it is",
      { ...key, source: "env", baseUrl: null },
      { ...plain, sdk: true },
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_USER_ID GUMLOOP_BASE_URL",
      "",
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
    ],
    [
      "a key from a file",
      { ...key, source: "file", baseUrl: null },
      plain,
      "GUMLOOP_API_KEY GUMLOOP_USER_ID GUMLOOP_BASE_URL",
      "GUMLOOP_ACCESS_TOKEN",
      "GUMLOOP_API_KEY GUMLOOP_BASE_URL",
    ],
    [
      "the user's own token and base URL: both stay the user's",
      { ...base, source: "env", baseUrl: null },
      { ...plain, baseUrl: "https://eu.gumloop.example/api/v1" },
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
      "GUMLOOP_API_KEY GUMLOOP_USER_ID",
      "",
    ],
    [
      "a token whose expiry is known",
      { ...base, expiresAt: "2027-01-15T08:00:00.900Z" },
      plain,
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL GUM_CRED_EXPIRES",
      "GUMLOOP_API_KEY GUMLOOP_USER_ID",
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
    ],
    [
      "an older token's expiry goes, where one is set",
      base,
      { ...plain, raw: { GUM_CRED_EXPIRES: "1800000000" } },
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
      "GUMLOOP_API_KEY GUMLOOP_USER_ID GUM_CRED_EXPIRES",
      "GUMLOOP_ACCESS_TOKEN GUMLOOP_BASE_URL",
    ],
  ];
  for (const [name, credential, options, set, unset, marked] of cases) {
    test(name, () => {
      const share = gumloopExports(credential, options);
      expect([...share.set.keys()].join(" ")).toBe(set);
      expect(share.unset.join(" ")).toBe(unset);
      expect(share.fromStorage.join(" ")).toBe(marked);
    });
  }
  test("seconds since 1970, rounded down", () => {
    const { set } = gumloopExports({ ...base, expiresAt: "2027-01-15T08:00:00.900Z" }, plain);
    expect(set.get("GUM_CRED_EXPIRES")).toEqual(secret("1800000000"));
  });
  const streams: [api: string, stream: string, source: "keychain" | "env", stray: boolean][] = [
    ["https://api.gumloop.com/api/v1", "https://ws.gumloop.com", "keychain", false],
    ["https://api.gumloop.com/api/v1", "https://ws.gumloop.com/api/v1", "keychain", false],
    ["https://api.gumloop.com/api/v1", "https://api.gumloop.com", "keychain", true],
    ["https://api.gumloop.com/api/v1", "http://ws.gumloop.com", "keychain", true],
    ["https://api.gumloop.com/api/v1", "https://ws.gumloop.com.evil.example", "keychain", true],
    ["https://api.gumloop.com/api/v1", "not a URL", "keychain", true],
    ["https://gw.acme.example/gum/api/v1", "https://gw.acme.example", "keychain", false],
    ["https://gw.acme.example/gum/api/v1", "https://ws.gumloop.com", "keychain", true],
    ["https://api.gumloop.com/api/v1", "https://evil.example", "env", false],
    ["https://api.gumloop.com/api/v1", "", "keychain", false],
  ];
  test.each(streams)("%s streaming from '%s', from the %s", (api, stream, source, stray) => {
    const raw = { GUMLOOP_STREAM_BASE_URL: stream };
    const share = gumloopExports({ ...base, baseUrl: api, source }, { ...plain, raw });
    expect(share.unset.includes("GUMLOOP_STREAM_BASE_URL")).toBe(stray);
    expect(share.set.has("GUMLOOP_STREAM_BASE_URL")).toBe(false);
  });
  test("what an earlier run exported goes when it is owned, and stays marked when it is not", () => {
    const earlier = new Map([
      ["GUMLOOP_API_KEY", "old-EXAMPLE"],
      ["OPENAI_API_KEY", "sk-EXAMPLE"],
    ]);
    const environment = readEnvironment(
      { ...Object.fromEntries(earlier), [MARKER]: markerFor(earlier, digest) },
      digest,
    );
    const own = combine([gumloopExports(base, plain)], environment, digest, (name) =>
      name.startsWith("GUMLOOP_"),
    );
    expect(own.unset).toEqual(["GUMLOOP_API_KEY", "GUMLOOP_USER_ID"]);
    const marker = own.set.get(MARKER);
    expect(marker && reveal(marker).replace(/:[0-9a-f]+/g, "")).toBe(
      "OPENAI_API_KEY,GUMLOOP_ACCESS_TOKEN,GUMLOOP_BASE_URL",
    );
  });
  test("nothing from storage, nothing marked; an old marker goes", () => {
    const environment = readEnvironment(
      { A: "1", [MARKER]: markerFor(new Map([["A", "1"]]), digest) },
      digest,
    );
    const own = { ...base, source: "env", baseUrl: null } as const;
    expect(combine([gumloopExports(own, plain)], environment, digest, () => true).unset).toContain(MARKER);
  });
});
