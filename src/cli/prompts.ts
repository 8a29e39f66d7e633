/**
 * Questions to a person, on the terminal only: written to stderr as plain lines, so that stdout stays for values and
 * every terminal can show them. Secrets are not shown while typed. Ctrl-C and Ctrl-D are the same: E_INTERRUPTED,
 * nothing changed. Loaded only when something is asked.
 */
import { clean, cleanLines, fail } from "../core/errors.ts";
import { type Secret, secret } from "../core/secret.ts";
import { writeErr } from "../os/streams/standard-streams.ts";
import { columnsOf } from "../os/streams/terminal.ts";
import { interrupted, type Typing, withTyping } from "../os/streams/terminal-input.ts";
import { stderrStyle } from "../output/style.ts";
import { wrappedProse } from "../output/wrap.ts";

/** How long the rest of a paste may take to arrive, in milliseconds. */
const PASTE_GAP_MS = 60;
const LONGEST = 64 * 1024;
const EMPTY = "This cannot be empty.";

/** A hidden value. `about` is shown first, on a line of its own. */
export async function askSecret(message: string, about?: string): Promise<Secret> {
  if (about) say(about);
  return withTyping(async (typing) => {
    for (;;) {
      const typed = (await hiddenLine(typing, asked(`${question(message)} (hidden):`))).trim();
      if (typed !== "") return secret(typed);
      say(EMPTY);
    }
  });
}

/** A password, hidden and exactly as typed. `about` is shown first, on a line of its own. */
export async function askPassword(message: string, about?: string): Promise<Secret> {
  if (about) say(about);
  return withTyping(async (typing) =>
    secret(await hiddenLine(typing, asked(`${question(message)} (hidden):`))),
  );
}

/** A line of text. `about` is shown first, on a line of its own. */
export async function askText(message: string, about?: string): Promise<string> {
  if (about) say(about);
  return withTyping(async (typing) => {
    for (;;) {
      const typed = (await shownLine(typing, asked(`${question(message)}:`))).trim();
      if (typed !== "") return typed;
      say(EMPTY);
    }
  });
}

/** One of a few choices, by its number or by the arrow keys; Enter alone is the first. */
export async function askChoice<T extends string>(
  message: string,
  choices: readonly { readonly value: T; readonly label: string }[],
): Promise<T> {
  say(question(message));
  for (const [index, { label }] of choices.entries()) say(`  ${index + 1}) ${label}`);
  return withTyping(async (typing) => {
    for (;;) {
      const typed = await shownLine(typing, `Number [1]: `, choices.length);
      const chosen =
        choices[Number(typed.trim() || "1") - 1] ?? choices.find(({ value }) => value === typed.trim());
      if (chosen) return chosen.value;
      say(`Type a number from 1 to ${choices.length}.`);
    }
  });
}

/** Yes or no to what is shown first, as it is and whole; Enter alone means no. */
export async function askYesNo(shown: string, message: string): Promise<boolean> {
  if (shown !== "") say(cleanLines(shown));
  return withTyping(async (typing) => {
    for (;;) {
      const typed = (await shownLine(typing, asked(`${question(message)} [y/N]:`))).trim();
      if (/^(?:n|no)?$/i.test(typed)) return false;
      if (/^(?:y|yes)$/i.test(typed)) return true;
      say("Type y or n.");
    }
  });
}

/**
 * Several lines, not shown, until a blank line or Ctrl-D. A blank line with more of the same paste behind it is part
 * of the text: files and programs have such lines. Throws E_INTERRUPTED on Ctrl-C, and on Ctrl-D with nothing typed.
 */
export async function askLines(message: string): Promise<string> {
  return withTyping(async (typing) => {
    const again = (): void => say(question(message));
    again();
    const lines: string[] = [];
    let written = false;
    for (let length = 0; length <= LONGEST; ) {
      const { text, end } = await readLine(typing, () => {}, again);
      lines.push(text);
      length += text.length + 1;
      written ||= text.trim() !== "";
      if (end === "interrupt" || (end === "eof" && !written)) throw interrupted();
      const blank = text.trim() === "" && written;
      if (end === "eof" || (blank && !(await typing.more(PASTE_GAP_MS)))) return lines.join("\n");
    }
    throw fail("E_INVALID_VALUE", `what was pasted is larger than ${LONGEST / 1024} KiB`);
  });
}

interface Line {
  readonly text: string;
  readonly end: "enter" | "interrupt" | "eof";
}

/**
 * Reads up to Enter, Ctrl-C or Ctrl-D; `show` is told the line after every change, `again` that the shell has written
 * where the question stood.
 */
async function readLine(
  typing: Typing,
  show: (text: string) => void,
  again: (text: string) => void,
  choices = 0,
): Promise<Line> {
  let text = "";
  for (;;) {
    const key = await typing.next();
    switch (key.kind) {
      case "text":
        if (text.length <= LONGEST) text += key.text;
        break;
      case "backspace":
        text = [...text].slice(0, -1).join("");
        break;
      case "clear":
        text = "";
        break;
      case "resumed":
        again(text);
        continue;
      case "word":
        text = text.replace(/\S*\s*$/, "");
        break;
      case "up":
      case "down":
        if (choices > 0) text = moved(text, key.kind === "up" ? -1 : 1, choices);
        break;
      default:
        return { text, end: key.kind };
    }
    show(text);
  }
}

/** The number before or after the one that is typed, from 1 to `choices` and round again. */
function moved(text: string, step: number, choices: number): string {
  const now = Number(text.trim() || "1");
  return String((((((Number.isInteger(now) ? now : 1) - 1 + step) % choices) + choices) % choices) + 1);
}

/** A line that is shown as it is typed. Throws E_INTERRUPTED. */
async function shownLine(typing: Typing, prompt: string, choices = 0): Promise<string> {
  writeErr(prompt);
  let shown = "";
  const { text, end } = await readLine(
    typing,
    (now) => {
      const kept = commonStart(shown, now);
      const gone = columns(shown.slice(kept.length));
      writeErr("\b \b".repeat(gone) + now.slice(kept.length));
      shown = now;
    },
    (now) => writeErr(prompt + now),
    choices,
  );
  writeErr("\n");
  if (end !== "enter") throw interrupted();
  return text;
}

/** A line that is not shown. Throws E_INTERRUPTED. */
async function hiddenLine(typing: Typing, prompt: string): Promise<string> {
  const again = (): void => writeErr(prompt);
  again();
  const { text, end } = await readLine(typing, () => {}, again);
  writeErr("\n");
  if (end !== "enter") throw interrupted();
  return text;
}

function commonStart(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one.charAt(at) === other.charAt(at)) at++;
  return one.slice(0, at);
}

const columns = (text: string): number => Bun.stringWidth(text);

/** Lines that fit the terminal. */
function say(text: string): void {
  writeErr(`${wrappedProse(text, columnsOf(2))}\n`);
}

/** A question behind whose last line the answer is typed. */
function asked(text: string): string {
  return `${wrappedProse(text, columnsOf(2) - 1)} `;
}

function question(message: string): string {
  return stderrStyle().heading(clean(message));
}
