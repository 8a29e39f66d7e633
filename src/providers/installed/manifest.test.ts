/** What a manifest may say: every rule as a table, the provider it becomes, and that the documents agree. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { manifestJsonSchema } from "../../../scripts/schemas.ts";
import { commandManifest, GOOD, manifestWith, verifyWith } from "../../../test/support/manifests.ts";
import { reveal, secret } from "../../core/secret.ts";
import type { Provider } from "../contract.ts";
import { PROVIDERS } from "../registry.ts";
import { claimedVariables, claimsOf } from "./claims.ts";
import { skeleton } from "./look-alikes.ts";
import { validateManifest } from "./manifest.ts";
import { providerFromManifest } from "./manifest-provider.ts";
import { STEERING_NAMES, STEERING_PREFIXES, STEERING_SUFFIXES, variableProblem } from "./variable-names.ts";

const read = (bytes: Uint8Array) => validateManifest(bytes, claimsOf(PROVIDERS));
const noProgram = async () => {
  throw new Error("there is no program");
};

/** The provider of a manifest that must be fit. */
function provider(bytes: Uint8Array): Provider {
  const { manifest, problems } = read(bytes);
  if (!manifest) throw new Error(JSON.stringify(problems));
  return providerFromManifest(manifest, noProgram);
}

describe("a good manifest", () => {
  test("has no problems, with either way to verify, and with all that is optional", () => {
    expect(read(manifestWith({})).problems).toEqual([]);
    expect(read(commandManifest(["/usr/bin/true", "-x"])).problems).toEqual([]);
    expect(read(manifestWith({ $schema: "./plugin-manifest.schema.json" })).problems).toEqual([]);
    expect(read(verifyWith({ restricted: [403], no_quota: [402, 429] })).problems).toEqual([]);
  });
  const fine: [name: string, bytes: Uint8Array][] = [
    ["two hosts, one with a port", verifyWith({ url: "https://b.kestrel.ai:8443/v1" })],
    ["a literal loopback address", verifyWith({ url: "http://127.0.0.1:8080/v1?a=b" })],
    ["IPv6 loopback", verifyWith({ url: "http://[::1]:8080/v1" })],
  ];
  for (const [name, bytes] of fine) {
    test(name, () => {
      const hosts = ["api.kestrel.ai", "b.kestrel.ai:8443", "127.0.0.1", "[::1]"];
      const parsed = { ...JSON.parse(new TextDecoder().decode(bytes)), hosts };
      expect(read(new TextEncoder().encode(JSON.stringify(parsed))).problems).toEqual([]);
    });
  }
  test("becomes a provider with the same shape as a built-in one", () => {
    const made = provider(manifestWith({ env: ["KESTREL_API_KEY", "KESTREL_KEY"] }));
    const builtIn = PROVIDERS.find(({ id }) => id === "openai");
    expect(made.methods.map(({ method, field }) => [method, field])).toEqual(
      builtIn?.methods.map(({ method, field }) => [method, field]) ?? [],
    );
    expect(made.kind).toBe("llm");
    expect(made.exported).toBe("KESTREL_API_KEY");
    expect(claimedVariables(made)).toEqual(["KESTREL_API_KEY", "KESTREL_KEY"]);
    expect(made.check).toBeUndefined();
  });
  test("sends the key where the manifest says, as it is, and to no other base URL", () => {
    const made = provider(verifyWith({ headers: { "x-key": "a {key} b {key}", accept: "text/plain" } }));
    const value = secret("$&-EXAMPLE-{key}");
    const request = made.verification(
      { method: "api_key", value, userId: null },
      { baseUrl: "https://evil.example", teamId: null },
    );
    expect(request.url).toBe("https://api.kestrel.ai/v1/models");
    expect(request.headers.map(({ name, value }) => `${name}: ${reveal(value)}`)).toEqual([
      "x-key: a $&-EXAMPLE-{key} b $&-EXAMPLE-{key}",
      "accept: text/plain",
    ]);
  });
  test("reads an answer by its lists", () => {
    const made = provider(verifyWith({ valid: [200, 404], restricted: [403], no_quota: [429] }));
    const judge = (status: number, contentType = "application/json") =>
      made.judge({ status, contentType, body: "" }, { method: "api_key", value: secret("k-EXAMPLE") })
        .verdict;
    // A redirect is what it is with a built-in vendor: nothing is known of the key, and nothing is stored.
    expect([301, 302, 307, 308].map((status) => judge(status))).toEqual(Array(4).fill("unreachable"));
    expect([200, 404, 401, 403, 429, 418, 408, 500, 503].map((status) => judge(status))).toEqual([
      "valid",
      "valid",
      "rejected",
      "restricted",
      "no_quota",
      "unverifiable",
      "unreachable",
      "unreachable",
      "unreachable",
    ]);
    expect(judge(200, "text/html; charset=utf-8")).toBe("unreachable");
  });
  test("with a program sends a bearer token elsewhere, and is never verified by a request", () => {
    const made = provider(commandManifest(["/usr/bin/true"]));
    const credential = { method: "api_key", value: secret("k-EXAMPLE"), userId: null } as const;
    expect(made.headers(credential).map(({ value }) => reveal(value))).toEqual(["Bearer k-EXAMPLE"]);
    expect(() => made.verification(credential, { baseUrl: null, teamId: null })).toThrow();
    expect(made.check).toBeDefined();
  });
});

