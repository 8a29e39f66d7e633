/**
 * Gemini CLI (@google/gemini-cli 0.61.0, tried): takes GEMINI_API_KEY and GOOGLE_GEMINI_BASE_URL, but only where the
 * chosen way to sign in is `gemini-api-key`. Settings of the system beat those of the project and the user, and
 * GEMINI_CLI_SYSTEM_SETTINGS_PATH names their file. A variable that is set, even to nothing, beats a .env file.
 * Source: github.com/google-gemini/gemini-cli packages/cli/src/config/settings.ts.
 */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { isSafe } from "../../os/files/private-folder.ts";
import type { Agent, AgentContext } from "./agent.ts";

const SYSTEM_SETTINGS: Readonly<Record<string, string>> = {
  linux: "/etc/gemini-cli/settings.json",
  darwin: "/Library/Application Support/GeminiCli/settings.json",
};
const PATH_VARIABLE = "GEMINI_CLI_SYSTEM_SETTINGS_PATH";
const PINNED_EMPTY = [
  "GOOGLE_API_KEY",
  "GOOGLE_GENAI_USE_VERTEXAI",
  "GOOGLE_GENAI_USE_GCA",
  "GOOGLE_VERTEX_BASE_URL",
  "GOOGLE_CLOUD_ACCESS_TOKEN",
  "CODE_ASSIST_ENDPOINT",
];

export const gemini: Agent = {
  names: ["gemini"],
  wire: (context) => {
    const { args, routes, origin, placeholder } = context;
    if (!routes.has("google")) return { args, set: {} };
    const file = `${context.folder()}/gemini-settings.json`;
    writeFileSync(file, JSON.stringify(withKeySignIn(systemSettings(context))), { mode: 0o600 });
    return {
      args,
      set: {
        ...Object.fromEntries(PINNED_EMPTY.map((name) => [name, ""])),
        GEMINI_API_KEY: placeholder,
        GOOGLE_GEMINI_BASE_URL: `${origin}/google`,
        ...(isSafe(context.folder()) ? { [PATH_VARIABLE]: file } : { GEMINI_CLI_HOME: overlay(context) }),
      },
    };
  },
};

/**
 * Gemini CLI takes no system settings from below a folder that others can write to, such as /tmp. There it gets a
 * home of its own: the user's files as links, and settings with the way to sign in changed.
 */
function overlay({ environment, folder }: AgentContext): string {
  const home = environment.get("GEMINI_CLI_HOME") || environment.get("HOME") || "/";
  const own = `${folder()}/gemini-home`;
  mkdirSync(`${own}/.gemini`, { recursive: true, mode: 0o700 });
  for (const name of entriesOf(`${home}/.gemini`)) {
    if (name !== "settings.json") symlinkSync(`${home}/.gemini/${name}`, `${own}/.gemini/${name}`);
  }
  const settings = withKeySignIn(readJson(`${home}/.gemini/settings.json`));
  writeFileSync(`${own}/.gemini/settings.json`, JSON.stringify(settings), { mode: 0o600 });
  return own;
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

type Json = Readonly<Record<string, unknown>>;

function withKeySignIn(settings: Json): Json {
  const security = object(settings["security"]);
  const auth = {
    ...object(security["auth"]),
    selectedType: "gemini-api-key",
    enforcedType: "gemini-api-key",
  };
  return { ...settings, security: { ...security, auth } };
}

/** The system's own, which ours stands in for. Comments are allowed there; such a file is left to its owner. */
function systemSettings({ environment }: AgentContext): Json {
  const path = environment.get(PATH_VARIABLE) || SYSTEM_SETTINGS[process.platform];
  return path ? readJson(path) : {};
}

function readJson(path: string): Json {
  try {
    return object(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {};
  }
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
