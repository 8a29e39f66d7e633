/**
 * Makes the commands in advice work when they are followed to the letter: they carry the flags that the command line
 * had and that they take, their placeholders are filled in, and none is the very command that was run. Errors, warnings, notes
 * and rows all go through it.
 *
 * Advice writes a command in one of two forms: between single quotes, or, where it has a path in it, behind `run: ` to
 * the end. Alternatives are joined by `; ` or `, or `.
 */
import { withoutAliases } from "./aliases.ts";

/** The flags that every command takes, and the commands for which they make a difference. */
export const CARRIED: readonly (readonly [flag: string, takes: RegExp])[] = [
  [
    "profile",
    /^(?:login|logout|refresh|teams|status|explain|env|exec|broker|get|header|redact|doctor|credits|setup|keys (?:set|list|remove|verify|import|rotate))$/,
  ],
  [
    "base-url",
    /^(?:login|refresh|teams|status|explain|env|exec|broker|get|header|doctor|keys (?:set|verify|import|rotate))$/,
  ],
  [
    "team-id",
    /^(?:teams|status|explain|env|exec|broker|get|header|redact|doctor|setup|keys (?:set|list|remove|verify|import|rotate))$/,
  ],
  ["level", /^(?:explain|env|exec|broker|get|header|setup|keys (?:set|remove|import|rotate))$/],
];
/** Flags whose value is the next word. */
export const VALUED = (
  "profile base-url team-id level method api-key access-token user-id callback-port timeout from-webhook format " +
  "env-file file allow max-requests max-tokens for log via listen token-file field key with by calls tier"
).split(" ");
/** Flags without a value that advice asks for: to who gave one, that is no advice. */
export const SWITCHES = ["no-browser", "no-verify", "yes", "force", "live", "debug", "isolate"];
/** Flags that make another command of it. */
export const MODES = ["write", "remove", "unset"];

