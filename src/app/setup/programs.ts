/**
 * The programs that `setup` knows: where their settings are, what makes them take their key from gum-cred, and what
 * would beat that. Sources stand beside each. No I/O.
 */
import { fail } from "../../core/errors.ts";
import { direnvHook } from "../../output/hooks/direnv.ts";
import { jsonFile, member, ownFile, type SettingsFile, tomlFile } from "./files.ts";
import { valueAt } from "./jsonc.ts";

/** Where and for whom settings are made. */
export interface Situation {
  /** The user's home folder. */
  readonly home: string;
  readonly variable: (name: string) => string | null;
  /** How gum-cred is started: a name in PATH, or an absolute path. */
  readonly gumCred: string;
  /** `--profile work` and its like, one word each. */
  readonly flags: readonly string[];
  /** `?level=team&profile=work`, or empty. */
  readonly query: string;
  /** A file's text; null when it is not there, or cannot be read. */
  readonly read: (path: string) => string | null;
}

export interface ProgramSetup {
  readonly title: string;
  readonly files: readonly SettingsFile[];
  /** How to start the program, where its settings alone cannot ask gum-cred; null where they can. */
  readonly start: string | null;
  /** Variables that would beat the setting. */
  readonly beatenBy: readonly string[];
  /** JSON objects in the first file whose names are variables that the program sets for itself. */
  readonly ownVariables?: readonly [string, ...string[]];
  /** What else to know, a line each. */
  readonly notes: readonly string[];
}

export const PROGRAMS: Readonly<Record<string, (situation: Situation) => ProgramSetup>> = {
  claude,
  codex,
  gemini,
  opencode,
  llm,
  direnv,
};

/** The programs' names. */
export const PROGRAM_NAMES: readonly string[] = ["claude", "codex", "gemini", "opencode", "llm", "direnv"];

/** code.claude.com/docs/en/settings (apiKeyHelper is run by /bin/sh) and /en/authentication (what comes before it). */
function claude({ home, variable, gumCred, flags }: Situation): ProgramSetup {
  const folder = variable("CLAUDE_CONFIG_DIR") ?? `${home}/.claude`;
  const value = [gumCred, "get", "anthropic", ...flags].map(quoted).join(" ");
  const isOurs = (found: unknown) => typeof found === "string" && runsGumCred(found);
  return {
    title: "Claude Code",
    files: [jsonFile(`${folder}/settings.json`, [{ path: ["apiKeyHelper"], value, isOurs }])],
    start: null,
    beatenBy: [
      "ANTHROPIC_API_KEY",
      "ANTHROPIC_AUTH_TOKEN",
      "CLAUDE_CODE_USE_BEDROCK",
      "CLAUDE_CODE_USE_VERTEX",
      "CLAUDE_CODE_USE_FOUNDRY",
    ],
    ownVariables: ["env"],
    notes: ["Claude Code runs the helper when it starts, every 5 minutes and after a 401"],
  };
}

/**
 * github.com/openai/codex codex-rs/model-provider-info: a provider of one's own may have `auth`, the built-in one may
 * not; the program is started without a shell, and its trimmed stdout is the bearer token.
 */
function codex({ home, variable, gumCred, flags }: Situation): ProgramSetup {
  const folder = variable("CODEX_HOME") ?? `${home}/.codex`;
  const baseUrl = variable("OPENAI_BASE_URL") ?? "https://api.openai.com/v1";
  const lines = [
    "[model_providers.gum-cred]",
    'name = "OpenAI, key from gum-cred"',
    `base_url = ${JSON.stringify(baseUrl)}`,
    'wire_api = "responses"',
    "",
    "[model_providers.gum-cred.auth]",
    `command = ${JSON.stringify(gumCred)}`,
    `args = ${JSON.stringify(["get", "openai", ...flags]).replaceAll(",", ", ")}`,
    "timeout_ms = 10000",
    "refresh_interval_ms = 300000",
  ];
  const isOurs = (table: unknown) => {
    const command = member(member(table, "auth"), "command");
    return typeof command === "string" && /(?:^|[/\\])gum-cred(?:\.exe)?$/.test(command);
  };
  const provider = { rootKey: "model_provider", name: "gum-cred", lines, isOurs };
  return {
    title: "Codex",
    files: [tomlFile(`${folder}/config.toml`, { ...provider, table: ["model_providers", "gum-cred"] })],
    start: null,
    beatenBy: [],
    notes: ["a profile of Codex that names another model_provider, and -c model_provider=…, come first"],
  };
}

/**
 * github.com/google-gemini/gemini-cli docs/cli/authentication.md: no helper; GEMINI_API_KEY, with the auth type
 * `gemini-api-key`. So the key comes by `exec`, from a file of references.
 */
