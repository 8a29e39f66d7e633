/** How a hint is read: its alternatives, and the commands in each as they stand in the text. */

export interface Clause {
  readonly text: string;
  /** As a shell is to run them. */
  readonly commands: readonly string[];
  /** The command is not to be run before the line once more, but in its place. */
  readonly replaces: boolean;
}

const PROGRAMS = "gum-cred|eval|export|unset|chmod|chown|rm|python3";
const QUOTED = new RegExp(`'((?:${PROGRAMS})\\b[^']*)'`, "g");
const TO_THE_END = "run: ";

/** The alternatives of a hint. What stands behind `run: ` is one command to the end, whatever is in it. */
export function clausesOf(hint: string): readonly Clause[] {
  const at = hint.indexOf(TO_THE_END);
  const [before, last] = at < 0 ? [hint, null] : [hint.slice(0, at), hint.slice(at + TO_THE_END.length)];
  const texts = before.split(/; |, or /).filter((text) => text.trim() !== "");
  const clauses = texts.map((text) => ({
    text,
    commands: [...text.matchAll(QUOTED)].map(([, command = ""]) => command),
    replaces: /\b(?:did you mean|write|run the command with)\b/.test(text),
  }));
  return last === null
    ? clauses
    : [...clauses, { text: `${TO_THE_END}${last}`, commands: [last], replaces: false }];
}

/** Words that a person fills in. */
export function filled(command: string, values: Readonly<Record<string, string>>): string {
  return command.replace(/(?<![\w$(-])[A-Z]{2,}…?(?![\w=])/g, (word) => {
    const value = values[word.replace("…", "")];
    if (/^unset |^export /.test(command)) return word;
    if (value === undefined)
      throw new Error(`'${command}' leaves ${word} to the person, who does not know it`);
    return value;
  });
}

/** What a command of advice may not lose of the line that it is given to. */
const KEPT: readonly (readonly [flag: string, commands: RegExp])[] = [
  [
    "profile",
    /gum-cred (?:login|refresh|status|explain|env|exec|get|doctor|keys (?:set|list|remove|rotate|verify))\b/,
  ],
  ["team-id", /gum-cred (?:status|explain|env|exec|get|doctor|keys (?:set|list|remove|rotate|verify))\b/],
  ["level", /gum-cred (?:explain|env|exec|get|keys (?:set|remove|rotate))\b/],
  ["base-url", /gum-cred (?:login|refresh|status|explain|get|doctor|keys (?:set|rotate|verify))\b/],
];

/** What is wrong with a command as advice to who typed `line`; null when nothing is. */
export function badAdvice(line: string, command: string): string | null {
  const plain = (text: string) => text.replace(/ (?:--json|--no-input)\b| *[<>|].*/g, "");
  if (plain(line) === plain(command)) return "is the line itself";
  const has = (text: string, flag: string) => new RegExp(` --${flag}[ =]`).test(`${text} `);
  const lost = KEPT.find(
    ([flag, commands]) =>
      commands.test(command) && !/--help/.test(command) && has(line, flag) && !has(command, flag),
  );
  return lost ? `forgets --${lost[0]}` : null;
}

/** A hint as it stands in the source (`{expression}` for what is worked out) as what may be printed for it. */
export function patternOf(source: string): RegExp {
  const escaped = source.replace(
    /\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|(?: COMMAND|\bPROVIDER|\bCMD|\bARG…)(?=\W|$)|'?\)?'|[\\^$.*+?()[\]|]/g,
    (part) => {
      if (part.startsWith("{")) return ".*?";
      if (part === " COMMAND") return "(?: \\S+)*?";
      if (/^[A-Z]/.test(part)) return "\\S*(?: \\S+)*?";
      // Flags of the command line may be carried to the end of a quoted command.
      if (part === "'") return "(?: --[a-z-]+ \\S+?)*(?: --help)?'";
      if (part === ")'") return "(?: --[a-z-]+ \\S+?)*\\)'";
      return `\\${part}`;
    },
  );
  return new RegExp(escaped.replaceAll(" -- ", "(?: --[a-z-]+ \\S+)* -- "));
}

/** Whether a text has a command in it that somebody could run. */
export function hasCommand(text: string): boolean {
  return /(?<!\bbe )run: /.test(text) || new RegExp(`'(?:${PROGRAMS}|security)\\b[^']*'`).test(text);
}