describe("every problem has its path, and is refused or malformed", () => {
  const MALFORMED = false;
  const REFUSED = true;
  type Case = [name: string, bytes: Uint8Array, path: string, refused: boolean];
  const text = (json: string) => new TextEncoder().encode(json);
  const cases: Case[] = [
    ["no JSON", text("{"), "$", MALFORMED],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "$", MALFORMED],
    ["a byte order mark", text(`\ufeff${JSON.stringify(GOOD)}`), "$", MALFORMED],
    ["another version", manifestWith({ manifest: 2 }), "$.manifest", MALFORMED],
    ["no version", manifestWith({ manifest: undefined }), "$.manifest", MALFORMED],
    ["an unknown key", manifestWith({ scripts: {} }), "$.scripts", MALFORMED],
    ["an unknown key of a hostile name", manifestWith({ "a\u001b[31m b": 1 }), '$["a [31m b"]', MALFORMED],
    [
      "__proto__",
      text(JSON.stringify(GOOD).replace("{", '{"__proto__":{"id":"x"},')),
      "$.__proto__",
      MALFORMED,
    ],
    ["an unknown key of verify", verifyWith({ body: "x" }), "$.verify.body", MALFORMED],
    ["no id", manifestWith({ id: undefined }), "$.id", MALFORMED],
    ["an upper-case id", manifestWith({ id: "Kestrel" }), "$.id", MALFORMED],
    ["an id with a path", manifestWith({ id: "../kestrel" }), "$.id", MALFORMED],
    ["an id of 65", manifestWith({ id: "m".repeat(65) }), "$.id", MALFORMED],
    ["a built-in id", manifestWith({ id: "openai" }), "$.id", REFUSED],
    ["gumloop", manifestWith({ id: "gumloop" }), "$.id", REFUSED],
    ["a dash more", manifestWith({ id: "open-ai" }), "$.id", REFUSED],
    ["a zero", manifestWith({ id: "g00gle" }), "$.id", REFUSED],
    ["an l for an i", manifestWith({ id: "xal" }), "$.id", REFUSED],
    ["a Cyrillic o", manifestWith({ id: "\u043epenai" }), "$.id", REFUSED],
    ["an empty title", manifestWith({ title: "" }), "$.title", MALFORMED],
    ["a title that turns the line", manifestWith({ title: "Kestrel\u202eIA" }), "$.title", REFUSED],
    ["a title with an escape", manifestWith({ title: "Mis\u001b[2Jtral" }), "$.title", REFUSED],
    ["another's title", manifestWith({ title: "Open AI" }), "$.title", REFUSED],
    ["no variable", manifestWith({ env: [] }), "$.env", MALFORMED],
    [
      "too many variables",
      manifestWith({ env: [..."ABCDEFGHI"].map((it) => `M_${it}`) }),
      "$.env",
      MALFORMED,
    ],
    ["variables in a text", manifestWith({ env: "KESTREL_API_KEY" }), "$.env", MALFORMED],
    ["a number", manifestWith({ env: [1] }), "$.env[0]", MALFORMED],
    ["a variable twice", manifestWith({ env: ["M_KEY", "M_KEY"] }), "$.env[1]", MALFORMED],
    ["a lower-case variable", manifestWith({ env: ["kestrel_key"] }), "$.env[0]", REFUSED],
    ["an assignment", manifestWith({ env: ["A=1;B"] }), "$.env[0]", REFUSED],
    ["a second line", manifestWith({ env: ["M_KEY\nX"] }), "$.env[0]", REFUSED],
    ["PATH", manifestWith({ env: ["KESTREL_API_KEY", "PATH"] }), "$.env[1]", REFUSED],
    ["another's variable", manifestWith({ env: ["OPENAI_API_KEY"] }), "$.env[0]", REFUSED],
    ["another's base URL", manifestWith({ env: ["OPENAI_BASE_URL"] }), "$.env[0]", REFUSED],
    ["one that looks so", manifestWith({ env: ["OPENA1_API_KEY"] }), "$.env[0]", REFUSED],
    ["one of the family", manifestWith({ env: ["ANTHROPIC_AUTH_TOKEN"] }), "$.env[0]", REFUSED],
    ["the file form", manifestWith({ env: ["KESTREL_API_KEY_FILE"] }), "$.env[0]", REFUSED],
    ["no host", manifestWith({ hosts: [] }), "$.hosts", MALFORMED],
    ["a URL for a host", manifestWith({ hosts: ["https://api.kestrel.ai"] }), "$.hosts[0]", MALFORMED],
    ["a host in upper case", manifestWith({ hosts: ["API.kestrel.ai"] }), "$.hosts[0]", MALFORMED],
    ["a wildcard", manifestWith({ hosts: ["*.kestrel.ai"] }), "$.hosts[0]", MALFORMED],
    ["http to set up", manifestWith({ setup_url: "http://kestrel.ai/" }), "$.setup_url", REFUSED],
    ["javascript", manifestWith({ setup_url: "javascript:alert(1)" }), "$.setup_url", REFUSED],
    ["an escape in a URL", manifestWith({ setup_url: "https://a.b/\u001b[2J" }), "$.setup_url", REFUSED],
    ["neither way to verify", manifestWith({ verify: undefined }), "$", MALFORMED],
    ["both ways to verify", manifestWith({ command: ["/usr/bin/true"] }), "$", MALFORMED],
    ["http", verifyWith({ url: "http://api.kestrel.ai/v1" }), "$.verify.url", REFUSED],
    ["a file", verifyWith({ url: "file:///etc/passwd" }), "$.verify.url", REFUSED],
    ["localhost by name", verifyWith({ url: "http://localhost:1/" }), "$.verify.url", REFUSED],
    ["another host", verifyWith({ url: "https://evil.example/v1" }), "$.verify.url", REFUSED],
    [
      "another host before an @",
      verifyWith({ url: "https://api.kestrel.ai@evil.example/" }),
      "$.verify.url",
      REFUSED,
    ],
    ["a longer host", verifyWith({ url: "https://api.kestrel.ai.evil.example/" }), "$.verify.url", REFUSED],
    ["a backslash", verifyWith({ url: "https://evil.example\\@api.kestrel.ai/" }), "$.verify.url", REFUSED],
    ["a password", verifyWith({ url: "https://a:b@api.kestrel.ai/" }), "$.verify.url", REFUSED],
    ["a trailing dot", verifyWith({ url: "https://api.kestrel.ai./" }), "$.verify.url", REFUSED],
    ["a full-width dot", verifyWith({ url: "https://api\uff0ekestrel.ai/" }), "$.verify.url", REFUSED],
    ["the key in the URL", verifyWith({ url: "https://api.kestrel.ai/?k={key}" }), "$.verify.url", MALFORMED],
    ["a fragment", verifyWith({ url: "https://api.kestrel.ai/#a" }), "$.verify.url", MALFORMED],
    ["a header of two lines", verifyWith({ headers: { a: "{key}\r\nb: c" } }), "$.verify.headers.a", REFUSED],
    [
      "a header name of two words",
      verifyWith({ headers: { "a b": "{key}" } }),
      "$.verify.headers.a b",
      MALFORMED,
    ],
    ["Host", verifyWith({ headers: { Host: "evil", a: "{key}" } }), "$.verify.headers.Host", REFUSED],
    ["another placeholder", verifyWith({ headers: { a: "{key}{token}" } }), "$.verify.headers.a", MALFORMED],
    [
      "a header that is no text",
      verifyWith({ headers: { a: "{key}", b: 1 } }),
      "$.verify.headers.b",
      MALFORMED,
    ],
    ["no header with the key", verifyWith({ headers: { a: "b" } }), "$.verify.headers", MALFORMED],
    ["a header twice", verifyWith({ headers: { a: "{key}", A: "b" } }), "$.verify.headers", MALFORMED],
    ["no status", verifyWith({ valid: [] }), "$.verify.valid", MALFORMED],
    ["half a status", verifyWith({ valid: [200.5] }), "$.verify.valid[0]", MALFORMED],
    ["a status of 600", verifyWith({ rejected: [600] }), "$.verify.rejected[0]", MALFORMED],
    ["a status for two verdicts", verifyWith({ rejected: [401, 200] }), "$.verify.rejected[1]", MALFORMED],
    ["a redirect", verifyWith({ valid: [302] }), "$.verify.valid[0]", MALFORMED],
    ["a program found by PATH", commandManifest(["python3"]), "$.command[0]", REFUSED],
    ["a program of here", commandManifest(["./verify"]), "$.command[0]", REFUSED],
    ["no program", commandManifest([]), "$.command", MALFORMED],
    ["a NUL", commandManifest(["/bin/true", "a\0b"]), "$.command[1]", MALFORMED],
    ["a list", text("[]"), "$", MALFORMED],
    ["null", text("null"), "$", MALFORMED],
  ];
  for (const [name, bytes, path, refused] of cases) {
    test(name, () => {
      const { manifest, problems } = read(bytes);
      expect(manifest).toBeNull();
      expect(problems).toContainEqual({ path, message: expect.any(String), refused });
      // Neither escapes nor bidirectional marks of the manifest reach a terminal.
      expect(JSON.stringify(problems)).not.toMatch(/\\u001b|\u202e/);
    });
  }
  test("all at once", () => {
    const { problems } = read(
      manifestWith({
        id: 7,
        env: ["PATH", 3],
        hosts: [],
        setup_url: "http://x.y",
        extra: 1,
        verify: { url: "https://x.y" },
      }),
    );
    expect(problems.map(({ path }) => path).sort()).toEqual(
      [
        "$.extra",
        "$.id",
        "$.env[0]",
        "$.env[1]",
        "$.hosts",
        "$.setup_url",
        "$.verify.headers",
        "$.verify.rejected",
        "$.verify.url",
        "$.verify.valid",
      ].sort(),
    );
  });
  test("what an installed provider has taken is taken", () => {
    const claims = claimsOf(PROVIDERS);
    claims.add(provider(manifestWith({})));
    const other = (changes: Record<string, unknown>) =>
      validateManifest(manifestWith({ id: "other", title: "Other", env: ["OTHER_KEY"], ...changes }), claims)
        .problems;
    expect(other({})).toEqual([]);
    expect(other({ id: "kestre1" }).map(({ path }) => path)).toEqual(["$.id"]);
    expect(other({ title: "KESTREL ai" }).map(({ path }) => path)).toEqual(["$.title"]);
    expect(other({ env: ["KESTREL_APIKEY"] }).map(({ path }) => path)).toEqual(["$.env[0]"]);
    // Families are the built-in vendors' only: KESTREL_… is not kestrel's alone.
    expect(other({ env: ["KESTREL_ADMIN_KEY"] })).toEqual([]);
  });
});

