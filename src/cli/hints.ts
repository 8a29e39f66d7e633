/**
 * Makes the commands in hints work when they are followed to the letter: they carry the flags that the failed command
 * line had and that they take, and none is the very command that has just failed. Pure.
 */

const OF_PROFILES =
  /^(?:login|logout|refresh|teams|status|explain|env|exec|get|header|doctor|credits|keys (?:set|list|remove|verify|import|rotate))$/;
const OF_TEAMS =
  /^(?:teams|status|explain|env|exec|get|header|doctor|keys (?:set|list|remove|verify|import|rotate))$/;
const OF_LEVELS = /^(?:explain|env|exec|get|keys (?:set|remove|import|rotate))$/;
const OF_SERVERS = /^(?:login|status|doctor|keys (?:set|verify|rotate))$/;

const CARRIED: readonly (readonly [flag: string, takes: RegExp])[] = [
  ["profile", OF_PROFILES],
  ["base-url", OF_SERVERS],
  ["team-id", OF_TEAMS],
  ["level", OF_LEVELS],
];
/** Values that need no quotation marks in any shell. */
const PLAIN = /^[A-Za-z0-9._~:/@%+-]+$/;
const QUOTED = /'gum-cred ([^']+)'/g;

/** A hint for whoever typed `argv` (without the program's name). `names` are the commands that there are. */
export function followable(hint: string, argv: readonly string[], names: readonly string[]): string {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const failed = commandOf(own.filter(isWord(own)), names);
  return clausesOf(hint)
    .filter(({ text }) => !own.includes(/\badd (--[a-z-]+)/.exec(text)?.[1] ?? " "))
    .filter(
      ({ text }) => ![...text.matchAll(QUOTED)].some(([, line]) => isSame(line ?? "", failed, own, names)),
    )
    .map(({ text, joint }, index) => (index === 0 ? text.replace(/^(?:or|and) /, "") : joint + text))
    .join("")
    .replace(QUOTED, (_, line: string) => `'gum-cred ${carrying(line, failed, own, names)}'`);
}

interface Line {
  readonly name: string;
  readonly args: readonly string[];
}

/** Which words of a command line are neither flags nor the values of the flags that are carried. */
function isWord(own: readonly string[]) {
  return (word: string, at: number): boolean => {
    const before = own[at - 1] ?? "";
    return !word.startsWith("-") && !CARRIED.some(([flag]) => before === `--${flag}`);
  };
}

function commandOf(words: readonly string[], names: readonly string[]): Line {
  const two = words.slice(0, 2).join(" ");
  const length = names.includes(two) ? 2 : 1;
  return { name: words.slice(0, length).join(" "), args: words.slice(length) };
}

/** Parts of a hint that are alternatives, each with what stands before it. */
function clausesOf(hint: string): readonly { readonly text: string; readonly joint: string }[] {
  const parts = hint.split(/(; |, or )/);
  return parts.flatMap((text, at) => (at % 2 === 0 ? [{ text, joint: parts[at - 1] ?? "" }] : []));
}

function isSame(line: string, failed: Line, own: readonly string[], names: readonly string[]): boolean {
  const words = line.split(" ");
  const hinted = commandOf(
    words.filter((word) => !word.startsWith("-")),
    names,
  );
  if (hinted.name !== failed.name) return false;
  if (words.some((word) => word.startsWith("--") && !own.includes(word))) return false;
  const [theirs, ours] = [hinted.args[0], failed.args[0]];
  return theirs === undefined || theirs === ours || /^[A-Z]+$/.test(theirs);
}

function carrying(line: string, failed: Line, own: readonly string[], names: readonly string[]): string {
  const words = line.split(" ");
  const { name } = commandOf(words, names);
  const [provider] = failed.args;
  const filled = words.map((word) =>
    word === "PROVIDER" && provider && PLAIN.test(provider) ? provider : word,
  );
  if (words.includes("--help")) return filled.join(" ");
  for (const [flag, takes] of CARRIED) {
    const value = flagValue(own, flag);
    if (value !== null && PLAIN.test(value) && takes.test(name) && !words.includes(`--${flag}`)) {
      filled.push(`--${flag}`, value);
    }
  }
  return filled.join(" ");
}

function flagValue(own: readonly string[], flag: string): string | null {
  for (const [at, word] of own.entries()) {
    if (word === `--${flag}`) return own[at + 1] ?? null;
    if (word.startsWith(`--${flag}=`)) return word.slice(flag.length + 3);
  }
  return null;
}
