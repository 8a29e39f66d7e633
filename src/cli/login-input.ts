/**
 * From `login`'s flags to a way to obtain a credential. Flags are judged and stdin is read before the
 * keychain or the network is touched; people are asked only after the keychain was found usable.
 */
import type { NewCredential } from "../app/credential-store.ts";
import type { Obtain } from "../app/sign-in.ts";
import { parseBaseUrl } from "../core/base-url.ts";
import { fail } from "../core/errors.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import { parseWebhook } from "../core/webhook.ts";
import { readStdin } from "../os/standard-streams.ts";
import { isTerminal } from "../os/terminal.ts";
import type { Context, Input } from "./command.ts";

const STDIN_LIMIT_BYTES = 64 * 1024;
/** The redirect port that the official CLI registered (docs.gumloop.com/cli/authentication). */
const DEFAULT_CALLBACK_PORT = 8765;
const DEFAULT_TIMEOUT_S = 300;

type Way = "oauth" | "api-key" | "access-token" | "webhook";

/** Decides how to obtain the credential. Throws E_USAGE and its kin for flags that do not go together. */
export async function obtainFrom(input: Input, context: Context): Promise<Obtain> {
  const ask = canAsk(context);
  const way = chosenWay(input) ?? (ask ? await askWay() : null);
  if (way === null) {
    throw fail(
      "E_USAGE",
      "how to sign in was not said, and there is no terminal to ask on",
      "give --method oauth, --api-key - with --user-id, or --access-token -",
    );
  }
  switch (way) {
    case "api-key":
      return obtainApiKey(input, ask);
    case "access-token":
      return obtainAccessToken(input, context);
    case "webhook":
      return obtainFromWebhook(input, ask);
    case "oauth":
      return obtainByBrowser(input, context);
  }
}

function canAsk({ globals }: Context): boolean {
  return !globals.noInput && isTerminal(0) && isTerminal(2);
}

/** The way that the flags name; null when they name none. */
function chosenWay(input: Input): Way | null {
  const given: Way[] = [];
  if (input.flag("api-key") !== null) given.push("api-key");
  if (input.flag("access-token") !== null) given.push("access-token");
  if (input.flag("from-webhook") !== null) given.push("webhook");
  if (given.length > 1) throw fail("E_USAGE", `--${given.join(" and --")} do not go together`);
  const method = input.flag("method");
  const way = given[0] ?? (method === "oauth" || method === "api-key" ? method : null);
  if (given[0] && method && method !== methodOf(given[0])) {
    throw fail("E_USAGE", `--method ${method} does not go with the credential that was given`);
  }
  const browserFlag = ["callback-port", "timeout"].find((name) => input.flag(name) !== null);
  if (way && way !== "oauth" && (browserFlag || input.has("no-browser"))) {
    throw fail("E_USAGE", `--${browserFlag ?? "no-browser"} goes with --method oauth only`);
  }
  if ((way === "oauth" || way === "access-token") && input.flag("user-id") !== null) {
    throw fail("E_USAGE", "--user-id goes with an API key only");
  }
  return way;
}

function methodOf(way: Way): "oauth" | "api-key" {
  return way === "access-token" || way === "oauth" ? "oauth" : "api-key";
}

async function askWay(): Promise<Way> {
  const { askChoice } = await import("./prompts.ts");
  return askChoice("Sign in to Gumloop", [
    { value: "oauth", label: "OAuth (browser)" },
    { value: "api-key", label: "API key" },
  ]);
}

async function obtainApiKey(input: Input, ask: boolean): Promise<Obtain> {
  const value = input.flag("api-key");
  if (value === null && !ask) {
    throw fail(
      "E_USAGE",
      "there is no terminal to ask for the API key on",
      "give --api-key - and the key on stdin",
    );
  }
  const userId = input.flag("user-id");
  if (userId === null && !ask) throw missingUserId();
  const given = value === null ? null : await secretFlag("api-key", value);
  return async (baseUrl) => {
    const prompts = await import("./prompts.ts");
    const apiKey = given ?? usable(await prompts.askSecret("Gumloop API key"), "API key");
    const owner = userId ?? (await prompts.askText("Gumloop user id"));
    return { method: "api_key", apiKey, userId: usableUserId(owner), baseUrl };
  };
}

