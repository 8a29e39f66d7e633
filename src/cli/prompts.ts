/**
 * Questions to a person, on the terminal only: drawn on stderr, so that stdout stays for values. Secrets are
 * hidden while typed. Loaded only when something is asked.
 */
import { confirm, password, select, text } from "@clack/prompts";
import { clean, cleanLines, fail } from "../core/errors.ts";
import { type Secret, secret } from "../core/secret.ts";

const output = process.stderr;
// A terminal that does not say how large it is (0, as under some pty wrappers) would wrap after every letter.
if (!output.columns) Object.defineProperties(output, { columns: { value: 80 }, rows: { value: 24 } });

/** A hidden value. Throws E_INTERRUPTED on Ctrl-C. */
export async function askSecret(message: string): Promise<Secret> {
  return secret(answered(await password({ message: clean(message), output, validate: required })).trim());
}

/** A line of text. Throws E_INTERRUPTED on Ctrl-C. */
export async function askText(message: string): Promise<string> {
  return answered(await text({ message: clean(message), output, validate: required })).trim();
}

/** One of a few choices. Throws E_INTERRUPTED on Ctrl-C. */
export async function askChoice<T extends string>(
  message: string,
  choices: readonly { readonly value: T; readonly label: string }[],
): Promise<T> {
  const options = choices.map(({ value, label }) => ({ value: value as string, label }));
  const answer = answered(await select({ message, options, output }));
  const chosen = choices.find(({ value }) => value === answer);
  if (!chosen) throw fail("E_INTERNAL", "the prompt gave an answer that was not offered");
  return chosen.value;
}

/**
 * Yes or no to what is shown first, as it is and whole; Enter alone means no. Throws E_INTERRUPTED on Ctrl-C.
 */
export async function askYesNo(shown: string, message: string): Promise<boolean> {
  output.write(`${cleanLines(shown)}\n`);
  const answer = await confirm({ message: clean(message), output, initialValue: false });
  if (typeof answer === "symbol") throw fail("E_INTERRUPTED", "interrupted; nothing was changed");
  return answer;
}

function required(value: string | undefined): string | undefined {
  return value?.trim() ? undefined : "This cannot be empty.";
}

function answered(answer: string | symbol): string {
  if (typeof answer === "symbol") throw fail("E_INTERRUPTED", "interrupted; nothing was changed");
  return answer;
}
