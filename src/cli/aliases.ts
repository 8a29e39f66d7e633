/**
 * Words that people type out of habit from other programs, and what they mean here. Pure. A command of ours always
 * comes first; help and completions show the real names only.
 */

import type { Command } from "./command.ts";
import type { Split } from "./split-line.ts";

const WORDS: Readonly<Record<string, readonly string[]>> = {
  whoami: ["status"],
  ls: ["keys", "list"],
  list: ["keys", "list"],
  run: ["exec"],
  version: ["--version"],
  "auth login": ["login"],
  "auth refresh": ["refresh"],
  "auth list": ["profiles"],
  "auth switch": ["profiles", "use"],
  "auth logout": ["logout"],
  "auth status": ["status"],
  "auth token": ["get", "gumloop"],
  "keys ls": ["keys", "list"],
  "keys help": ["keys", "--help"],
  "policy help": ["policy", "--help"],
  "plugins help": ["plugins", "--help"],
  "profiles help": ["profiles", "--help"],
  "keychain help": ["keychain", "--help"],
  "help help": ["--help"],
  "profiles ls": ["profiles", "list"],
  "plugins ls": ["plugins", "list"],
  "plugins rm": ["plugins", "remove"],
  "keys add": ["keys", "set"],
  "keys rm": ["keys", "remove"],
  "keys delete": ["keys", "remove"],
};

/** What a shell's name means for `--format`. */
const FORMATS: Readonly<Record<string, string>> = {
  bash: "posix",
  zsh: "posix",
  sh: "posix",
  dash: "posix",
  ksh: "posix",
  pwsh: "powershell",
  nu: "nushell",
};

/** The command line with such a word replaced; `takesValue` tells a flag whose value is the next word. */
export function withoutAliases(
  argv: readonly string[],
  takesValue: (word: string) => boolean,
): readonly string[] {
  const at = positional(argv, 0, takesValue);
  if (at === null) return argv;
  const next = positional(argv, at + 1, takesValue);
  const one = argv[at] ?? "";
  const two = next === null ? null : WORDS[`${one} ${argv[next]}`];
  if (next !== null && two !== undefined && two !== null) {
    return [...argv.slice(0, at), ...two, ...argv.slice(at + 1, next), ...argv.slice(next + 1)];
  }
  const single = Object.hasOwn(WORDS, one) ? WORDS[one] : undefined;
  return single ? [...argv.slice(0, at), ...single, ...argv.slice(at + 1)] : argv;
}

function positional(
  argv: readonly string[],
  from: number,
  takesValue: (word: string) => boolean,
): number | null {
  for (let at = from; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--") return null;
    if (takesValue(word)) at++;
    else if (!word.startsWith("-")) return at;
  }
  return null;
}

/** The format that a shell's name means, where it is one of `choices`; else the value as it is. */
function formatMeant(value: string, choices: readonly string[]): string {
  const meant = Object.hasOwn(FORMATS, value) ? FORMATS[value] : undefined;
  return meant !== undefined && !choices.includes(value) && choices.includes(meant) ? meant : value;
}

/** Whether a word is what `help` explains beside commands; help-topics.ts has the texts. */
export function isTopic(word: string): boolean {
  return word === "environment" || word === "exit-codes" || word === "plugins";
}

/** The line with the format that a shell's name means. */
export function withFormatMeant(command: Command | null, split: Split): Split {
  const value = split.flags.get("format");
  if (value === undefined) return split;
  const choices = command?.flags.find(({ name }) => name === "format")?.choices;
  if (typeof value !== "string" || !choices || choices.includes(value)) return split;
  return { ...split, flags: new Map([...split.flags, ["format", formatMeant(value, choices)]]) };
}
