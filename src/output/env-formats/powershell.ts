/**
 * PowerShell, made for `gum-cred env --format powershell | Out-String | Invoke-Expression`. Windows PowerShell
 * decodes what a program prints by the console's code page, and Out-String ends lines in its own way, so a
 * statement is one line of printable ASCII and every other character is given by its number.
 * Reference: PowerShell language specification §2.3.5.2 (verbatim strings: only a quote is special, and it is
 * doubled; the curly quotes U+2018 to U+201B count as quotes too) and about_Environment_Variables.
 */
import type { Secret } from "../../core/secret.ts";
import { type EnvFormat, exactValue, unsafe } from "./format.ts";

export const powershell: EnvFormat = {
  exports: ({ set, unset }) => {
    const values = [...set].map(([name, value]) => `$env:${name} = ${quoted(oneLine(name, value))}`);
    return { stdout: lines([...unset.map(removal), ...values]) };
  },
  unset: (names) => {
    return { stdout: lines(names.map(removal)) };
  },
};

/** PowerShell reads every program's output as lines and joins them by its own line end. */
function oneLine(name: string, value: Secret): string {
  const text = exactValue(name, value);
  if (/[\r\n]/.test(text)) throw unsafe(name);
  return text;
}

/** UTF-16 code units; a string comes first, or `+` would be a sum of numbers. */
function quoted(text: string): string {
  const parts = text.match(/[ -~]+|[^ -~]/g) ?? [];
  const terms = parts.map((part) =>
    /^[ -~]/.test(part) ? `'${part.replaceAll("'", "''")}'` : `[char]${part.charCodeAt(0)}`,
  );
  return (terms[0]?.startsWith("'") ? terms : ["''", ...terms]).join(" + ");
}

/** Null removes it in every version; the empty string only before 7.5. */
function removal(name: string): string {
  return `$env:${name} = $null`;
}

/** Invoke-Expression takes no empty text. */
function lines(statements: readonly string[]): string {
  return (statements.length > 0 ? statements : ["$null"]).map((statement) => `${statement}\n`).join("");
}
