/** `gum-cred broker` around a command, from outside: what the command gets, what it does not, how it ends. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { gumCred, type RunOptions, type RunResult, run } from "../support/binary.ts";
import { startVendorUpstream } from "../support/vendor-upstream.ts";

const KEYS = {
  OPENAI_API_KEY: "sk-EXAMPLE-openai-0123456789",
  ANTHROPIC_API_KEY: "sk-ant-api03-EXAMPLE-0123456789",
  GEMINI_API_KEY: "AIzaEXAMPLE-0123456789",
  DEEPSEEK_API_KEY: "sk-EXAMPLE-deepseek-0123456789",
  FIREWORKS_API_KEY: "fw_EXAMPLE0123456789",
};
const upstream = startVendorUpstream();
const NO_KEYCHAIN = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
const BASES = {
  OPENAI_BASE_URL: `${upstream.url}/v1`,
  ANTHROPIC_BASE_URL: upstream.url,
  GOOGLE_GEMINI_BASE_URL: upstream.url,
  FIREWORKS_BASE_URL: upstream.url,
};
const folder = mkdtempSync("/tmp/gum-cred-broker-");

afterAll(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => upstream.forget());

/** Runs a shell script below the broker. */
async function broker(
  flags: readonly string[],
  script: string,
  options: RunOptions = {},
): Promise<RunResult> {
  const env = { ...NO_KEYCHAIN, ...BASES, ...options.env };
  const result = await run(["broker", ...flags, "--", "sh", "-c", script], { ...options, env });
  expect(result.stdout + result.stderr).not.toContain("EXAMPLE");
  return result;
}

function variables(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}

const ASK = 'curl -sS -m 10 -H "authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/chat/completions"';

describe("what the command gets", () => {
  test("a placeholder and an address for each provider, and no key", async () => {
    const { stdout, code } = await broker([], "env", {
      env: {
        ...KEYS,
        GUM_CRED_ORG_XAI_API_KEY: "xai-EXAMPLE-0123456789",
        GUM_CRED_EXPORTED: "X:1",
        OPENAI_ADMIN_KEY: "sk-admin-EXAMPLE",
        AI_GATEWAY_API_KEY: "EXAMPLE-of-another-vendor",
        NETRC_COPY: `machine x password ${KEYS.OPENAI_API_KEY}`,
        HARMLESS: "kept",
        no_proxy: "internal.example",
      },
    });
    expect(code).toBe(0);
    const seen = variables(stdout);
    const token = seen["OPENAI_API_KEY"] ?? "";
    expect(token).toMatch(/^gum-cred-[\w-]{20,}$/);
    const port = /^http:\/\/127\.0\.0\.1:(\d+)\/openai\/v1$/.exec(seen["OPENAI_BASE_URL"] ?? "")?.[1];
    const at = `http://127.0.0.1:${port}`;
    expect(seen).toMatchObject({
      CODEX_API_KEY: token,
      ANTHROPIC_API_KEY: token,
      ANTHROPIC_AUTH_TOKEN: token,
      GEMINI_API_KEY: token,
      GOOGLE_API_KEY: token,
      GOOGLE_GENERATIVE_AI_API_KEY: token,
      XAI_API_KEY: token,
      DEEPSEEK_API_KEY: token,
      FIREWORKS_API_KEY: token,
      OPENAI_API_BASE: `${at}/openai/v1`,
      ANTHROPIC_BASE_URL: `${at}/anthropic`,
      GOOGLE_GEMINI_BASE_URL: `${at}/google`,
      GEMINI_API_BASE: `${at}/google`,
      XAI_API_BASE: `${at}/xai/v1`,
      DEEPSEEK_API_BASE: `${at}/deepseek`,
      FIREWORKS_BASE_URL: `${at}/fireworks`,
      HARMLESS: "kept",
      NO_PROXY: "internal.example,127.0.0.1,localhost",
      no_proxy: "internal.example,127.0.0.1,localhost",
    });
    for (const name of Object.keys(seen))
      expect(name).not.toMatch(/^GUM_CRED_|_ORG_|^BUN_|ADMIN|GATEWAY|NETRC/);
  });

  test("NO_PROXY=* stays what it is", async () => {
    const { stdout } = await broker(["openai"], "env", { env: { ...KEYS, NO_PROXY: "*" } });
    expect(variables(stdout)).toMatchObject({ NO_PROXY: "*", no_proxy: "*" });
  });

  test("only the named providers have a route, and the others' keys are gone all the same", async () => {
    const { stdout } = await broker(["openai"], "env", { env: KEYS });
    const seen = variables(stdout);
    expect(seen["OPENAI_API_KEY"]).toStartWith("gum-cred-");
    for (const name of ["ANTHROPIC_API_KEY", "GEMINI_API_KEY", "DEEPSEEK_API_KEY"]) {
      expect(seen[name]).toBeUndefined();
    }
  });

  test("files of keys are not named", async () => {
    const file = `${folder}/key`;
    writeFileSync(file, KEYS.OPENAI_API_KEY, { mode: 0o600 });
    const { stdout } = await broker(["openai"], `env; ${ASK}`, { env: { OPENAI_API_KEY_FILE: file } });
    expect(stdout).not.toContain("_FILE");
    expect(upstream.arrived()[0]?.headers["authorization"]).toBe(`Bearer ${KEYS.OPENAI_API_KEY}`);
  });

  test.skipIf(process.platform !== "linux")(
    "no process below or beside holds a key under /proc",
    async () => {
      const script = `
      cat /proc/$PPID/environ /proc/self/environ /proc/$PPID/cmdline | tr '\\0' '\\n'
      ls -l /proc/$PPID/fd | grep -c memfd`;
      const { stdout } = await broker([], script, { env: KEYS });
      expect(stdout).toContain("PATH=");
      expect(stdout.trimEnd().split("\n").at(-1)).toBe("0");
    },
  );
});

