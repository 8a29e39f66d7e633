/** Secrets and texts that a flag gives: as its value, from stdin, or from a file. Messages never quote them. */
import { fail, type GumCredError } from "../core/errors.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import { isInBackground } from "../os/streams/foreground.ts";
import { readStdin } from "../os/streams/standard-streams.ts";
import { isTerminal } from "../os/streams/terminal.ts";
import type { Context } from "./command.ts";

const LIMIT_BYTES = 64 * 1024;

/** Whether a person can be asked: on a terminal, and not with `--no-input`. */
export function canAsk({ globals }: Context): boolean {
  return !globals.noInput && isTerminal(0) && isTerminal(2) && !isInBackground();
}

/** A secret from a flag's value, or from stdin when the value is '-'. Throws E_INVALID_VALUE, E_USAGE. */
export async function givenSecret(flag: string, value: string, what: string): Promise<Secret> {
  const text = value === "-" ? await stdinText(flag) : value;
  return usable(secret(text.trim()), what);
}

/** A key was needed and cannot be asked for. */
export function missingKey(): GumCredError {
  return fail("E_USAGE", "there is no terminal to ask for the key on", "give --key - and the key on stdin");
}

/** All of stdin. Throws E_USAGE where it is a terminal: nobody would know that something is awaited. */
export async function stdinText(flag: string): Promise<string> {
  if (isTerminal(0)) {
    throw fail("E_USAGE", `${flag} - reads stdin, but stdin is a terminal`, "pipe the value in");
  }
  return readStdin(LIMIT_BYTES);
}

/** A small text file. Throws E_FILE_UNREADABLE, E_MALFORMED. */
export async function fileText(path: string, flag: string): Promise<string> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw fail("E_FILE_UNREADABLE", `the file for ${flag} does not exist`);
  if (file.size > LIMIT_BYTES) throw fail("E_MALFORMED", `the file for ${flag} is too large`);
  return file.text();
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
  return value;
}
