/**
 * Splits a command line into words and flags, as GNU's getopt_long does: flags anywhere, `--name value` or
 * `--name=value`, letters that may stand together. Knows no commands; what to say of an unknown flag is the
 * reader's (line.ts). Our own, without regular expressions, because every start pays for it
 * (docs/adr/0002-argument-parser.md). Never quotes a value: it may be a secret.
 */
import { fail, type GumCredError } from "../core/errors.ts";
import type { FlagSpec } from "./command.ts";

export interface Split {
  /** Arguments; with `stopAtPositional` all that follows the first one as well. */
  readonly words: readonly string[];
  /** The first flag that nobody declared, as it was typed, so maybe with a value; null without one. */
  readonly unknown: string | null;
  /** Given flags by name: true for a switch, the last text for one that takes a value. */
  readonly flags: ReadonlyMap<string, string | true>;
  /** Every text of the flags that take one, by name. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
  /** The first E_USAGE: a flag without its value, or a switch with one. */
  readonly problem: GumCredError | null;
}

/** A lone `-` is an argument: it means standard input. */
export function isPositional(word: string): boolean {
  return word === "-" || !word.startsWith("-");
}

/** Splits `argv`, up to the first argument only with `stopAtPositional`. Never throws. */
export function splitLine(
  argv: readonly string[],
  specs: readonly FlagSpec[],
  stopAtPositional: boolean,
): Split {
  const words: string[] = [];
  let unknown: string | null = null;
  let problem: GumCredError | null = null;
  const flags = new Map<string, string | true>();
  const repeated = new Map<string, string[]>();
  const take = (name: string, value: string): void => {
    flags.set(name, value);
    repeated.set(name, [...(repeated.get(name) ?? []), value]);
  };
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (isPositional(word)) {
      words.push(word);
      if (!stopAtPositional) continue;
      for (at++; at < argv.length; at++) words.push(argv[at] ?? "");
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const spec = named(specs, name);
      if (spec === null) unknown ??= word;
      else if (!spec.value) {
        if (equals >= 0) problem ??= fail("E_USAGE", `--${name} takes no value`);
        flags.set(name, true);
      } else if (equals >= 0) take(name, word.slice(equals + 1));
      else {
        const next = argv[at + 1];
        if (next === undefined || !isPositional(next)) problem ??= noValue(spec);
        else {
          take(name, next);
          at++;
        }
      }
    } else {
      for (const letter of word.slice(1)) {
        const spec = lettered(specs, letter);
        if (spec) flags.set(spec.name, true);
        else unknown ??= `-${letter}`;
      }
    }
  }
  return { words, unknown, flags, repeated, problem };
}

function noValue({ name, choices }: FlagSpec): GumCredError {
  if (choices)
    return fail(
      "E_USAGE",
      `--${name} needs a value, one of: ${choices.join(", ")}`,
      `write --${name} ${choices[0]}`,
    );
  return fail(
    "E_USAGE",
    `--${name} needs a value`,
    `a value that begins with a dash is written --${name}=VALUE`,
  );
}

function named(specs: readonly FlagSpec[], name: string): FlagSpec | null {
  for (const spec of specs) if (spec.name === name) return spec;
  return null;
}

function lettered(specs: readonly FlagSpec[], letter: string): FlagSpec | null {
  for (const spec of specs) if (spec.short === letter) return spec;
  return null;
}
