/**
 * How outputs and errors look, for people and for programs. Returns text; printing is main.ts's. Names in it may come
 * from keychain entries, files, policies and plugins: whatever steers a terminal is taken out here, for every command.
 */
import { cleanLines, type GumCredError, safeJson } from "../core/errors.ts";
import { isTerminal } from "../os/streams/is-terminal.ts";
import { columnsOf } from "../os/streams/terminal.ts";
import { coloured } from "../output/style.ts";
import { wrappedProse } from "../output/wrap.ts";
import type { Output } from "./command.ts";
import { advice } from "./hints.ts";

/** What stdout gets. */
export function renderOutput(output: Output, json: boolean): string {
  if (output.kind === "raw") return output.text;
  if (json) return `${safeJson(output.data)}\n`;
  const human = coloured(cleanLines(output.exact ? output.human : advice().output(output.human)));
  // A terminal would break words; files and pipes get the lines as they are.
  const wraps = !output.exact && isTerminal(1);
  return withNewline(wraps ? wrappedProse(human, columnsOf(1)) : human);
}

/** What stderr gets (contract: `gum-cred: error[CODE]: message` and `hint: …`, or one JSON object). */
export function renderError(
  error: Pick<GumCredError, "code" | "message" | "hint">,
  exitCode: number,
  json: boolean,
  color: boolean,
): string {
  if (json) {
    const { code, message, hint } = error;
    return `${safeJson({ error: { code, message, hint, exit_code: exitCode } })}\n`;
  }
  const label = color ? `\u001b[31merror[${error.code}]\u001b[0m` : `error[${error.code}]`;
  const hint = error.hint ? `hint: ${cleanLines(error.hint)}\n` : "";
  return `gum-cred: ${label}: ${cleanLines(error.message)}\n${hint}`;
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