/** Values that need no quotation marks in any shell. */
const PLAIN = /^[A-Za-z0-9._~:/@%+-]+$/;
const ASKED = /\b(?:add|give|with|use) --([a-z-]+)/;
/** The same command, where it does something else. */
const ELSEWHERE = /\bon (?:a terminal|the desktop)\b/;
/** Between quotes, or behind `run: `; perhaps in `eval $(…)`. What follows may be a path in quotes of its own. */
const COMMAND = /(?<=(?:'|run: )(?:eval \$\()?)gum-cred ([^'();\n]+?)(?= *(?:['();]|, |$))/g;

/** How texts are changed for one command line. */
export interface Advice {
  /** A hint. Alternatives that do not lead on are left out; "" where none is left. */
  hint(text: string): string;
  /** A warning or note: what it says first stays whatever it is, the rest is a hint. */
  line(text: string): string;
  /** A command's output for people: nothing is left out. */
  output(text: string): string;
}

/** Advice for whoever typed `argv` (without the program's name). `names` are the commands that there are. */
export function adviceFor(argv: readonly string[], names: readonly string[]): Advice {
  const typed = withoutAliases(argv, takesValue);
  const end = typed.indexOf("--");
  const own = end < 0 ? typed : typed.slice(0, end);
  const failed = commandOf(own.filter(isWord(own)), names);
  const leadsOn = (text: string): boolean => {
    if (ELSEWHERE.test(text)) return true;
    const flag = ASKED.exec(text)?.[1];
    if (flag !== undefined && SWITCHES.includes(flag) && own.includes(`--${flag}`)) return false;
    return ![...text.matchAll(COMMAND)].some(({ 0: all, 1: line = "", index }) => {
      const path = text.startsWith(" '", index + all.length) ? " PATH" : "";
      return isSame(line + path, failed, typed, names);
    });
  };
  const output = (text: string): string =>
    text.replace(COMMAND, (_, line: string) => `gum-cred ${carrying(line, failed, typed, names)}`);
  const followable = (text: string, stays: number): string =>
    output(
      clausesOf(text)
        .filter(({ text: clause }, index) => index < stays || leadsOn(clause))
        .map(({ text: clause, joint }, at) =>
          at === 0 ? clause.replace(/^(?:or|and) /, "") : joint + clause,
        )
        .join(""),
    );
  return { output, hint: (text) => followable(text, 0), line: (text) => followable(text, 1) };
}

interface Line {
  readonly name: string;
  readonly args: readonly string[];
}

function takesValue(word: string): boolean {
  return word.startsWith("--") && VALUED.includes(word.slice(2));
}

/** Which words of a command line are neither flags nor their values. */
function isWord(own: readonly string[]) {
  return (word: string, at: number): boolean => !word.startsWith("-") && !takesValue(own[at - 1] ?? "");
}

/** The name is "" for a word that is no command. */
function commandOf(words: readonly string[], names: readonly string[]): Line {
  const two = words.slice(0, 2).join(" ");
  if (words.length > 1 && names.includes(two)) return { name: two, args: words.slice(2) };
  const [one = ""] = words;
  return { name: names.includes(one) ? one : "", args: words.slice(1) };
}

/** Parts of a hint that are alternatives, each with what stands before it. */
function clausesOf(hint: string): readonly { readonly text: string; readonly joint: string }[] {
  const parts = hint.split(/(; |, or )/);
  return parts.flatMap((text, at) => (at % 2 === 0 ? [{ text, joint: parts[at - 1] ?? "" }] : []));
}

/** Whether advice is to do once more what has just been done. More or fewer arguments, or a flag more, are another line. */
function isSame(line: string, failed: Line, own: readonly string[], names: readonly string[]): boolean {
  const words = line.split(" ");
  const hinted = commandOf(
    words.filter((word) => !word.startsWith("-")),
    names,
  );
  if (hinted.name === "" || hinted.name !== failed.name) return false;
  if (words.some((word) => word.startsWith("--") && !own.includes(word))) return false;
  if (MODES.some((flag) => own.includes(`--${flag}`) && !words.includes(`--${flag}`))) return false;
  const [theirs, ours] = [hinted.args[0], failed.args[0]];
  return theirs === ours || (theirs !== undefined && ours !== undefined && /^[A-Z]+$/.test(theirs));
}

function carrying(line: string, failed: Line, typed: readonly string[], names: readonly string[]): string {
  const end = typed.indexOf("--");
  const own = end < 0 ? typed : typed.slice(0, end);
  // Arguments may be secrets.
  const [program = "", ...more] = end < 0 ? [] : typed.slice(end + 1);
  const isBare = more.length === 0 && PLAIN.test(program);
  const words = line.split(" ");
  const [provider] = failed.args;
  const filled = words.flatMap((word) => {
    if (word === "COMMAND") return failed.name === "" ? [] : [failed.name];
    if (isBare && word === "CMD") return [program];
    if (isBare && word === "ARG…") return [];
    return word === "PROVIDER" && provider && PLAIN.test(provider) ? [provider] : [word];
  });
  if (words.includes("--help")) return filled.join(" ");
  const { name } = commandOf(words, names);
  const carried = CARRIED.flatMap(([flag, takes]) => {
    const value = flagValue(own, flag);
    // What has been signed in to is stored with its server.
    if (flag === "base-url" && failed.name === "login" && /^(?:env|exec)$/.test(name)) return [];
    const isTaken = value !== null && PLAIN.test(value) && takes.test(name) && !words.includes(`--${flag}`);
    return isTaken ? [`--${flag}`, value] : [];
  });
  const at = filled.indexOf("--");
  return filled.toSpliced(at < 0 ? filled.length : at, 0, ...carried).join(" ");
}

/** Of a flag that is given twice the last value counts, as it does for the command. */
function flagValue(own: readonly string[], flag: string): string | null {
  let value: string | null = null;
  for (const [at, word] of own.entries()) {
    if (word === `--${flag}`) value = own[at + 1] ?? null;
    else if (word.startsWith(`--${flag}=`)) value = word.slice(flag.length + 3);
  }
  return value;
}

let known: readonly { readonly name: string }[] = [];
let made: Advice | undefined;

/** Says which commands there are. Handed over at the start: the commands give advice themselves. */
export function knowCommands(program: typeof known): void {
  known = program;
}

/** Made when there is something to say: most runs have no need of it. */
export function advice(): Advice {
  const names = known.map(({ name }) => name);
  made ??= adviceFor(process.argv.slice(2), names);
  return made;
}
