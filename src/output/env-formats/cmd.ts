/**
 * Windows' cmd, made for `for /f "delims=" %i in ('gum-cred env --format cmd') do @call %i`. Even between
 * quotes cmd may expand `%` and `!`, double `^`, end at `"`; `call` shows its help for `/?`; text is in
 * some code page, and a line holds 8191 characters. Values with any of that are refused.
 * Reference: learn.microsoft.com/windows-server/administration/windows-commands, `for`, `call`, `set`.
 */
import type { Secret } from "../../core/secret.ts";
import { type EnvFormat, exactValue, unsafe } from "./format.ts";

const LONGEST_LINE = 8_000;

export const cmd: EnvFormat = {
  exports: ({ set, unset }) => {
    return {
      stdout: lines([...unset.map(removal), ...[...set].map(([name, value]) => setting(name, value))]),
    };
  },
  unset: (names) => {
    return { stdout: lines(names.map(removal)) };
  },
};

function setting(name: string, value: Secret): string {
  const text = exactValue(name, value);
  const line = `set "${name}=${text}"`;
  const carried = /^[ -~]+$/.test(text) && !/["%!^]|\/\?/.test(text) && line.length <= LONGEST_LINE;
  if (!carried) throw unsafe(name);
  return line;
}

function removal(name: string): string {
  return `set "${name}="`;
}

function lines(statements: readonly string[]): string {
  return statements.map((statement) => `${statement}\r\n`).join("");
}
