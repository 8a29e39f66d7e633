/** Secrets and texts that a flag gives: as its value, from stdin, or from a file. Messages never quote them. */
import { isBrokerToken } from "../core/broker-token.ts";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import { isInBackground } from "../os/streams/foreground.ts";
import { isTerminal } from "../os/streams/is-terminal.ts";
import { readStdin } from "../os/streams/standard-streams.ts";
import type { Context } from "./command.ts";

const LIMIT_BYTES = 64 * 1024;

/** Whether a person can be asked: on a terminal, and not with `--no-input`. */
export function canAsk({ globals }: Context): boolean {
  return !globals.noInput && isTerminal(0) && isTerminal(2) && !isInBackground();
}

/**
 * A secret from a flag's value, or from stdin when the value is '-'. A value on the command line works, and its owner
 * is told who can see it. Throws E_INVALID_VALUE, E_USAGE.
 */
export async function givenSecret(
  flag: string,
  value: string,
  what: string,
  { ports }: Pick<Context, "ports">,
): Promise<Secret> {
  if (value !== "-") {
    ports.note(`note: other users can see the ${what} on the command line; '${flag} -' reads it from stdin`);
  }
  const text = value === "-" ? await stdinText(flag) : value;
  return usable(secret(text.trim()), what);
}

/** A key was needed and cannot be asked for. */
export function missingKey(): GumCredError {
  return fail("E_USAGE", "there is no terminal to ask for the key on", "give --key - and the key on stdin");
}

/** All of stdin. Throws E_USAGE where it is a terminal: what is typed there would be shown. */
async function stdinText(flag: string): Promise<string> {
  if (isTerminal(0)) {
    throw fail(
      "E_USAGE",
      `${flag} - reads stdin, and stdin is a terminal, which would show what is typed`,
      "pipe the value in, or leave the flag out and be asked for it without echo",
    );
  }
  return readStdin(LIMIT_BYTES);
}

/** A text, how messages name it, and whether it is a file, with no other name than the given one. */
export interface GivenText {
  readonly text: string;
  readonly source: string;
  readonly regular: boolean;
  readonly onlyName: boolean;
}

/**
 * The text of a file, pipe, device or descriptor, or of stdin where the path is '-'. A person at a terminal is told
 * what to paste (`what`), and it is read without echo. Throws E_USAGE, E_FILE_UNREADABLE, E_MALFORMED.
 */
export async function givenText(path: string, what: string, context: Context): Promise<GivenText> {
  const { descriptorOf, readInputFile } = await import("../os/files/read-input.ts");
  const descriptor = path === "-" ? 0 : descriptorOf(path);
  const source = path === "-" ? "stdin" : clean(path);
  if (descriptor !== null && isTerminal(descriptor)) {
    if (context.globals.noInput || !isTerminal(2) || descriptor > 2) {
      throw fail("E_USAGE", `${source} is a terminal, and nobody may be asked`, `pipe the ${what} in`);
    }
    const { askLines } = await import("./prompts.ts");
    const message = `Paste the ${what}, not shown; a blank line or Ctrl-D ends it.`;
    return { text: await askLines(message), source: "what was pasted", regular: false, onlyName: false };
  }
  const { bytes, ...file } = readInputFile(path === "-" ? "/dev/stdin" : path, LIMIT_BYTES, source);
  return { text: decoded(bytes, source), source, ...file };
}

/** UTF-8, or UTF-16 with a mark at its beginning. Throws E_MALFORMED. */
function decoded(bytes: Uint8Array<ArrayBuffer>, source: string): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // said below
  } finally {
    bytes.fill(0);
  }
  throw fail(
    "E_MALFORMED",
    `${source} is not UTF-8 text, nor UTF-16 with a byte order mark`,
    "save it as UTF-8 text",
  );
}

/** A value that a header can carry: whatever else was copied along makes it a different value. */
export function usable(value: Secret, what: string): Secret {
  const text = reveal(value);
  if (text === "") throw fail("E_INVALID_VALUE", `the ${what} is empty`);
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw fail(
      "E_INVALID_VALUE",
      `the ${what} has spaces or characters that no key has`,
      "copy it again, whole and alone",
    );
  }
  if (isBrokerToken(text)) {
    throw fail(
      "E_INVALID_VALUE",
      `the ${what} is the placeholder of a 'gum-cred broker', which works below that broker only`,
      "run it outside the broker, with the real one",
    );
  }
  return value;
}
