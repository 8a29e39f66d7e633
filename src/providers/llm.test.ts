/** The vendors over a real connection, the scrubbing of what they echo, and what the credit table works out. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { anthropic } from "../../plugins/anthropic/index.ts";
import { deepseek } from "../../plugins/deepseek/index.ts";
import { fireworks } from "../../plugins/fireworks/index.ts";
import { google } from "../../plugins/google/index.ts";
import { openai } from "../../plugins/openai/index.ts";
import { xai } from "../../plugins/xai/index.ts";
import { expectNothingOf } from "../../test/support/plugin-table.ts";
import { type KeyState, keyStates, VENDOR_IDS, type VendorId } from "../../test/support/vendor-answers.ts";
import { startVendors } from "../../test/support/vendors.ts";
import { credits } from "../cli/commands/credits.ts";
import { scrub } from "../core/scrub.ts";
import { reveal, secret } from "../core/secret.ts";
import { creditReadings, TIERS } from "../gumloop/credits.ts";
import { send } from "../net/http.ts";
import type { Assessment, Verdict } from "./contract.ts";
import type { LlmProvider } from "./llm.ts";

const PROVIDERS: Record<VendorId, LlmProvider> = { openai, anthropic, google, xai, deepseek, fireworks };

const credential = (key: string) => ({ method: "api_key", value: secret(key), userId: null }) as const;

test("a vendor's words are shown without another secret of its own answer", () => {
  const other = "sk-other-EXAMPLE-0123456789";
  const body = JSON.stringify({ error: { message: `use ${other} instead`, new_key: other } });
  const answer = { status: 403, contentType: "application/json", headers: new Headers(), body };
  const { message, hint } = openai.judge(answer, credential("sk-EXAMPLE-sent-0123456789"));
  expect(`${message} ${hint}`).toContain("use *** instead");
});

describe("over a connection", () => {
  const vendors = startVendors();
  afterAll(() => vendors.stop());
  beforeEach(() => vendors.reset());

  /** One verification, sent as it is and judged. */
  async function ask(vendor: VendorId, key: string, timeoutMs = 2_000): Promise<Assessment> {
    const provider = PROVIDERS[vendor];
    const scope = { baseUrl: vendors.baseUrl(vendor), teamId: null };
    const request = provider.verification(credential(key), scope);
    const assessment = provider.judge(await send({ ...request, timeoutMs }), credential(key));
    expectNothingOf(key, `${assessment.message} ${assessment.hint}`);
    return assessment;
  }

  const EXPECTED: Record<KeyState, Verdict> = {
    valid: "valid",
    restricted: "restricted",
    no_quota: "no_quota",
    blocked: "rejected",
    expired: "rejected",
  };
  for (const vendor of VENDOR_IDS) {
    for (const state of keyStates(vendor)) {
      test(`${vendor}: a ${state} key`, async () => {
        // Fireworks blocks accounts, for want of credit.
        const verdict = vendor === "fireworks" && state === "blocked" ? "no_quota" : EXPECTED[state];
        expect((await ask(vendor, vendors.addKey(vendor, state))).verdict).toBe(verdict);
      });
    }
    test(`${vendor}: a key it does not know, and another vendor's`, async () => {
      expect((await ask(vendor, "sk-EXAMPLE-nobody-0123456789")).verdict).toBe("rejected");
      const other = vendor === "openai" ? "anthropic" : "openai";
      expect((await ask(vendor, vendors.addKey(other))).verdict).toBe("rejected");
    });
    test(`${vendor}: a page, a failure and a redirect say nothing about the key`, async () => {
      const key = vendors.addKey(vendor);
      for (const fault of [
        { body: "<html>Sign in</html>" },
        { status: 503 },
        { redirect: "https://elsewhere.example/" },
      ]) {
        vendors.faults.inject({ path: "*", times: 1, ...fault });
        expect((await ask(vendor, key)).verdict).toBe("unreachable");
      }
      expect(vendors.log()).toHaveLength(3);
      expect((await ask(vendor, key)).verdict).toBe("valid");
    });
  }
  test("a vendor that hangs ends in time", async () => {
    vendors.faults.inject({ path: "*", hang: true });
    await expect(ask("openai", vendors.addKey("openai"), 100)).rejects.toMatchObject({ code: "E_TIMEOUT" });
  });
});

