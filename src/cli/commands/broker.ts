/** `gum-cred broker`: runs another program, or serves, so that keys are used and never handed out. */
import type { BrokerSettings } from "../../app/broker/run.ts";
import { fail } from "../../core/errors.ts";
import { type Context, defineCommand, type Input, LEVEL_FLAG, levelIn } from "../command.ts";
import { makeContext } from "../context.ts";

export const broker = defineCommand({
  args: [{ name: "PROVIDER", summary: "only these providers (default: all that resolve)", many: true }],
  flags: [
    LEVEL_FLAG,
    { name: "allow", value: "RULE", summary: "let only such requests through, such as 'POST /v1/messages*'" },
    { name: "max-requests", value: "N", summary: "refuse requests after so many" },
    { name: "max-tokens", value: "N", summary: "refuse requests once answers have reported so many tokens" },
    { name: "for", value: "TIME", summary: "refuse requests after this time: 90s, 30m, 8h, 2d" },
    { name: "log", value: "FILE", summary: "append one JSON line for each request" },
    {
      name: "via",
      value: "PROVIDER",
      choices: ["gumloop"],
      summary: "serve OpenAI's clients by this provider",
    },
    { name: "isolate", summary: "Linux: no session bus, keychain or network for CMD, only the broker" },
    { name: "listen", value: "WHERE", summary: "serve without CMD, on 127.0.0.1:PORT or unix:PATH" },
    { name: "token-file", value: "FILE", summary: "with --listen: where to write the placeholder token" },
  ],
  rest: "CMD ARG…",
  restOptional: true,
  details:
    "CMD gets no key at all: its key variables hold a placeholder of this run, and its base-URL variables an\n" +
    "address on this machine, where gum-cred puts the real key into each request and passes it on. Signals,\n" +
    "terminal and exit status are CMD's, as with 'exec --mask'. Claude Code, Codex, Gemini CLI and opencode are\n" +
    "known by name and also get what variables alone cannot give. --allow may be given several times.\n" +
    "docs/broker.md says what this stops and what it does not.",
  examples: [
    { line: "gum-cred broker anthropic -- claude", about: "Claude Code without your key" },
    { line: "gum-cred broker --max-tokens 200000 --for 2h -- codex", about: "with a budget" },
    { line: "gum-cred broker gumloop --via gumloop -- python app.py", about: "any OpenAI client on Gumloop" },
    {
      line: "gum-cred broker --listen unix:/run/llm/sock --token-file /run/llm/token",
      about: "as a service",
    },
  ],
  failureExitCode: 125,
  run: async ({ globals }, input) => {
    const { cleanEnvironment, runBroker } = await import("../../app/broker/run.ts");
    const raw = await cleanEnvironment(input.rest ?? []);
    const fresh = (): Context => makeContext(input, globals, raw);
    const { scope, ports } = fresh();
    return runBroker(await settingsIn(input), { raw, scope, fresh: () => fresh().ports, voice: ports });
  },
});

/** Throws E_USAGE and E_INVALID_VALUE. */
async function settingsIn(input: Input): Promise<BrokerSettings> {
  const { parseCount, parseDuration } = await import("../../broker/limits.ts");
  const { parseAllow } = await import("../../broker/allow.ts");
  const count = (flag: string) => {
    const text = input.flag(flag);
    return text === null ? null : parseCount(text, flag);
  };
  const time = input.flag("for");
  return {
    names: input.positional,
    level: levelIn(input),
    limits: {
      allow: input.all("allow").map(parseAllow),
      maxRequests: count("max-requests"),
      maxTokens: count("max-tokens"),
      forMs: time === null ? null : parseDuration(time),
    },
    log: input.flag("log"),
    via: input.flag("via"),
    isolate: input.has("isolate"),
    ...whatFor(input),
  };
}

function whatFor(input: Input): Pick<BrokerSettings, "purpose"> {
  const where = input.flag("listen");
  const command = input.rest ?? [];
  if (where === null) {
    if (command.length === 0) {
      throw fail("E_USAGE", "'broker' needs a command after '--'", "write 'gum-cred broker -- CMD ARG…'");
    }
    if (input.flag("token-file") !== null) throw fail("E_USAGE", "--token-file belongs to --listen");
    return { purpose: { kind: "command", command } };
  }
  if (command.length > 0)
    throw fail("E_USAGE", "--listen serves without a command: leave out what follows '--'");
  if (input.has("isolate")) throw fail("E_USAGE", "--isolate is for a command, and --listen has none");
  return { purpose: { kind: "listen", where: placeIn(where), tokenFile: input.flag("token-file") } };
}

function placeIn(where: string): { readonly port: number } | { readonly path: string } {
  const [, path] = /^unix:(.+)$/s.exec(where) ?? [];
  if (path !== undefined) return { path };
  const [, port] = /^127\.0\.0\.1:(\d{1,5})$/.exec(where) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return { port: Number(port) };
  throw fail("E_INVALID_VALUE", "--listen takes 127.0.0.1:PORT or unix:PATH");
}