describe("variable names", () => {
  test("names of keys may be claimed", () => {
    const fine = [
      "KESTREL_API_KEY DEEPGRAM_API_KEY REPLICATE_API_TOKEN HF_TOKEN VOYAGE_API_KEY AI21_API_KEY JINA_API_KEY",
      "TOGETHER_API_KEY AZURE_OPENAI_API_KEY AWS_BEARER_TOKEN_BEDROCK HF_TOKEN REPLICATE_API_TOKEN ACME_SECRET",
      "CEREBRAS_API_KEY SAMBANOVA_API_KEY NVIDIA_API_KEY VOYAGE_API_KEY ZAI_API_KEY MOONSHOT_API_KEY K",
    ];
    for (const name of fine.join(" ").split(" ")) expect([name, variableProblem(name)]).toEqual([name, null]);
  });
  test("names that steer may not", () => {
    const steering = [
      "PATH HOME SHELL IFS ENV BASH_ENV BASHOPTS LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES BUN_OPTIONS",
      "BUN_BE_BUN NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED NPM_TOKEN PYTHONPATH PYTHONSTARTUP PERL5OPT RUBYOPT",
      "JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS GIT_SSH_COMMAND SSH_ASKPASS GUMLOOP_BASE_URL GUM_CRED_POLICY",
      "GUM_CRED_ORG_KESTREL_API_KEY GUM_CRED_EXPORTED XDG_CONFIG_HOME HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY",
      "DBUS_SESSION_BUS_ADDRESS LC_ALL LANG TERM EDITOR VISUAL PAGER BROWSER PROMPT_COMMAND PS1 PS4 SSL_CERT_FILE",
      "SSL_CERT_DIR CURL_HOME AWS_PROFILE AWS_SECRET_ACCESS_KEY GITHUB_ENV GITHUB_TOKEN UID PPID SHELLOPTS TMPDIR",
      "KUBECONFIG DOCKER_HOST MAKEFLAGS LESSOPEN ZDOTDIR COMSPEC PATHEXT PSMODULEPATH NO_COLOR REQUESTS_CA_BUNDLE",
      "FOO_OPTIONS FOO_PATH FOO_HOME FOO_FILE lower 1A A-B",
    ];
    const allowed = steering
      .join(" ")
      .split(" ")
      .filter((name) => variableProblem(name) === null);
    expect(allowed).toEqual([]);
    expect(variableProblem("")).not.toBeNull();
    expect(variableProblem(`A${"B".repeat(128)}`)).not.toBeNull();
    expect(variableProblem("A\n")).not.toBeNull();
  });
  test("every built-in variable but Gumloop's own would be a key by these rules", () => {
    const keys = PROVIDERS.filter(({ kind }) => kind === "llm").flatMap(({ methods }) =>
      methods.flatMap(({ variables }) => variables),
    );
    expect(keys.filter((name) => variableProblem(name) !== null)).toEqual([]);
  });
});