describe("what the command can do", () => {
  test("not put the placeholder in the place of a key", async () => {
    const script = `
      for words in "keys set openai --key" "keys set openai --no-verify --key"; do
        printf %s "$OPENAI_API_KEY" | gum-cred $words - 2>&1; echo " $?"
      done
      echo "OPENAI_API_KEY=$OPENAI_API_KEY" | gum-cred keys import - --no-verify 2>&1; echo " $?"`;
    const { stdout } = await broker(["openai", "--quiet"], script, { env: KEYS });
    expect(stdout.match(/placeholder of a 'gum-cred broker'/g)?.length).toBeGreaterThanOrEqual(3);
    expect([...stdout.matchAll(/^ (\d+)$/gm)].map(([, code]) => code)).toEqual(["2", "2", "7"]);
  });

  test("ask the vendor, with the real key put in", async () => {
    const { stdout, stderr, code } = await broker(["openai"], ASK, { env: KEYS });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: "stand-in-1" });
    expect(upstream.arrived()).toMatchObject([
      { path: "/v1/chat/completions", headers: { authorization: `Bearer ${KEYS.OPENAI_API_KEY}` } },
    ]);
    expect(stderr).toMatch(/^gum-cred: broker: 1 request, 0 refused, 11 tokens in, 7 out, [\d.]+ s\n$/);
    expect((await broker(["openai", "--quiet"], "true", { env: KEYS })).stderr).toBe("");
  });

  test("no more than it may", async () => {
    const script = `for i in 1 2 3; do ${ASK} -o /dev/null -w '%{http_code} '; done`;
    const limited = async (...flags: string[]) =>
      (await broker(["openai", ...flags], script, { env: KEYS })).stdout;
    expect(await limited("--max-requests", "2")).toBe("200 200 400 ");
    expect(await limited("--max-tokens", "20")).toBe("200 200 400 ");
    expect(await limited("--allow", "GET /v1/models*")).toBe("400 400 400 ");
    expect(await limited("--allow", "GET /v1/models", "--allow", "GET /v1/chat/*")).toBe("200 200 200 ");
  });

  test("leave a log that holds no value", async () => {
    const log = `${folder}/log.jsonl`;
    await broker(["openai", "--max-requests", "1", "--log", log], `${ASK}'?secret=EXAMPLE'; ${ASK}`, {
      env: KEYS,
    });
    const text = readFileSync(log, "utf8");
    expect(text).not.toContain("EXAMPLE");
    expect(statSync(log).mode & 0o777).toBe(0o600);
    const [first, second] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({
      provider: "openai",
      level: "personal",
      method: "GET",
      path: "/openai/v1/chat/completions",
      status: 200,
      model: "stand-in-1",
      tokens_in: 11,
      tokens_out: 7,
      bytes_up: 0,
    });
    expect(first.bytes_down).toBeGreaterThan(0);
    expect(Date.parse(first.ts)).toBeGreaterThan(0);
    expect(second).toMatchObject({ status: 400, refused: "limit: requests", run: first.run });
  });
});

