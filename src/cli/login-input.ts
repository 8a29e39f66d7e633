/**
 * From `login`'s flags to a way to obtain a credential. Without any keychain nothing is asked or read. Stdin is read
 * before the keychain's entries or the network are touched; people are asked for secrets only after the keychain
 * was found usable.
 */

import { gumloop } from "../../plugins/gumloop/index.ts";
import { requireKeychain } from "../app/keychain.ts";
import type { Obtain } from "../app/sign-in.ts";
import { parseBaseUrl } from "../core/base-url.ts";
import { fail } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import type { NewCredential } from "../gumloop/profile.ts";
import { parseWebhook } from "../gumloop/webhook.ts";
import { stdinInForeground } from "../os/streams/foreground.ts";
import { isTerminal } from "../os/streams/is-terminal.ts";
import { columnsOf } from "../os/streams/terminal.ts";
import { wrappedProse } from "../output/wrap.ts";
import type { Context } from "./command.ts";
import type { LoginFlags } from "./login-flags.ts";
import { canAsk, givenSecret, givenText, usable } from "./secret-input.ts";

/** The redirect port that the official CLI registered (docs.gumloop.com/cli/authentication). */
const DEFAULT_CALLBACK_PORT = 8765;
const DEFAULT_TIMEOUT_S = 300;

const USER_ID_PLACE = "It is shown at https://www.gumloop.com/settings/profile/general";

type Way = "oauth" | "api-key" | "access-token" | "webhook";

/**
 * Decides how to obtain the credential. Throws E_USAGE and its kin for flags that do not go together, and
 * E_KEYCHAIN_UNAVAILABLE where there is no keychain to sign in to.
 */
export async function obtainFrom(flags: LoginFlags, context: Context): Promise<Obtain> {
  const ask = canAsk(context);
  const chosen = chosenWay(flags);
  checkValues(flags);
  await requireKeychain(context.ports);
  const way = chosen ?? (ask ? await askWay() : null);
  if (way === null) {
    throw fail(
      "E_USAGE",
      "how to sign in was not said, and there is no terminal to ask on",
      "give --method oauth, --api-key - with --user-id, or --access-token -",
    );
  }
  switch (way) {
    case "api-key":
      return obtainApiKey(flags, ask, context);
    case "access-token":
      return obtainAccessToken(flags, context);
    case "webhook":
      return obtainFromWebhook(flags, ask, context);
    case "oauth":
      return obtainByBrowser(flags, context);
  }
}

/** The way that the flags name; null when they name none. */
function chosenWay(flags: LoginFlags): Way | null {
  const given: Way[] = [];
  if (flags["api-key"] !== null) given.push("api-key");
  if (flags["access-token"] !== null) given.push("access-token");
  if (flags["from-webhook"] !== null) given.push("webhook");
  if (given.length > 1) {
    const names = given.map((way) => (way === "webhook" ? "--from-webhook" : `--${way}`));
    throw fail("E_USAGE", `${names.join(" and ")} do not go together`);
  }
  const asked = flags.method;
  const method = asked === "api_key" ? "api-key" : asked; // as the official client spells it
  const named = method === "oauth" || method === "api-key" ? method : null;
  const way = given[0] ?? named ?? (flags["no-browser"] ? "oauth" : null);
  if (given[0] && method && method !== methodOf(given[0])) {
    throw fail("E_USAGE", `--method ${method} does not go with the credential that was given`);
  }
  const browserFlag = (["callback-port", "timeout"] as const).find((name) => flags[name] !== null);
  if (way && way !== "oauth" && (browserFlag || flags["no-browser"])) {
    throw fail("E_USAGE", `--${browserFlag ?? "no-browser"} goes with --method oauth only`);
  }
  if ((way === "oauth" || way === "access-token") && flags["user-id"] !== null) {
    throw fail("E_USAGE", "--user-id goes with an API key only");
  }
  return way;
}

/** Values of flags are checked before anything is asked. */
function checkValues(flags: LoginFlags): void {
  whole(flags, "callback-port", DEFAULT_CALLBACK_PORT, 65_535);
  whole(flags, "timeout", DEFAULT_TIMEOUT_S, 3_600);
  const userId = flags["user-id"];
  if (userId !== null) usableUserId(userId);
}

function methodOf(way: Way): "oauth" | "api-key" {
  return way === "access-token" || way === "oauth" ? "oauth" : "api-key";
}

async function askWay(): Promise<Way> {
  const { askChoice } = await import("./prompts.ts");
  return askChoice("Sign in to Gumloop", [
    { value: "oauth", label: "OAuth (browser)" },
    { value: "api-key", label: "API key" },
    { value: "webhook", label: "Webhook snippet (has the API key and the user id in it)" },
  ]);
}

