/**
 * Claude Code (@anthropic-ai/claude-code 2.1.328, tried): `env` in a project's .claude/settings.json beats the
 * process's variables; `--settings` on the command line beats both, and a second one replaces the first, so the
 * user's own is merged into ours. Source: code.claude.com/docs/en/settings, and CVE-2026-21852.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { clean, fail } from "../../core/errors.ts";
import { jsonError } from "../../core/json-error.ts";
import type { Agent, AgentContext } from "./agent.ts";

/** Other clouds, and other ways to an account. Empty counts as unset there. */
const PINNED_EMPTY = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_CUSTOM_HEADERS",
  "ANTHROPIC_UNIX_SOCKET",
  "ANTHROPIC_AWS_BASE_URL",
  "ANTHROPIC_BEDROCK_BASE_URL",
  "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
  "ANTHROPIC_FOUNDRY_BASE_URL",
  "ANTHROPIC_FOUNDRY_RESOURCE",
  "ANTHROPIC_FOUNDRY_API_KEY",
  "ANTHROPIC_VERTEX_BASE_URL",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_USE_ANTHROPIC_AWS",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_FOUNDRY",
  "CLAUDE_CODE_USE_GATEWAY",
  "CLAUDE_CODE_USE_MANTLE",
  "CLAUDE_CODE_USE_VERTEX",
];

/** As the command's environment has them, so that the project's have no say. */
const PROXIES = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
];

export const claude: Agent = {
  names: ["claude"],
  wire: (context) => {
    if (!context.routes.has("anthropic")) return { args: context.args, set: {} };
    const { own, rest } = userSettings(context.args);
    const pinned = pinnedVariables(context);
    const env = { ...(isObject(own["env"]) ? own["env"] : {}), ...pinned };
    const file = `${context.folder()}/claude-settings.json`;
    // A helper of the project's would be run, and its answer sent along.
    const apiKeyHelper = `printf %s '${context.placeholder}'`;
    writeFileSync(file, JSON.stringify({ ...own, env, apiKeyHelper }), { mode: 0o600 });
    return { args: ["--settings", file, ...rest], set: pinned };
  },
};

function pinnedVariables({ origin, placeholder, environment }: AgentContext): Record<string, string> {
  return {
    ...Object.fromEntries(PINNED_EMPTY.map((name) => [name, ""])),
    ANTHROPIC_BASE_URL: `${origin}/anthropic`,
    ANTHROPIC_AUTH_TOKEN: placeholder,
    ...Object.fromEntries(PROXIES.map((name) => [name, environment.get(name) ?? ""])),
  };
}

/** The settings that the user names, of which the last counts, and the arguments without them. */
function userSettings(args: readonly string[]) {
  let given: string | null = null;
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--") {
      rest.push(...args.slice(at));
      break;
    }
    if (word === "--settings") given = args[++at] ?? null;
    else if (word.startsWith("--settings=")) given = word.slice("--settings=".length);
    else rest.push(word);
  }
  return { own: given === null ? {} : readSettings(given), rest };
}

/** A file, or the JSON itself, as Claude Code takes both. */
function readSettings(given: string): Readonly<Record<string, unknown>> {
  const inline = given.trimStart().startsWith("{");
  const what = inline ? "its text" : `'${clean(given, 80)}'`;
  let why: string | null = null;
  try {
    const text = inline ? given : readFileSync(given, "utf8");
    why = jsonError(text);
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {}
  throw fail(
    "E_INVALID_VALUE",
    `claude --settings: ${what} is not a JSON object${why === null ? "" : `: ${why}`}`,
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