describe("every vendor", () => {
  const U = upstream.url;
  test.each<[string, Record<string, string>, string, string, Record<string, string>]>([
    [
      "groq",
      { GROQ_API_KEY: "gsk_EXAMPLE01234", GROQ_BASE_URL: U },
      '"$GROQ_BASE_URL/openai/v1/models" -H "authorization: Bearer $GROQ_API_KEY"',
      "/openai/v1/models",
      { authorization: "Bearer gsk_EXAMPLE01234" },
    ],
    [
      "openrouter",
      { OPENROUTER_API_KEY: "sk-or-v1-EXAMPLE", OPENROUTER_BASE_URL: `${U}/api/v1` },
      '"$OPENROUTER_BASE_URL/chat/completions" -H "authorization: Bearer $OPENROUTER_API_KEY"',
      "/api/v1/chat/completions",
      { authorization: "Bearer sk-or-v1-EXAMPLE" },
    ],
    [
      "together",
      { TOGETHER_API_KEY: "EXAMPLE-together", TOGETHER_BASE_URL: `${U}/v1` },
      '"$TOGETHER_BASE_URL/models" -H "authorization: Bearer $TOGETHER_API_KEY"',
      "/v1/models",
      { authorization: "Bearer EXAMPLE-together" },
    ],
    [
      "perplexity",
      { PERPLEXITY_API_KEY: "pplx-EXAMPLE0123", PERPLEXITY_BASE_URL: U },
      '"$PERPLEXITY_BASE_URL/chat/completions" -H "authorization: Bearer $PPLX_API_KEY"',
      "/chat/completions",
      { authorization: "Bearer pplx-EXAMPLE0123" },
    ],
    [
      "cohere",
      { CO_API_KEY: "EXAMPLE-of-cohere", CO_API_URL: U },
      '"$CO_API_URL/v2/chat" -H "authorization: Bearer $CO_API_KEY"',
      "/v2/chat",
      { authorization: "Bearer EXAMPLE-of-cohere" },
    ],
    [
      "azure-openai",
      {
        AZURE_OPENAI_API_KEY: "EXAMPLE-of-azure",
        AZURE_OPENAI_ENDPOINT: U,
        OPENAI_API_VERSION: "2024-10-21",
      },
      '"$AZURE_OPENAI_ENDPOINT/openai/models?api-version=$OPENAI_API_VERSION" -H "api-key: $AZURE_OPENAI_API_KEY"',
      "/openai/models?api-version=2024-10-21",
      { "api-key": "EXAMPLE-of-azure" },
    ],
    [
      "amazon-bedrock",
      { AWS_BEARER_TOKEN_BEDROCK: "ABSKEXAMPLE0123", AWS_REGION: "us-east-1", AWS_ENDPOINT_URL_BEDROCK: U },
      '"$AWS_ENDPOINT_URL_BEDROCK_RUNTIME/model/m/converse" -H "authorization: Bearer $AWS_BEARER_TOKEN_BEDROCK"',
      "/model/m/converse",
      { authorization: "Bearer ABSKEXAMPLE0123" },
    ],
  ])("%s", async (provider, env, ask, path, headers) => {
    const { code, stderr } = await broker([provider, "--quiet"], `curl -sS -m 10 ${ask}`, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(upstream.arrived()).toMatchObject([{ path, headers }]);
  });

  test("an installed one, by its manifest", async () => {
    const home = mkdtempSync(`${folder}/home-`);
    const manifest = {
      ...{ manifest: 1, id: "acmeai", title: "Acme AI", env: ["ACMEAI_API_KEY"], hosts: ["127.0.0.1"] },
      ...{ setup_url: "https://acme.example/keys", base_url: `${upstream.url}/api/v2` },
      verify: {
        ...{
          url: `${upstream.url}/models`,
          headers: { "x-acme": "Key {key}" },
          valid: [200],
          rejected: [401],
        },
      },
    };
    writeFileSync(`${folder}/acmeai.json`, JSON.stringify(manifest));
    const env = { HOME: home, ACMEAI_API_KEY: "acme-EXAMPLE-0123" };
    const added = await run(["plugins", "add", `${folder}/acmeai.json`, "--yes"], { env });
    expect(added.code).toBe(0);
    const ask = 'curl -sS -m 10 -H "x-acme: Key $ACMEAI_API_KEY" "$ACMEAI_BASE_URL/things"';
    expect((await broker(["acmeai", "--quiet"], ask, { env })).code).toBe(0);
    expect(upstream.arrived()).toMatchObject([
      { path: "/api/v2/things", headers: { "x-acme": "Key acme-EXAMPLE-0123" } },
    ]);
  });
});

describe("how it ends", () => {
  test("as its command does", async () => {
    expect((await broker(["openai"], "exit 42", { env: KEYS })).code).toBe(42);
    expect((await broker(["openai"], "kill -TERM $$", { env: KEYS })).signal).toBe("SIGTERM");
    const none = await run(["broker", "openai", "--", "gum-cred-no-such-program"], {
      env: { ...NO_KEYCHAIN, ...KEYS },
    });
    expect(none.code).toBe(127);
    const not = await run(["broker", "openai", "--", "/etc/passwd"], { env: { ...NO_KEYCHAIN, ...KEYS } });
    expect(not.code).toBe(126);
  });

  test.each([
    [["--max-requests", "0"]],
    [["--max-tokens", "0"]],
    [["--max-tokens", "-1"]],
    [["--for", "0s"]],
    [["--for", "10"]],
    [["--allow", "everything"]],
    [["--via", "openai"]],
    [["--token-file", "x"]],
    [["nobody"]],
  ])("its own mistakes are 125: %j", async (flags) => {
    const { code, stdout, stderr } = await broker(flags, "echo ran", { env: KEYS });
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(stderr).toContain("gum-cred: error[E_");
  });

  test("nothing to broker is an error", async () => {
    const { code, stdout, stderr } = await broker([], "echo ran");
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(stderr).toContain("E_NOT_SIGNED_IN");
  });

  test("a signal reaches the command", async () => {
    const child = Bun.spawn(
      [
        gumCred(),
        "broker",
        "openai",
        "--",
        "sh",
        "-c",
        "trap 'echo got; exit 9' TERM; echo up; while :; do sleep 0.05; done",
      ],
      { env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, ...KEYS }, stdout: "pipe", stderr: "ignore" },
    );
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGTERM");
    expect(await child.exited).toBe(9);
  });
});