function gemini(situation: Situation): ProgramSetup {
  const folder = `${situation.variable("GEMINI_CLI_HOME") ?? situation.home}/.gemini`;
  const type = "gemini-api-key";
  const settings = `${folder}/settings.json`;
  const path = ["security", "auth", "selectedType"] as const;
  const setting = { path, value: type, isOurs: (found: unknown) => found === type };
  // An auth type that was there before stays when the setup is taken back.
  const mine = situation.read(`${folder}/gum-cred.env`);
  const isTheirs = mine === null ? holds(situation.read(settings), path, type) : mine.includes(THEIRS);
  const lines = [...(isTheirs ? [THEIRS] : []), `GEMINI_API_KEY=gum://google${situation.query}`];
  const file = referenceFile(`${folder}/gum-cred.env`, lines);
  return {
    title: "Gemini CLI",
    files: isTheirs ? [file] : [jsonFile(settings, [setting]), file],
    start: startWith(situation, "google", file.path, "gemini"),
    beatenBy: ["GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"],
    notes: ["Gemini CLI has no setting for a helper: it is given the key when it starts"],
  };
}

const THEIRS = "# The auth type in settings.json was there before.";

function holds(text: string | null, path: readonly [string, ...string[]], value: string): boolean {
  try {
    return text !== null && valueAt(text, path) === value;
  } catch {
    return false; // broken: said when the file itself is looked at
  }
}

/** opencode.ai/docs/config: `{env:NAME}` in a provider's options; it comes before what `/connect` stored. */
function opencode({ home, variable, gumCred, flags, read }: Situation): ProgramSetup {
  const folder = `${variable("XDG_CONFIG_HOME") ?? `${home}/.config`}/opencode`;
  const path =
    [`${folder}/opencode.jsonc`, `${folder}/opencode.json`].find((one) => read(one) !== null) ??
    `${folder}/opencode.json`;
  const vendors = { anthropic: "ANTHROPIC_API_KEY", openai: "OPENAI_API_KEY" };
  const settings = Object.entries(vendors).map(([id, name]) => {
    const value = `{env:${name}}`;
    return {
      path: ["provider", id, "options", "apiKey"] as const,
      value,
      isOurs: (found: unknown) => found === value,
    };
  });
  const words = [gumCred, "exec", ...Object.keys(vendors), ...flags, "--", "opencode"];
  return {
    title: "opencode",
    files: [jsonFile(path, settings)],
    start: words.map(quoted).join(" "),
    beatenBy: ["OPENCODE_CONFIG_CONTENT"],
    notes: ["opencode has no setting for a helper: it is given the keys when it starts"],
  };
}

/** llm.datasette.io/en/stable/setup.html#api-keys: --key, keys.json, then the variable. */
function llm(situation: Situation): ProgramSetup {
  const { home, variable } = situation;
  const own =
    process.platform === "darwin"
      ? `${home}/Library/Application Support/io.datasette.llm`
      : `${variable("XDG_CONFIG_HOME") ?? `${home}/.config`}/io.datasette.llm`;
  const folder = variable("LLM_USER_PATH") ?? own;
  const file = referenceFile(`${folder}/gum-cred.env`, [`OPENAI_API_KEY=gum://openai${situation.query}`]);
  return {
    title: "llm",
    files: [file],
    start: startWith(situation, "openai", file.path, "llm"),
    beatenBy: [],
    notes: [
      "llm has no setting for a helper: it is given the key when it starts",
      ...(situation.read(`${folder}/keys.json`) !== null
        ? ["a key in its keys.json comes before the variable: see 'llm keys', and remove it there"]
        : []),
    ],
  };
}

/** direnv.net/man/direnv.1.html: every file of the `lib` folder is loaded before an `.envrc`. */
function direnv({ home, variable, flags }: Situation): ProgramSetup {
  const config = variable("XDG_CONFIG_HOME") ?? `${home}/.config`;
  const folder = variable("DIRENV_CONFIG") ?? `${config}/direnv`;
  return {
    title: "direnv",
    files: [ownFile(`${folder}/lib/gum-cred.sh`, direnvHook)],
    start: null,
    beatenBy: [],
    notes: [`then, in an .envrc: ${["use gum_cred openai", ...flags].join(" ")}`],
  };
}

function referenceFile(path: string, lines: readonly string[]): SettingsFile {
  const head = "# Made by 'gum-cred setup'. It holds no secret: gum-cred resolves the references.";
  return ownFile(path, [head, ...lines, ""].join("\n"));
}

function startWith({ gumCred, flags }: Situation, provider: string, file: string, program: string): string {
  return [gumCred, "exec", provider, ...flags, "--env-file", file, "--", program].map(quoted).join(" ");
}

/** A helper of ours: gum-cred itself, by whatever path, asked for a value. */
function runsGumCred(command: string): boolean {
  return /(?:^|[/\\])gum-cred(?:\.exe)?['"]?\s+(?:get|header)\s/.test(command.trim());
}

/** A word for /bin/sh. Throws E_INVALID_VALUE where it holds a line end. */
function quoted(word: string): string {
  if (/[\r\n]/.test(word))
    throw fail("E_INVALID_VALUE", "a path with a line end cannot be put into a setting");
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
