/** What a policy file may not say, however JSON lets it be said; and what its sources and limits become. */
import { describe, expect, test } from "bun:test";
import { allowedRequests, type Policy, requireExportable, tighten } from "./policy.ts";
import { parsePolicy, policyProblems } from "./policy-schema.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const problems = (text: string) =>
  policyProblems(bytes(text)).map(({ path, message }) => `${path} ${message}`);
const parse = (value: unknown): Policy => parsePolicy(bytes(JSON.stringify(value)), "policy.json");
const providers = (rules: object) => JSON.stringify({ version: 1, providers: rules });

describe("a key that stands twice", () => {
  test.each<[name: string, text: string, problem: string]>([
    ["at the top", '{"version":1,"version":1}', "$.version is there twice (line 1, column 14)"],
    [
      "in a rule",
      '{"version":1,"providers":{"openai":{\n  "deny":true,\n  "deny":true}}}',
      "$.providers.openai.deny is there twice (line 3, column 3)",
    ],
    [
      "a provider",
      '{"version":1,"providers":{"xai":{"deny":true},"xai":{"source":{"keychain":true}}}}',
      "$.providers.xai is there twice (line 1, column 47)",
    ],
    [
      "in another spelling",
      '{"version":1,"providers":{"xai":{"deny":true},"x\\u0061i":{"deny":true}}}',
      "$.providers.xai is there twice (line 1, column 47)",
    ],
    [
      "after a string that holds quotes and braces",
      '{"version":1,"organization":{"id":"a","name":"\\"{\\\\","id":"b"}}',
      "$.organization.id is there twice (line 1, column 54)",
    ],
    [
      "within an array",
      '{"version":1,"providers":{"openai":{"source":{"command":["/x",{"a":1,"a":2}]}}}}',
      "$.providers.openai.source.command[1].a is there twice (line 1, column 70)",
    ],
    [
      "twice __proto__",
      '{"version":1,"__proto__":1,"__proto__":2}',
      "$.__proto__ is there twice (line 1, column 28)",
    ],
  ])("%s", (_name, text, problem) => {
    expect(problems(text)).toContain(problem);
    expect(() => parsePolicy(bytes(text), "policy.json")).toThrow("is there twice");
  });

  test("the same key in two objects is none", () => {
    expect(problems('{"version":1,"providers":{"xai":{"deny":true},"openai":{"deny":true}}}')).toEqual([]);
  });

  test.each([
    ["\\ud800", false],
    ["\\udc00", false],
    ["\\udc00\\ud83d", false],
    ["\\ud83d\\n\\ude00", false],
    ["\\uD83D\\uDE00", true],
    ["\\\\ud800", true],
    ["\u{1f600}", true],
  ])("a path that holds %s: whole characters only", (part, whole) => {
    const text = `{"version":1,"providers":{"xai":{"source":{"file":"/${part}"}}}}`;
    expect(problems(text)).toEqual(whole ? [] : [expect.stringContaining("half of a surrogate pair")]);
  });

  test("a file as deep as it is long is refused without an overflow", () => {
    const deep = `{"version":1,"providers":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`;
    expect(problems(deep).length).toBeGreaterThan(0);
  });
});

describe("names that objects in JavaScript have", () => {
  test("are ordinary names of providers and teams", () => {
    const rules = '{"constructor":{"deny":true},"valueof":{"deny":true}}';
    const team = (name: string) => `"${name}":{"providers":{"xai":{"source":{"file":"/${name}"}}}}`;
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const text = `{"version":1,"providers":${rules},"teams":{${names.map(team).join(",")}}}`;
    const policy = parsePolicy(bytes(text), "policy.json");
    expect([...policy.providers.keys()]).toEqual(["constructor", "valueof"]);
    for (const name of names) {
      expect(policy.teams.get(name)?.get("xai")).toEqual({
        kind: "source",
        source: { kind: "path", path: `/${name}` },
      });
    }
    expect(policy.teams.size).toBe(names.length);
    expect(policy.providers.get("toString")).toBeUndefined();
  });

  test.each([
    ['{"version":1,"__proto__":{"deny":true}}', "$.__proto__ is not known"],
    ['{"version":1,"providers":{"__proto__":{"deny":true}}}', "$.providers.__proto__ is not known"],
    [
      '{"version":1,"providers":{"xai":{"__proto__":{"deny":true}}}}',
      "$.providers.xai.__proto__ is not known",
    ],
    [
      '{"version":1,"teams":{"__proto__":{"providers":{"xai":{"deny":1}}}}}',
      "$.teams.__proto__.providers.xai.deny",
    ],
    ['{"version":1,"teams":{"__proto__":{}}}', "$.teams.__proto__.providers"],
    ['{"version":1,"teams":{"t":{"__proto__":{}}}}', "$.teams.t.__proto__ is not known"],
  ])("are not known where no name is free: %s", (text, problem) => {
    expect(problems(text).some((one) => one.startsWith(problem))).toBe(true);
  });
});

