/**
 * What JSON.parse hides of a policy file: keys that stand twice in one object, in whatever spelling (`"a"`, `"\u0061"`),
 * where the last would silently win; and `__proto__`, which objects in JavaScript treat as something else. Pure.
 */

export const PROTO = "__proto__";

/** A key with the way to it. */
export interface KeyPlace {
  /** From the root: names and array indexes, the key last. */
  readonly path: readonly (string | number)[];
  /** From 1; the column in characters. */
  readonly line: number;
  readonly column: number;
  /** Whether the object had this key before. */
  readonly duplicate: boolean;
}

interface Open {
  /** Names so far; null in an array. */
  readonly names: Set<string> | null;
  /** The name or index of the value that comes. */
  at: string | number;
}

/** The duplicate keys, and those called {@link PROTO}, of a JSON text that JSON.parse accepts, in the order of the text. */
export function keyPlaces(text: string): readonly KeyPlace[] {
  const places: KeyPlace[] = [];
  const stack: Open[] = [];
  let expectsKey = false;
  let line = 1;
  let lineStart = 0;
  for (let index = 0; index < text.length; index++) {
    const top = stack.at(-1);
    switch (text[index]) {
      case "\n":
        line++;
        lineStart = index + 1;
        break;
      case "{":
        stack.push({ names: new Set(), at: "" });
        expectsKey = true;
        break;
      case "[":
        stack.push({ names: null, at: 0 });
        expectsKey = false;
        break;
      case "}":
      case "]":
        stack.pop();
        expectsKey = false;
        break;
      case ",":
        if (typeof top?.at === "number") top.at++;
        expectsKey = top?.names != null;
        break;
      case '"': {
        const end = endOfString(text, index);
        if (expectsKey && top?.names) {
          const name = JSON.parse(text.slice(index, end + 1)) as string;
          top.at = name;
          const duplicate = top.names.has(name);
          if (duplicate || name === PROTO) {
            const path = stack.map((open) => open.at);
            places.push({ path, line, column: index - lineStart + 1, duplicate });
          }
          top.names.add(name);
          expectsKey = false;
        }
        index = end;
        break;
      }
    }
  }
  return places;
}

/** The index of the quote that ends the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index;
}
