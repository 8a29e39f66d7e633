/**
 * Reads the few numbers that the tally knows out of JSON text of any length, in constant memory: an answer with images
 * or embeddings in it may have hundreds of megabytes. Checks no grammar.
 */

export type Json = Readonly<Record<string, unknown>>;

export interface Skimmer {
  /** A piece of the text, cut anywhere. */
  write(text: string): void;
  /** The text is over, or was cut off. */
  end(): void;
}

/** Only below these names is anything kept; {@link LEAVES} are the only texts. */
const BRANCHES: ReadonlySet<string> = new Set([
  "response",
  "message",
  "delta",
  "x_groq",
  "usage",
  "usageMetadata",
  "meta",
  "tokens",
  "billed_units",
]);
const LEAVES: ReadonlySet<string> = new Set(["model", "modelVersion"]);
const DEEPEST = 8;
const LONGEST_TOKEN = 256;
const MOST_KEPT = 256;

/** Calls back with what is left of each object: of the text itself, or of each item where that is an array. */
export function skimmer(found: (value: Json) => void): Skimmer {
  let depth = 0;
  /** The depth of the outermost container in which nothing can be kept; 0 outside of one. */
  let deaf = 0;
  /** Of each container that is open, by its depth: whether it is an object, and the name that was read last. */
  const open: { isObject: boolean; name: string }[] = [];
  let isName = false;
  /** What is read of a string or number; null between them. */
  let token: string | null = null;
  let isString = false;
  let backslashes = 0;
  let kept: Record<string, unknown> = Object.create(null);
  let count = 0;

  const report = (): void => {
    if (count > 0) found(kept);
    kept = Object.create(null);
    count = 0;
  };
  const base = (): number => (open[1]?.isObject === false ? 1 : 0);
  const isDeaf = (): boolean => {
    if (depth > DEEPEST) return true;
    const own = open.slice(base() + 1, depth + 1);
    const last = own.pop();
    return last !== undefined && (!last.isObject || own.some(({ name }) => !BRANCHES.has(name)));
  };
  const keep = (value: string | number): void => {
    if (deaf > 0 || count >= MOST_KEPT) return;
    const path = open.slice(base() + 1, depth + 1);
    const last = path.pop();
    if (!last) return;
    if (typeof value === "string" ? !LEAVES.has(last.name) : path.length === 0) return;
    let at = kept;
    for (const { name } of path) {
      if (typeof at[name] !== "object") at[name] = Object.create(null);
      at = at[name] as Record<string, unknown>;
    }
    at[last.name] = value;
    count += 1;
  };
  const endToken = (): void => {
    if (token === null) return;
    const text = token;
    token = null;
    const frame = depth <= DEEPEST ? open[depth] : undefined;
    if (isString && isName && frame?.isObject) frame.name = text;
    else if (isString) keep(text);
    else if (text !== "" && Number.isFinite(Number(text))) keep(Number(text));
  };
  const structure = (character: string): void => {
    if (character === "{" || character === "[") {
      depth += 1;
      if (depth <= DEEPEST) open[depth] = { isObject: character === "{", name: "" };
      isName = character === "{";
      if (deaf === 0 && isDeaf()) deaf = depth;
    } else if (character === "}" || character === "]") {
      if (depth === deaf) deaf = 0;
      depth = Math.max(0, depth - 1);
      isName = false;
      if (depth <= base()) report();
      if (depth === 0) open.length = 0;
    } else if (character === ",") isName = open[depth]?.isObject ?? false;
    else if (character === ":") isName = false;
  };
  /** Where the string ends that is open at `from`; the length of the text where it does not end in it. */
  const stringEnd = (text: string, from: number): number => {
    for (let at = from; ; ) {
      const quote = text.indexOf('"', at);
      const end = quote < 0 ? text.length : quote;
      let before = end;
      while (before > from && text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
      const run = end - before + (before === from ? backslashes : 0);
      if (quote < 0) {
        backslashes = run % 2;
        return end;
      }
      if (run % 2 === 0) return end;
      at = quote + 1;
      backslashes = 0;
      from = at;
    }
  };
  return {
    write: (text) => {
      for (let at = 0; at < text.length; at++) {
        if (token !== null && isString) {
          const end = stringEnd(text, at);
          token += text.slice(at, Math.min(end, at + LONGEST_TOKEN - token.length));
          at = end;
          if (end < text.length) endToken();
          continue;
        }
        // Of an array of numbers, like an embedding, only its end matters.
        if (deaf > 0) {
          BRACKETS.lastIndex = at;
          at = BRACKETS.exec(text)?.index ?? text.length;
        }
        const character = text[at] ?? "";
        if (character === '"') {
          [token, isString, backslashes] = ["", true, 0];
        } else if (SCALAR.has(character)) {
          if (token === null) [token, isString] = ["", false];
          if (token.length < LONGEST_TOKEN) token += character;
        } else {
          endToken();
          structure(character);
        }
      }
    },
    end: () => {
      if (!isString) endToken();
      report();
    },
  };
}

const BRACKETS = /["{}[\]]/g;
const BACKSLASH = 0x5c;
const SCALAR: ReadonlySet<string> = new Set("0123456789+-.eE");
