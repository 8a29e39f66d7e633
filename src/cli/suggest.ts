/** What is said of words that no command or flag has: the one that was most likely meant. Never quotes a flag's value. */
import { fail, type GumCredError } from "../core/errors.ts";
import { shownWord } from "../core/shown-path.ts";
import type { Entry, FlagSpec } from "./command.ts";

/** The known word that a mistyped one most likely means; null when none does. */
export type Suggest = (word: string, known: readonly string[]) => Promise<string | null>;

/** Words of other programs for what has another name here, or several. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  auth: ["login", "status", "get gumloop", "refresh", "logout"],
  signin: ["login"],
  "sign-in": ["login"],
  signout: ["logout"],
  "sign-out": ["logout"],
  token: ["get gumloop"],
  switch: ["profiles use"],
  key: ["keys list", "keys set"],
};

export async function unknownFlag(
  word: string,
  known: readonly FlagSpec[],
  suggest: Suggest,
): Promise<GumCredError> {
  const name = word.split("=", 1)[0] ?? word;
  const guess = await suggest(
    name,
    known.map((flag) => `--${flag.name}`),
  );
  return fail(
    "E_UNKNOWN_FLAG",
    `there is no flag ${shownWord(name)} here`,
    guess ? `did you mean ${guess}?` : undefined,
  );
}

export async function unknownCommand(
  words: readonly string[],
  program: readonly Entry[],
  suggest: Suggest,
): Promise<GumCredError> {
  const word = words[0] ?? "";
  const group = program.filter(({ name }) => name.startsWith(`${word} `));
  if (group.length > 0) {
    const list = group.map(({ name }) => name.slice(word.length + 1)).join(", ");
    const second = words[1];
    return second === undefined
      ? fail("E_USAGE", `'${word}' needs one of: ${list}`, `run 'gum-cred ${word} --help'`)
      : fail("E_UNKNOWN_COMMAND", `'${word}' has no '${shownWord(second)}'`, `it has: ${list}`);
  }
  const meant = meantBy(word, program);
  if (meant.length > 0) {
    const quoted = meant.map((name) => `'gum-cred ${name}'`);
    const last = quoted.pop();
    const names = quoted.length > 0 ? `${quoted.join(", ")} or ${last}` : last;
    return fail("E_UNKNOWN_COMMAND", `there is no command '${shownWord(word)}'`, `did you mean ${names}?`);
  }
  const guess = await suggest(word, [
    ...new Set(program.map(({ name }) => name.split(" ", 1)[0] ?? "")),
    "help",
  ]);
  const both = `${guess} ${words[1]}`; // whatever else was typed may be a secret
  const named = program.some(({ name }) => name === both) ? both : guess;
  const hint = guess ? `did you mean 'gum-cred ${named}'?` : undefined;
  return fail("E_UNKNOWN_COMMAND", `there is no command '${shownWord(word)}'`, hint);
}

/** The known word nearest to a mistyped one; null when none is near. */
export async function nearest(word: string, known: readonly string[]): Promise<string | null> {
  const { default: leven } = await import("leven");
  const ranked = known.map((candidate) => ({ candidate, distance: leven(word.toLowerCase(), candidate) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, best.candidate.length / 3) ? best.candidate : null;
}

/** The commands that a word stands for: by what other programs call them, or by the second word of a group's command. */
function meantBy(word: string, program: readonly Entry[]): readonly string[] {
  const meant = Object.hasOwn(MEANT, word) ? MEANT[word] : undefined;
  return meant ?? program.map(({ name }) => name).filter((name) => name.split(" ")[1] === word);
}