test("built-in providers do not look like one another", () => {
  const ids = PROVIDERS.map(({ id }) => skeleton(id));
  expect(new Set(ids).size).toBe(ids.length);
  for (const [a, b] of [
    ["openai", "OPEN_AI"],
    ["corn", "com"],
    ["vvriter", "writer"],
    ["ke5trel", "kestre1"],
  ] as const) {
    expect(skeleton(a)).toBe(skeleton(b));
  }
  expect(skeleton("groq")).not.toBe(skeleton("grok"));
});

describe("the documents", () => {
  const page = readFileSync("docs/plugins.md", "utf8");
  test("docs/plugin-manifest.schema.json is the schema that is used (bun scripts/schemas.ts)", () => {
    const published = JSON.parse(readFileSync("docs/plugin-manifest.schema.json", "utf8"));
    expect(published).toEqual(JSON.parse(JSON.stringify(manifestJsonSchema())));
  });
  test("docs/plugins.md names every variable and family that is refused", () => {
    const names = [
      ...Object.values(STEERING_NAMES).flat(),
      ...STEERING_PREFIXES.map((start) => `${start}*`),
      ...STEERING_SUFFIXES.map((end) => `*${end}`),
    ];
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
  test("the manifest that docs/plugins.md shows is a good one", () => {
    const shown = /```json\n(\{\n {2}"manifest"[\s\S]*?)```/.exec(page)?.[1] ?? "";
    expect(read(new TextEncoder().encode(shown)).problems).toEqual([]);
  });
});
