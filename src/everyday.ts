/**
 * The answer to the lines that run in every shell start and in front of every command, where an environment credential
 * is all there is to look at: `env`, `env gumloop`, `exec -- CMD` and `exec gumloop -- CMD`. Anything unusual is declined,
 * and the whole program answers. It has no rule of its own: test/e2e/everyday.test.ts compares the two. Pure.
 */
import { DEFAULT_HREF } from "./core/default-base-url.ts";
import type { RawEnvironment } from "./core/environment.ts";
import { isPlain, POSIX_GUARD } from "./output/env-formats/plain.ts";

/** What is exported, and what would shadow it. */
export interface Everyday {
  readonly unset: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
}

const TOKEN = "GUMLOOP_ACCESS_TOKEN";
const KEY = "GUMLOOP_API_KEY";
const USER = "GUMLOOP_USER_ID";

/** The policy and administrators' plugins on Linux; where it exists the whole program looks into it. */
const SYSTEM_FOLDER = "/etc/gum-cred";

/** What is asked about files, as seldom as may be. */
export interface Files {
  /** Follows links; false as well for what is in a folder that cannot be entered. */
  isThere(path: string): boolean;
  /** Whether an entry's name in a folder begins so; links are entries too. Throws where the folder cannot be listed. */
  hasEntry(folder: string, beginning: string): boolean;
}

/** The variables for `env` and `exec`; null to decline. `argv` is without the program. */
export function everydayExports(argv: readonly string[], env: RawEnvironment, files: Files): Everyday | null {
  if (!isEveryday(argv)) return null;
  // Before anything else is looked at: without a credential the keychain is next, which should begin soon.
  const answer = exportsOf(env[TOKEN] ?? "", env[KEY] ?? "", env[USER] ?? "");
  if (answer === null) return null;
  const named = argv[1] === "gumloop";
  for (const name in env) {
    if (name.startsWith("GUM_CRED_")) return null;
    if (name === TOKEN || name === KEY || name === USER) continue;
    if (name.startsWith("GUMLOOP_") || (!named && mayHoldKey(name))) return null;
  }
  const own = ownFolder(env);
  if (files.isThere(SYSTEM_FOLDER) || (own !== null && maySet(own, named, files))) return null;
  if (!named && (own === null || hasBus(env, files))) return null;
  return answer;
}

/**
 * What a keychain may be asked ahead: whether it is locked, the default profile's session and its API key, and what is
 * stored for vendors. scripts/build/first-calls.ts has the calls.
 */
export type EverydayQuestion = "locked" | "session" | "key" | "vendors";

export interface EverydayQuestions {
  readonly ask: readonly EverydayQuestion[];
  /** Whether the session, where there is one and nothing of vendors', is all that counts: everyday-stored.ts reads it. */
  readonly isSession: boolean;
}

/**
 * What an everyday line will look for in the keychain of a Linux desktop, so that it may be asked before the program is
 * loaded. In doubt null.
 */
export function everydayQuestions(
  argv: readonly string[],
  env: RawEnvironment,
  files: Files,
): EverydayQuestions | null {
  if (!isEveryday(argv)) return null;
  const named = argv[1] === "gumloop";
  let isGiven = false;
  let isUsual = true;
  for (const name in env) {
    if (name.startsWith("GUM_CRED_")) return null;
    isGiven ||= name.startsWith(TOKEN) || name.startsWith(KEY);
    if (name.startsWith("GUMLOOP_") || (!named && mayHoldKey(name))) isUsual = false;
  }
  if ((isGiven && named) || !hasBus(env, files) || files.isThere(SYSTEM_FOLDER)) return null;
  const own = ownFolder(env);
  const isSession = isUsual && own !== null && !maySet(own, named, files);
  const ask: EverydayQuestion[] = ["locked"];
  if (!isGiven) ask.push("session");
  if (!isGiven && !isSession) ask.push("key");
  if (!named) ask.push("vendors");
  return { ask, isSession };
}

/** `env`, `env gumloop`, `exec -- CMD` and `exec gumloop -- CMD`. */
function isEveryday(argv: readonly string[]): boolean {
  const end = argv[1] === "gumloop" ? 2 : 1;
  if (argv[0] === "env") return argv.length === end;
  return argv[0] === "exec" && argv[end] === "--" && Boolean(argv[end + 1]);
}

/** The statement that `env` prints. */
export function everydayLine({ unset, set }: Everyday): string {
  let line = `${POSIX_GUARD}unset ${unset.join(" ")}`;
  for (const [name, value] of set) line += ` && export ${name}='${value}'`;
  return `${line};\n`;
}

function exportsOf(token: string, key: string, user: string): Everyday | null {
  const baseUrl = ["GUMLOOP_BASE_URL", DEFAULT_HREF] as const;
  if (token !== "") return isPlain(token) ? { unset: [KEY, USER], set: [[TOKEN, token], baseUrl] } : null;
  if (!isPlain(key) || !isPlain(user)) return null;
  return {
    unset: [TOKEN],
    set: [[KEY, key], [USER, user], baseUrl],
  };
}

/** Wider than any vendor's names, because a doubt costs a millisecond and nothing else. */
function mayHoldKey(name: string): boolean {
  return name.includes("KEY") || name.includes("TOKEN");
}

function hasBus(env: RawEnvironment, { isThere }: Files): boolean {
  if (env["DBUS_SESSION_BUS_ADDRESS"]) return true;
  const runtime = env["XDG_RUNTIME_DIR"];
  return Boolean(runtime) && isThere(`${runtime}/bus`);
}

/**
 * Whether the folder of settings may have something to say: for Gumloop alone a choice of the default profile, for all
 * providers plugins too. A folder that cannot be entered is not there for {@link Files.isThere} either, and the whole
 * program warns of it.
 */
function maySet(own: string, named: boolean, { isThere, hasEntry }: Files): boolean {
  if (isThere(own)) return !named || hasEntry(own, "config.");
  let above = own;
  do above = above.slice(0, Math.max(0, above.lastIndexOf("/")));
  while (above !== "" && !isThere(above));
  return !isThere(`${above}/.`);
}

/** Where installed plugins are, and which profile is the default; null where nobody can tell. */
function ownFolder({ XDG_CONFIG_HOME: config, HOME: home }: RawEnvironment): string | null {
  // A relative path counts nowhere: it would mean the current directory.
  if (config?.startsWith("/")) return `${config}/gum-cred`;
  return home?.startsWith("/") ? `${home}/.config/gum-cred` : null;
}