describe("the request", () => {
  const key = secret("sk-EXAMPLE-0123456789");
  const request = (provider: LlmProvider, baseUrl: string | null) => {
    const { url, headers } = provider.verification(
      { method: "api_key", value: key, userId: null },
      { baseUrl, teamId: null },
    );
    return [url, ...headers.map(({ name, value }) => `${name}: ${reveal(value)}`)];
  };
  // Base URLs are replaced as each SDK replaces them: OpenAI's includes /v1, the others' do not.
  test.each([
    [
      openai,
      "https://api.openai.com/v1/models",
      "https://proxy.example/openai/v1",
      "https://proxy.example/openai/v1/models",
    ],
    [
      anthropic,
      "https://api.anthropic.com/v1/models?limit=1",
      "https://proxy.example",
      "https://proxy.example/v1/models?limit=1",
    ],
    [
      google,
      "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1",
      "https://proxy.example",
      "https://proxy.example/v1beta/models?pageSize=1",
    ],
    [xai, "https://api.x.ai/v1/api-key", "https://proxy.example/v1", "https://proxy.example/v1/api-key"],
    [
      deepseek,
      "https://api.deepseek.com/user/balance",
      "https://proxy.example",
      "https://proxy.example/user/balance",
    ],
    [
      fireworks,
      "https://api.fireworks.ai/v1/accounts/fireworks/models?pageSize=1",
      "https://proxy.example",
      "https://proxy.example/v1/accounts/fireworks/models?pageSize=1",
    ],
  ] as const)("goes where the vendor's SDK goes: %o", (provider, standard, base, replaced) => {
    expect(request(provider, null)[0]).toBe(standard);
    expect(request(provider, base)[0]).toBe(replaced);
  });
  test("carries the key in the vendor's own header", () => {
    expect(request(openai, null).slice(1)).toEqual(["Authorization: Bearer sk-EXAMPLE-0123456789"]);
    expect(request(anthropic, null).slice(1)).toEqual([
      "x-api-key: sk-EXAMPLE-0123456789",
      "anthropic-version: 2023-06-01",
    ]);
    expect(request(google, null).slice(1)).toEqual(["x-goog-api-key: sk-EXAMPLE-0123456789"]);
  });
  test("variables stand in the order of the vendor's SDK", () => {
    expect(google.methods[0]?.variables).toEqual(["GOOGLE_API_KEY", "GEMINI_API_KEY"]);
    expect(google.exported).toBe("GOOGLE_API_KEY");
  });
  test("a key of another shape is worth a hint that quotes nothing", () => {
    const hint = openai.keyHint(secret("sk-ant-api03-EXAMPLE"));
    expect(hint).toBe("a key for OpenAI usually starts with sk-");
    expect(fireworks.keyHint(secret("anything EXAMPLE"))).toBeNull();
  });
});

