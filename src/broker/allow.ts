/** Rules of methods and paths: `POST /v1/messages`, `GET /v1/models*`, `/v1/*` for any method. Pure. */
import { clean, fail } from "../core/errors.ts";
import { shownWord } from "../core/shown-path.ts";

export interface AllowRule {
  /** Upper case; null for any. */
  readonly method: string | null;
  matches(path: string): boolean;
}

/** Throws E_INVALID_VALUE for what is no rule. `*` stands for any text, slashes too. */
export function parseAllow(text: string): AllowRule {
  const [, method, pattern] = /^\s*(?:([A-Za-z]+|\*)\s+)?(\/\S*)\s*$/.exec(text) ?? [];
  if (pattern === undefined) {
    throw fail(
      "E_INVALID_VALUE",
      `'${text.includes("/") ? clean(text, 80) : shownWord(text)}' is not a rule for requests`,
      "write a method and a path, such as 'POST /v1/messages' or 'GET /v1/models*'",
    );
  }
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`, "s");
  return {
    method: method === undefined || method === "*" ? null : method.toUpperCase(),
    matches: (path) => expression.test(path),
  };
}

/** An encoded slash, backslash or dot could mean another path to the server than to us. */
const AMBIGUOUS = /%(?:2f|5c|2e)/i;

/** Whether one of the rules lets a request through. The path is tried as the client wrote it and as it goes out. */
export function isAllowed(rules: readonly AllowRule[], method: string, paths: readonly string[]): boolean {
  if (paths.some((path) => AMBIGUOUS.test(path))) return false;
  return rules.some(
    (rule) => (rule.method === null || rule.method === method) && paths.some((path) => rule.matches(path)),
  );
}
