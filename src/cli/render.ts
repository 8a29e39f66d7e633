/** How outputs and errors look, for people and for programs. Returns text; printing is main.ts's. */
import type { GumCredError } from "../core/errors.ts";
import type { Output } from "./command.ts";

/** What stdout gets. */
export function renderOutput(output: Output, json: boolean): string {
  if (output.kind === "raw") return output.text;
  return json ? `${JSON.stringify(output.data)}\n` : withNewline(output.human);
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
    return `${JSON.stringify({ error: { code, message, hint, exit_code: exitCode } })}\n`;
  }
  const label = color ? `\u001b[31merror[${error.code}]\u001b[0m` : `error[${error.code}]`;
  const hint = error.hint ? `hint: ${error.hint}\n` : "";
  return `gum-cred: ${label}: ${error.message}\n${hint}`;
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