describe("scrub", () => {
  const KEY = "sk-proj-EXAMPLE+abc/def=0123456789";
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  test.each([
    ["whole", KEY],
    ["twice", `${KEY} and ${KEY}`],
    ["its start", KEY.slice(0, 12)],
    ["its end", KEY.slice(-6)],
    ["its middle", KEY.slice(10, 20)],
    ["in upper case", KEY.toUpperCase()],
    ["percent-encoded", encodeURIComponent(KEY)],
    ["percent-encoded in lower case", encodeURIComponent(KEY).toLowerCase()],
    [
      "percent-encoded to the last byte",
      [...Buffer.from(KEY)].map((byte) => `%${byte.toString(16)}`).join(""),
    ],
    ["in base64", base64(KEY)],
    ["with zero-width spaces", [...KEY].join("\u200b")],
    ["broken over lines", KEY.replace(/(.{5})/g, "$1\n    ")],
  ])("takes the key out: %s", (_about, echo) => {
    const shown = scrub(`before ${echo} after`, [secret(KEY)]);
    expect(shown).toStartWith("before ***");
    expect(shown).toEndWith("after");
    expectNothingOf(KEY, shown.replace(/\s/g, ""));
    expect(shown.length).toBeLessThan(30);
  });
  test.each([
    ["user:KEY", "dXNlcjp***"],
    ["x:KEY", "eDp***"],
    // The last character holds two bits of the key.
    ["ab:KEY", "YWI6***Q=="],
    ["api:KEY:more", "YXBpOn***k6bW9yZQ=="],
  ])("takes the key out of base64 at any alignment: %s", (plain, left) => {
    const encoded = base64(plain.replace("KEY", KEY));
    expect(scrub(`Basic ${encoded}`, [secret(KEY)])).toBe(`Basic ${left}`);
    expect(scrub(encoded.replaceAll("+", "-").replaceAll("/", "_"), [secret(KEY)])).toBe(left);
  });
  test("leaves masks and other text alone", () => {
    const text =
      "Incorrect API key provided: sk-pr**********6789. See https://platform.openai.com/account/api-keys.";
    expect(scrub(text, [secret(KEY)])).toBe(text);
    expect(scrub(text, [])).toBe(text);
  });
  test("takes out every secret, and a short one where it stands whole", () => {
    expect(scrub("a hunter2 b pin 4711 c", [secret("hunter2"), secret("4711")])).toBe("a *** b pin *** c");
    expect(scrub("an empty secret hides nothing", [secret("")])).toBe("an empty secret hides nothing");
  });
  test("cleans what is left and bounds it", () => {
    expect(scrub(`\u001b[31mbad\u202e ${KEY}\r\nnext`, [secret(KEY)])).toBe("[31mbad *** next");
    expect(scrub("x ".repeat(1_000_000) + KEY, [secret(KEY)], 20)).toBe(`${"x ".repeat(10)}…`);
  });
  test("a secret of odd characters and a long one are taken out too", () => {
    const odd = "pä\ud800ßwörd-EXAMPLE";
    expect(scrub(`(${odd})`, [secret(odd)])).toBe("(***)");
    const long = "EXAMPLE".repeat(20_000);
    expect(scrub(`(${long.slice(0, 50)})`, [secret(long)])).toBe("(***)");
  });
});

describe("credits", () => {
  test("both readings, with what their pages say and no more", () => {
    const [april, newer] = creditReadings(1000, TIERS);
    expect(april?.page.lastUpdated).toBe("2026-04-27");
    expect(april?.calls).toEqual([
      { tier: "standard", withoutOwnKey: 2000, withOwnKey: 1000, saved: 1000, savedPercent: 50 },
      { tier: "advanced", withoutOwnKey: 20000, withOwnKey: 1000, saved: 19000, savedPercent: 95 },
      { tier: "expert", withoutOwnKey: 30000, withOwnKey: 1000, saved: 29000, savedPercent: 96.7 },
    ]);
    expect(april?.agents).toEqual({ discountPercent: 50, orchestrationFeePercent: null });
    expect(newer?.calls[1]).toEqual({
      tier: "advanced",
      withoutOwnKey: null,
      withOwnKey: 0,
      saved: null,
      savedPercent: null,
    });
    expect(newer?.agents).toEqual({
      discountPercent: null,
      orchestrationFeePercent: { withoutOwnKey: 8, withOwnKey: 16 },
    });
  });

  const run = (flags: Record<string, string>) => {
    const input = {
      args: {},
      positional: [],
      flags: { calls: null, tier: null, ...flags },
      rest: null,
      flag: (name: string) => flags[name] ?? null,
      all: () => [],
      has: () => false,
    };
    // It asks nobody: no port, scope or flag of all commands is touched.
    const nothing = new Proxy({}, { get: () => expect.unreachable() });
    return credits.run(nothing as Parameters<typeof credits.run>[0], input);
  };
  test("the command says both, to people and to programs", async () => {
    const output = await run({ calls: "1000", tier: "advanced" });
    if (output.kind !== "data") return expect.unreachable();
    expect(output.data).toMatchObject({
      calls: 1000,
      tier: "advanced",
      readings: [
        {
          source: { last_updated: "2026-04-27" },
          workflow_calls: [{ credits_saved: 19000, saved_percent: 95 }],
        },
        {
          source: { last_updated: null },
          workflow_calls: [{ credits_with_own_key: 0, credits_saved: null }],
        },
      ],
    });
    expect(output.human).toMatch(/advanced +20000 +1000 +19000 \(95 %\)/);
    expect(output.human).toMatch(/advanced +not stated +0 +not stated/);
    expect(output.human).toContain("last updated 2026-04-27");
    expect(output.human).not.toContain("expert");
  });
  test.each(["0", "-1", "1.5", "1e3", "", " 1", "1000000000", "many"])(
    "--calls '%s' is refused",
    async (calls) => {
      await expect(run({ calls })).rejects.toMatchObject({ code: "E_INVALID_VALUE" });
    },
  );
});