async function obtainAccessToken(input: Input, _context: Context): Promise<Obtain> {
  const accessToken = await secretFlag("access-token", input.flag("access-token") ?? "");
  const { expiryOf } = await import("../core/expiry.ts");
  const next = { method: "oauth", accessToken, refreshToken: null } as const;
  return async (baseUrl): Promise<NewCredential> => ({
    ...next,
    expiresAtMs: expiryOf(accessToken, undefined, () => ""),
    baseUrl,
  });
}

async function obtainFromWebhook(input: Input, ask: boolean): Promise<Obtain> {
  const place = input.flag("from-webhook") ?? "";
  const text = place === "-" ? await stdinText("--from-webhook") : await fileText(place);
  return async (baseUrl) => {
    const found = parseWebhook(text, parseBaseUrl(baseUrl).origin);
    const named = input.flag("user-id") ?? found.userId;
    if (named === null && !ask) throw missingUserId();
    const userId = named ?? (await (await import("./prompts.ts")).askText("Gumloop user id"));
    return {
      method: "api_key",
      apiKey: usable(found.apiKey, "API key"),
      userId: usableUserId(userId),
      baseUrl,
    };
  };
}

function obtainByBrowser(input: Input, { ports, globals }: Context): Obtain {
  const callbackPort = whole(input, "callback-port", DEFAULT_CALLBACK_PORT, 65_535);
  const timeoutMs = whole(input, "timeout", DEFAULT_TIMEOUT_S, 3_600) * 1000;
  const noBrowser = input.has("no-browser");
  return async (baseUrl) => {
    const { signInWithBrowser } = await import("../oauth/sign-in.ts");
    const tokens = await signInWithBrowser({
      baseUrl: parseBaseUrl(baseUrl),
      callbackPort,
      timeoutMs,
      openBrowser: !noBrowser,
      onUrl: async (url, opened) => {
        if (noBrowser) return ports.print(url);
        if (opened) return ports.note(`Opening the browser to sign in. If nothing happens, open:\n${url}`);
        ports.warn(`no browser could be opened; open this page to sign in:\n${url}`);
      },
      ...(noBrowser && !globals.noInput ? { pasted: Bun.stdin.stream() } : {}),
    });
    return {
      method: "oauth",
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken,
      expiresAtMs: tokens.expiresIn === null ? null : ports.now() + tokens.expiresIn * 1000,
      baseUrl,
    };
  };
}

/** A secret from a flag's value, or from stdin when the value is '-'. */
async function secretFlag(name: "api-key" | "access-token", value: string): Promise<Secret> {
  const what = name === "api-key" ? "API key" : "access token";
  const text = value === "-" ? await stdinText(`--${name}`) : value;
  return usable(secret(text.trim()), what);
}

async function stdinText(flag: string): Promise<string> {
  if (isTerminal(0)) {
    throw fail(
      "E_USAGE",
      `${flag} - reads stdin, but stdin is a terminal`,
      `pipe it in: … | gum-cred login ${flag} -`,
    );
  }
  return readStdin(STDIN_LIMIT_BYTES);
}

async function fileText(path: string): Promise<string> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw fail("E_FILE_UNREADABLE", "the file for --from-webhook does not exist");
  if (file.size > STDIN_LIMIT_BYTES) throw fail("E_MALFORMED", "the file for --from-webhook is too large");
  return file.text();
}

/** A value that a header can carry: whatever else was copied along makes it a different value. */
function usable(value: Secret, what: string): Secret {
  const text = reveal(value);
  if (text === "") throw fail("E_INVALID_VALUE", `the ${what} is empty`);
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw fail(
      "E_INVALID_VALUE",
      `the ${what} has spaces or characters that no key has`,
      "copy it again, whole and alone",
    );
  }
  return value;
}

function usableUserId(userId: string): string {
  const trimmed = userId.trim();
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw fail(
      "E_INVALID_VALUE",
      "the user id is empty or has spaces in it",
      "copy it again from the profile settings",
    );
  }
  return trimmed;
}

function missingUserId() {
  return fail("E_MISSING_USER_ID", "an API key works only with its user id", "give --user-id as well");
}

function whole(input: Input, name: string, fallback: number, most: number): number {
  const value = input.flag(name);
  if (value === null) return fallback;
  const number = /^[0-9]{1,5}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > most)
    throw fail("E_INVALID_VALUE", `--${name} takes a whole number from 1 to ${most}`);
  return number;
}