async function obtainApiKey(flags: LoginFlags, ask: boolean, context: Context): Promise<Obtain> {
  const value = flags["api-key"];
  if (value === null && !ask) {
    throw fail(
      "E_USAGE",
      "there is no terminal to ask for the API key on",
      "give --api-key - with --user-id, and the key on stdin",
    );
  }
  const userId = flags["user-id"];
  if (userId === null && !ask) throw missingUserId();
  const given = value === null ? null : await secretFlag("api-key", value, context);
  return async (baseUrl) => {
    const prompts = await import("./prompts.ts");
    const apiKey =
      given ??
      usable(
        await prompts.askSecret("Gumloop API key", `Keys are created at ${gumloop.setupUrl}`),
        "API key",
      );
    const owner = userId ?? (await prompts.askText("Gumloop user id", USER_ID_PLACE));
    return { method: "api_key", apiKey, userId: usableUserId(owner), baseUrl };
  };
}

async function obtainAccessToken(flags: LoginFlags, context: Context): Promise<Obtain> {
  const accessToken = await secretFlag("access-token", flags["access-token"] ?? "", context);
  const { expiryOf } = await import("../gumloop/expiry.ts");
  const next = { method: "oauth", accessToken, refreshToken: null } as const;
  return async (baseUrl): Promise<NewCredential> => ({
    ...next,
    expiresAtMs: expiryOf(accessToken, undefined, () => ""),
    baseUrl,
  });
}

async function obtainFromWebhook(flags: LoginFlags, ask: boolean, context: Context): Promise<Obtain> {
  const place = flags["from-webhook"] ?? "-";
  const read = () => givenText(place, "webhook URL or snippet", context);
  // A person is asked only when the keychain was found usable.
  const given = place === "-" && ask ? null : await read();
  return async (baseUrl) => {
    const { text } = given ?? (await read());
    const found = parseWebhook(text, parseBaseUrl(baseUrl).origin);
    const named = flags["user-id"] ?? found.userId;
    if (named === null && !ask) throw missingUserId();
    const userId = named ?? (await (await import("./prompts.ts")).askText("Gumloop user id", USER_ID_PLACE));
    return {
      method: "api_key",
      apiKey: usable(found.apiKey, "API key"),
      userId: usableUserId(userId),
      baseUrl,
    };
  };
}

function obtainByBrowser(flags: LoginFlags, context: Context): Obtain {
  const callbackPort = whole(flags, "callback-port", DEFAULT_CALLBACK_PORT, 65_535);
  const timeoutMs = whole(flags, "timeout", DEFAULT_TIMEOUT_S, 3_600) * 1000;
  const openBrowser = !flags["no-browser"];
  // Without a browser here, what is pasted may come through a pipe; otherwise stdin is no business of ours.
  const mayPaste = openBrowser ? canAsk(context) : !context.globals.noInput;
  return async (baseUrl) => {
    const { signInWithBrowser } = await import("../gumloop/oauth/sign-in.ts");
    const tokens = await untilInterrupted((signal, interrupt) =>
      signInWithBrowser({
        baseUrl: parseBaseUrl(baseUrl),
        callbackPort,
        timeoutMs,
        openBrowser,
        signal,
        onUrl: (url, opened) => tellUrl(url, opened, openBrowser, context),
        onSlow: (line) => context.ports.note(line),
        onCallbackIgnored: (reason) =>
          context.ports.warn(`the browser brought an answer that does not count: ${reason}; still waiting`),
        onPasteIgnored: (reason) => context.ports.warn(`what was pasted does not count: ${reason}`),
        // On a terminal it is Ctrl-D; a pipe that ends says nothing about the browser.
        ...(isTerminal(0) ? { onPasteEnd: interrupt } : {}),
        ...(mayPaste ? { pasted: stdinInForeground() } : {}),
      }),
    );
    return {
      method: "oauth",
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken,
      expiresAtMs: tokens.expiresIn === null ? null : context.ports.now() + tokens.expiresIn * 1000,
      baseUrl,
    };
  };
}

async function tellUrl(url: string, opened: boolean, wanted: boolean, context: Context): Promise<void> {
  const { ports } = context;
  const note = (text: string) => ports.note(isTerminal(2) ? wrappedProse(text, columnsOf(2)) : text);
  if (!wanted) {
    note("Open this address to sign in:");
    await ports.print(url);
  } else if (opened) note(`Opening the browser to sign in. If nothing happens, open:\n${url}`);
  else ports.warn(`no browser could be opened; open this page to sign in:\n${url}`);
  if (opened || !canAsk(context)) return;
  note("If that browser is on another machine, paste the address that it ends on here.");
}

/** Ctrl-C during the wait ends it in order: the listener is closed, nothing is stored, the exit code is 130. */
async function untilInterrupted<T>(
  wait: (signal: AbortSignal, interrupt: () => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  process.once("SIGINT", interrupt);
  try {
    return await wait(controller.signal, interrupt);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function secretFlag(
  name: "api-key" | "access-token",
  value: string,
  context: Context,
): Promise<Secret> {
  return givenSecret(`--${name}`, value, name === "api-key" ? "API key" : "access token", context);
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

function whole(flags: LoginFlags, name: "callback-port" | "timeout", fallback: number, most: number): number {
  const value = flags[name];
  if (value === null) return fallback;
  const number = /^[0-9]{1,5}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > most)
    throw fail("E_INVALID_VALUE", `--${name} takes a whole number from 1 to ${most}`);
  return number;
}