describe("the organisation's policy", () => {
  const policy = (rules: object): Record<string, string> => {
    const path = `${folder}/policy.json`;
    writeFileSync(
      path,
      JSON.stringify({ version: 1, organization: { id: "acme", name: "Acme" }, providers: rules }),
    );
    chmodSync(path, 0o600);
    return {
      ...NO_KEYCHAIN,
      ...BASES,
      ...KEYS,
      ACME_OPENAI: "sk-EXAMPLE-of-acme-0123",
      GUM_CRED_POLICY: path,
    };
  };

  test.each([
    [{ openai: { source: { env: "ACME_OPENAI" }, exportable: false } }],
    [{ openai: { exportable: false } }],
  ])("a key that is not exportable: %j", async (rules) => {
    const env = policy(rules);
    for (const args of [
      ["env", "openai"],
      ["exec", "openai", "--", "true"],
      ["get", "openai"],
      ["header", "openai"],
    ]) {
      const { code, stdout, stderr } = await run(args, { env });
      expect(code).toBe(args[0] === "exec" ? 125 : 6);
      expect(stderr).toContain("E_NOT_EXPORTABLE");
      expect(stderr).toContain("gum-cred broker");
      expect(stdout).not.toContain("EXAMPLE");
    }
    const all = await run(["env"], { env });
    expect(all.code).toBe(0);
    expect(all.stdout).not.toContain("sk-EXAMPLE-openai");
    expect(all.stderr).toBe("gum-cred: left out: Acme does not let the key for openai be handed out\n");
    expect((await run(["env", "--quiet"], { env })).stderr).toBe("");
    // An organisation's key goes to the vendor's own hosts, whatever OPENAI_BASE_URL says.
    const isOrganizations = "source" in rules.openai;
    if (!isOrganizations) expect((await broker(["openai"], ASK, { env })).code).toBe(0);
    expect(upstream.arrived().length).toBe(isOrganizations ? 0 : 1);
  });

  /** Without a key of one's own. */
  const bare = (rules: object): Record<string, string> =>
    Object.fromEntries(Object.entries(policy(rules)).filter(([name]) => !(name in KEYS)));

  test.each<[name: string, rules: object, keys: Record<string, string>]>([
    ["a source", { openai: { source: { env: "ACME_OPENAI" }, exportable: false } }, {}],
    ["a source that nobody asks", { openai: { source: { command: ["/bin/false"] }, exportable: false } }, {}],
    ["one's own", { openai: { exportable: false } }, { OPENAI_API_KEY: "sk-EXAMPLE-openai" }],
    [
      "two",
      { xai: { source: { env: "ACME_OPENAI" }, exportable: false }, openai: { exportable: false } },
      { OPENAI_API_KEY: "sk-EXAMPLE-openai" },
    ],
  ])("where the only key is not exportable, nothing found is refused: %s", async (name, rules, keys) => {
    const env = { ...bare(rules), ...keys };
    for (const [args, code, stdout] of [
      [["env"], 6, "(exit 6);\n"],
      [["exec", "--", "true"], 125, ""],
    ] as const) {
      const result = await run(args, { env });
      expect([result.code, result.stdout]).toEqual([code, stdout]);
      expect(result.stderr).toContain("error[E_NOT_EXPORTABLE]: Acme does not let the key");
      expect(result.stderr).toContain(
        name === "two" ? "gum-cred broker openai xai" : "gum-cred broker openai",
      );
    }
  });

  test("a rule for a key that nobody has is no reason for anything", async () => {
    const env = bare({ openai: { exportable: false } });
    const { code, stderr } = await run(["env"], { env });
    expect([code, stderr]).toEqual([3, expect.stringContaining("E_NOT_SIGNED_IN")]);
  });

  test("what it lets through", async () => {
    const env = policy({ openai: { source: { env: "ACME_OPENAI" }, allow: ["GET /v1/models"] } });
    const { stdout } = await broker(["openai"], `${ASK}; env`, { env });
    expect(stdout).toContain("organisation's policy");
    expect(stdout).not.toContain("ACME_OPENAI");
    expect(upstream.arrived()).toEqual([]);
  });
});