test.each<[source: object, problem: RegExp]>([
  [{ gumloop: { source: { file: "/x" } } }, /^\$\.providers\.gumloop\.source is refused/],
  [{ gumloop: { source: { keychain: true } } }, /^\$\.providers\.gumloop\.source is refused/],
  [{ openai: { source: { keychain: true }, deny: true } }, /nothing beside deny/],
  [{ openai: { allow: ["GET"] } }, /allow\[0\] must be a method/],
  [{ openai: { allow: [] } }, /\.allow/],
  [{ openai: { allow: "POST /v1" } }, /\.allow/],
  [{ openai: { exportable: "no" } }, /\.exportable/],
  [{ openai: { source: { file: "/x", timeout_ms: 15_001 } } }, /timeout_ms/],
  [{ openai: { source: { file: "/x", cache_s: -1 } } }, /cache_s/],
  [{ openai: { source: { file: "/x", env: "A" } } }, /is not known/],
])("%j is refused", (rules, problem) => {
  const found = problems(providers(rules));
  expect(found.some((one) => problem.test(one))).toBe(true);
});

const VAULT = {
  address: "https://bao.acme.internal:8200",
  mount: "secret",
  path: "llm/openai",
  field: "key",
};
const { address: _, ...AGENT } = VAULT;
const vault = (more: object) => providers({ openai: { source: { vault: { ...VAULT, ...more } } } });

test.each<[more: object, where: string]>([
  [{ address: "http://bao.acme.internal" }, "vault.address"],
  [{ address: "https://user:pass@bao" }, "vault.address"],
  [{ path: "a/../b" }, "vault.path"],
  [{ path: "a//b" }, "vault.path"],
  [{ path: "" }, "vault.path"],
  [{ mount: ".." }, "vault.mount"],
  [{ version: 3 }, "vault.version"],
  [{ field: "" }, "vault.field"],
  [{ namespace: "a b" }, "vault.namespace"],
  [{ ca_file: "ca.pem" }, "vault.ca_file"],
  [{ token: "s.EXAMPLE" }, "vault.token"],
  [{ auth: { token: "s.EXAMPLE" } }, "vault.auth"],
  [{ auth: { approle: {} } }, "vault.auth.approle.role_id"],
  [{ auth: { approle: { role_id: "x", secret_id: "y" } } }, "vault.auth.approle.secret_id"],
  [{ auth: { jwt: { role: "x", token: { env: "T" } } } }, "vault.auth.jwt.token"],
  [{ auth: { agent: "unix:///x" } }, "vault.address"],
])("vault with %j is refused", (more, where) => {
  expect(problems(vault(more)).some((one) => one.startsWith(`$.providers.openai.source.${where}`))).toBe(
    true,
  );
});

test("vault, with what is left out filled in", () => {
  const source = (value: object) => {
    const rule = parse({ version: 1, providers: { openai: { source: { vault: value } } } }).providers.get(
      "openai",
    );
    return rule?.kind === "source" && rule.source.kind === "vault" ? rule.source.vault : null;
  };
  const filled = { ...VAULT, version: 2, namespace: null, caFile: null } as const;
  expect(source(VAULT)).toEqual({ ...filled, auth: { kind: "token_file", path: null } });
  const unix = "unix:///run/bao/proxy.sock";
  expect(source({ ...AGENT, auth: { agent: unix } })).toEqual({
    ...filled,
    address: unix,
    auth: { kind: "agent" },
  });
  const approle = { role_id: "r", secret_id_file: "/s" };
  expect(source({ ...VAULT, auth: { approle } })?.auth).toEqual({
    kind: "approle",
    roleId: "r",
    secretIdFile: "/s",
    mount: "approle",
  });
  expect(source({ ...VAULT, auth: { kubernetes: { role: "r" } } })?.auth).toEqual({
    ...{ kind: "kubernetes", role: "r", mount: "kubernetes" },
    path: "/var/run/secrets/kubernetes.io/serviceaccount/token",
  });
});

