/**
 * Names that a person takes for one another. Pure. A small part of the idea of Unicode's confusable
 * skeletons (UTS #39 §4): ids and variables are ASCII, and titles have few characters beyond it.
 */

/** Two names with the same skeleton look alike: case, '-', '_', '.', spaces, 0/o, 1/i/l, 5/s, rn/m, vv/w. */
export function skeleton(name: string): string {
  return name
    .toLowerCase()
    .replace(/[-_. ]/g, "")
    .replace(/0/g, "o")
    .replace(/[1i]/g, "l")
    .replace(/5/g, "s")
    .replace(/rn/g, "m")
    .replace(/vv/g, "w");
}

/** Letters of no composition that look like others (NFKD takes the accents off all the rest). */
const FOLDED: Readonly<Record<string, string>> = {
  ...{ ı: "l", ł: "l", ŀ: "l", "|": "l", "!": "l", 丨: "l", 丿: "l", 工: "l", エ: "l" },
  ...{ ø: "o", 〇: "o", 口: "o", ロ: "o", 囗: "o", đ: "d", ð: "d", ħ: "h", ŧ: "t", ŋ: "n", ĸ: "k" },
  ...{ ß: "ss", æ: "ae", œ: "oe", þ: "p", $: "s", "@": "a", "€": "e", 二: "=", ニ: "=" },
};

/** The same for titles: accents, punctuation and the letters of {@link FOLDED} make no difference either. */
export function titleSkeleton(title: string): string {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const folded = [...plain].map((character) => FOLDED[character] ?? character).join("");
  return skeleton(folded.replace(/[^\p{L}\p{N}]/gu, ""));
}

/** What a title may hold: ASCII, Latin letters with accents, and scripts that nobody takes for Latin. */
const TITLE =
  /^(?:[ -~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u2018\u2019\u2013\u00b7\u30fb\u30fc\u{ac00}-\u{d7a3}]|(?![\u3164\u115f\u1160\uffa0])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])$/u;

/**
 * The first character of a title that could be another one in disguise, as `U+0430`: other alphabets (Cyrillic,
 * Greek), invisible characters (soft hyphen, Hangul filler), compatibility forms (full-width, mathematical); null
 * when there is none.
 */
export function strangeCharacter(title: string): string | null {
  for (const character of title) {
    if (TITLE.test(character) && character.normalize("NFKC") === character) continue;
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `U+${code}`;
  }
  // A letter and its accent apart are one letter to the eye.
  return title.normalize("NFC") === title ? null : "U+0301";
}
