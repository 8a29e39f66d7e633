/**
 * Every page on a real terminal: two widths, with colour and without. Nothing is wider than the terminal, colour is
 * there where it is wanted and nowhere else, and it changes no word.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { PROGRAM } from "../../src/cli/program.ts";
import { onTerminals } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const GROUPS = [
  ...new Set(PROGRAM.flatMap(({ name }) => (name.includes(" ") ? [name.replace(/ .*/, "")] : []))),
];
const HELP = [
  [],
  ...PROGRAM.map(({ name }) => [...name.split(" "), "--help"]),
  ...GROUPS.flatMap((group) => [
    [group, "--help"],
    ["help", group],
  ]),
  ...["environment", "exit-codes", "plugins"].map((topic) => ["help", topic]),
];
const VIEWS = [
  ["status"],
  ["explain"],
  ["explain", "openai"],
  ["explain", "--all"],
  ["keys", "list"],
  ["keys", "list", "openai"],
  ["keys", "usage", "USAGE"],
  ["profiles"],
  ["teams"],
  ["keychain"],
  ["doctor"],
  ["providers"],
  ["providers", "openai"],
  ["plugins", "list"],
  ["plugins", "list", "--catalogue"],
  ["policy", "show"],
  ["policy", "check", "POLICY"],
  ["credits"],
  ["setup", "claude"],
];
const POLICY = {
  version: 1,
  organization: { id: "acme", name: "Acme Inc." },
  providers: {
    xai: { source: { command: ["/usr/bin/vault", "kv", "get", "secret/a-long-path-of-a-secret/xai"] } },
    deepseek: { deny: true },
  },
};
const USAGE = {
  ...{ ts: "2026-11-27T10:00:00Z", provider: "anthropic", model: "claude-sonnet-4-5-20250929", status: 200 },
  ...{ bytes_up: 123456, bytes_down: 1234567, tokens_in: 123456, tokens_out: 3456 },
};
const GUIDE = await Bun.file(`${import.meta.dir}/../../docs/plugins.md`).text();
const plain = (text: string): string => Bun.stripANSI(text);
/** What no page is free to break: addresses, and lines of code that are to be copied. */
const UNBROKEN = /^\s*\S+$/;

const WITHOUT_COLOUR = [
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["TERM=dumb", { TERM: "dumb" }],
] as const;

let env: Record<string, string>;
beforeAll(async () => {
  await world.signInWithKey();
  await world.ok(["keys", "set", "anthropic", "--key", "-", "--no-verify"], { stdin: "sk-ant-EXAMPLE" });
  await world.ok(["plugins", "add", "replicate", "--yes"]);
  await Bun.write(`${world.home}/policy.json`, JSON.stringify(POLICY));
  await Bun.write(`${world.home}/usage.jsonl`, `${JSON.stringify(USAGE)}\n`);
  env = {
    ...world.env,
    OPENAI_API_KEY: "sk-proj-EXAMPLEEXAMPLE",
    GUMLOOP_BASE_URL: world.server.baseUrl,
    GUM_CRED_POLICY: `${world.home}/policy.json`,
  };
});

const lineOf = (args: readonly string[]): readonly string[] =>
  args.map((word) =>
    word.replace("POLICY", `${world.home}/policy.json`).replace("USAGE", `${world.home}/usage.jsonl`),
  );

describe.each([80, 40])("%p columns", (columns) => {
  test.each([
    ["help", HELP],
    ["views", VIEWS],
  ])(
    "%s fit, and say the same words without colour",
    async (kind, pages) => {
      const lines = pages.map(lineOf);
      const [coloured, ...others] = await Promise.all([
        onTerminals(lines, { columns, env }),
        ...WITHOUT_COLOUR.map(([, extra]) => onTerminals(lines, { columns, env: { ...env, ...extra } })),
        onTerminals(
          lines.map((line) => [...line, "--no-color"]),
          { columns, env },
        ),
      ]);
      for (const [at, { screen }] of (coloured ?? []).entries()) {
        const page = pages[at]?.join(" ");
        expect([page, screen]).not.toEqual([page, ""]);
        const wide = plain(screen)
          .split("\n")
          .filter((line) => Bun.stringWidth(line) > columns && !UNBROKEN.test(line))
          // Code of the guide, files of other programs, and errors, which a terminal wraps itself: they are to be copied.
          .filter((line) => !GUIDE.includes(line) && !/^(?:gum-cred: |hint: |[-+])/.test(line));
        expect([page, wide]).toEqual([page, []]);
        if (kind === "help") expect([page, screen.includes("\u001b[1m")]).toEqual([page, true]);
        for (const other of others) {
          expect([page, other[at]?.screen.includes("\u001b")]).toEqual([page, false]);
          if (kind === "help") expect([page, other[at]?.screen]).toEqual([page, plain(screen)]);
        }
      }
    },
    60_000,
  );
});

test.each([60, 80, 120])("no address, variable or entry's name is torn in %p columns", async (columns) => {
  const [providers, list, explain] = await onTerminals(
    [["providers"], ["keys", "list"], ["explain", "openai"]].map(lineOf),
    { columns, env },
  );
  for (const whole of [
    "https://console.aws.amazon.com/bedrock/home#/api-keys",
    "https://www.gumloop.com/personal/connectors",
    "AWS_BEARER_TOKEN_BEDROCK",
  ])
    expect(providers?.screen).toContain(whole);
  expect(list?.screen).toContain("gum-cred/llm:personal:default:anthropic");
  expect(explain?.screen).toContain("GUM_CRED_ORG_OPENAI_API_KEY_FILE");
});

test("what is to be used as it is comes as it is, on the narrowest terminal too", async () => {
  const key = `sk-EXAMPLE-${"long-".repeat(20)}`;
  const vars: Record<string, string> = { ...env, OPENAI_API_KEY: key };
  const lines = [
    ["get", "openai"],
    ["header", "openai"],
    ["env", "openai"],
    ["env", "openai", "--format", "powershell"],
    ["setup", "direnv"],
    ["setup", "codex"],
    ["hook", "bash"],
    ["completion", "zsh"],
    ["plugins", "new", "kestrel"],
  ];
  const narrow = await onTerminals(lines, { columns: 20, env: vars });
  for (const [at, line] of lines.entries()) {
    const { stdout } = await world.run(line, {
      env: { OPENAI_API_KEY: key, GUM_CRED_POLICY: vars["GUM_CRED_POLICY"] ?? "" },
    });
    const shown = plain(narrow[at]?.screen ?? "");
    // Notes of `setup` are sentences.
    const exact = line[0] === "setup" ? stdout.slice(0, stdout.indexOf("\nNothing is written")) : stdout;
    expect([line, shown.includes(exact)]).toEqual([line, true]);
  }
});