test("federation belongs to its own vendor", () => {
  const ids = { identity_provider_id: "a", service_account_id: "b" };
  const federation = { provider: "openai", ...ids, token: { github_actions: {} } };
  expect(problems(providers({ openai: { source: { federation } } }))).toEqual([]);
  expect(problems(providers({ anthropic: { source: { federation } } }))).toEqual([
    "$.providers.anthropic.source.federation.provider must be anthropic",
  ]);
  const plain = { ...federation, token_url: "http://idp.acme.internal" };
  expect(problems(providers({ openai: { source: { federation: plain } } }))[0]).toContain(
    "token_url must be https",
  );
});

test("limits are those of the files, the organisation and the team together", () => {
  const file = (openai: object, team: object = {}) =>
    parse({
      version: 1,
      providers: { openai },
      teams: { t: { providers: { openai: { exportable: true, ...team } } } },
    });
  const isExportable = (policy: Policy, team: string | null) => {
    try {
      requireExportable(policy, "openai", team);
      return true;
    } catch {
      return false;
    }
  };
  const source = { file: "/x" };
  const [mine, yours] = [["POST /v1/*"], ["* /", "/v1"]];
  expect(isExportable(file({ source }), "t")).toBe(true);
  expect(allowedRequests(file({ source }), "openai", "t")).toEqual([]);
  expect(isExportable(file({ source, exportable: false }), null)).toBe(false);
  expect(isExportable(file({ source }, { exportable: false }), "t")).toBe(false);
  expect(isExportable(file({ source }, { exportable: false }), null)).toBe(true);
  const both = tighten(file({ source, allow: mine }), file({ exportable: false, allow: yours }));
  expect(isExportable(both, null)).toBe(false);
  expect(allowedRequests(both, "openai", null)).toEqual([mine, yours]);
  expect(both.providers.get("openai")).toMatchObject({
    kind: "source",
    source: { kind: "path", path: "/x" },
  });
  const loosened = tighten(
    file({ source, exportable: false }),
    file({ source: { file: "/y" }, exportable: true }),
  );
  expect(loosened.providers.get("openai")).toMatchObject({ exportable: false, source: { path: "/x" } });
});

describe("what is wrong is said in words", () => {
  test.each<[problem: string, value: unknown]>([
    ["$ must be an object", []],
    ["$.version is missing", {}],
    ["$.version must be 1", { version: 2 }],
    ["$.providers must be an object", { version: 1, providers: [] }],
    ["$.organization.id must not be empty", { version: 1, organization: { id: "", name: "a" } }],
    ["$.organization.name must be a string", { version: 1, organization: { id: "a", name: 3 } }],
    ["$.providers.openai.deny must be true", { version: 1, providers: { openai: { deny: "x" } } }],
    [
      "$.providers.openai.exportable must be true or false",
      { version: 1, providers: { openai: { exportable: 1 } } },
    ],
    ["$.providers.openai.allow must not be empty", { version: 1, providers: { openai: { allow: [] } } }],
    ["$.providers.openai.allow must be an array", { version: 1, providers: { openai: { allow: "GET /" } } }],
    [
      "$.providers.openai.source.file must be a string",
      { version: 1, providers: { openai: { source: { file: 3 } } } },
    ],
    [
      "$.providers.openai.source.stale_ok_s must be at least 0",
      { version: 1, providers: { openai: { source: { file: "/x", stale_ok_s: -1 } } } },
    ],
    [
      '$.providers["Bad Id"] must be a provider\'s id',
      { version: 1, providers: { "Bad Id": { deny: true } } },
    ],
  ])("%s", (problem, value) => expect(problems(JSON.stringify(value))).toContain(problem));
});
