/**
 * One sign-in in the browser, from nothing to tokens: bind, show the address, wait for the answer, redeem the
 * code once. It stores nothing and prints nothing.
 */
import type { BaseUrl } from "../../core/base-url.ts";
import { fail, type GumCredError, hasCode } from "../../core/errors.ts";
import { startTimeLimit, type TimeLimit } from "../../os/time-limit.ts";
import { authorizationUrl, newSignInSecrets } from "./authorize.ts";
import { openBrowser } from "./browser.ts";
import { authorizationServer } from "./client.ts";
import { listen } from "./listener.ts";
import { pastedAnswers } from "./pasted.ts";
import { exchangeCode, type TokenSet } from "./token-endpoint.ts";
import { tellOfWaiting } from "./waiting.ts";

export interface SignInOptions {
  readonly baseUrl: BaseUrl;
  /** 0 takes a free port, which Gumloop's server may not accept. */
  readonly callbackPort: number;
  readonly openBrowser: boolean;
  /** Milliseconds to wait for the browser. */
  readonly timeoutMs: number;
  /** Called once the listener is bound. `opened`: a browser could be started with the address. */
  onUrl(url: string, opened: boolean): void | Promise<void>;
  /** Where a redirect address or code may be pasted: stdin. Its end ends nothing. */
  readonly pasted?: ReadableStream<Uint8Array>;
  /** Told why a pasted line did not count; fixed text. */
  onPasteIgnored?(reason: string): void;
  /** Told that nothing more can be pasted. The wait for the browser goes on. */
  onPasteEnd?(): void;
  /** Told why a callback of the browser did not count; fixed text. */
  onCallbackIgnored?(reason: string): void;
  /** Told once when the server takes long to redeem the code; fixed text. */
  onSlow?(line: string): void;
  /** Ctrl-C. */
  readonly signal?: AbortSignal;
}

/**
 * Signs in. Throws E_PORT_BUSY, E_TIMEOUT, E_INTERRUPTED, E_AUTHORIZATION_DENIED, E_REJECTED, E_SERVER, and
 * what {@link exchangeCode} throws.
 */
export async function signInWithBrowser(options: SignInOptions): Promise<TokenSet> {
  const { baseUrl, signal, pasted } = options;
  const secrets = newSignInSecrets();
  const expected = { state: secrets.state, issuer: authorizationServer(baseUrl) };
  const listener = listen(options.callbackPort, expected, options.onCallbackIgnored);
  const { redirectUri } = listener;
  const limit = startTimeLimit(options.timeoutMs, signal);
  const ended = over(limit, options.timeoutMs);
  // It may be over before anyone waits for it, which is no unhandled rejection.
  ended.catch(() => {});
  const paste =
    pasted && pastedAnswers(pasted, { ...expected, redirectUri }, options.onPasteIgnored, options.onPasteEnd);
  try {
    const url = await authorizationUrl(baseUrl, redirectUri, secrets);
    const shown = show(url, listener.entryTo(url), options);
    for (;;) {
      const pastedNext = paste?.next().then((answer) => ({ answer, pasted: true }));
      const fromBrowser = listener.answered.then((answer) => ({ answer, pasted: false }));
      const answers = [fromBrowser, ended, ...(pastedNext ? [pastedNext] : [])];
      const [{ answer, pasted: wasPasted }] = await Promise.all([Promise.race(answers), shown]);
      if (answer.kind === "failed") throw answer.error;
      try {
        const { verifier } = secrets;
        const exchange = exchangeCode(baseUrl, { code: answer.code, redirectUri, verifier }, signal);
        return await tellOfWaiting(exchange, options.onSlow ?? (() => {}));
      } catch (error) {
        // Any word may be a code: only the server knows, and a wrong one ends nothing.
        if (!wasPasted || !hasCode(error, "E_REJECTED")) throw error;
        options.onPasteIgnored?.("the server does not accept it as a code");
      }
    }
  } finally {
    limit.clear();
    paste?.close();
    await listener.close();
  }
}

async function show(url: string, entry: string, options: SignInOptions): Promise<void> {
  const opened = options.openBrowser && (await openBrowser(isRemote(process.env) ? url : entry));
  await options.onUrl(url, opened);
}

/** Whether the browser may run on another machine, from where the listener is not reached before the port is forwarded. */
function isRemote(env: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(env["SSH_CONNECTION"] || env["REMOTE_CONTAINERS"] || env["CODESPACES"] || env["container"]);
}

/** Rejects at the deadline and on an interrupt. */
async function over(limit: TimeLimit, timeoutMs: number): Promise<never> {
  const reason = await limit.stopped;
  throw reason === "interrupt" ? fail("E_INTERRUPTED", "interrupted") : late(timeoutMs);
}

function late(timeoutMs: number): GumCredError {
  return fail(
    "E_TIMEOUT",
    `no response from the browser within ${timeoutMs / 1000} s`,
    "--timeout SECONDS waits longer; without a browser on this machine add --no-browser",
  );
}
