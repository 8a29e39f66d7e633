/**
 * The texts of gum-cred as they stand in the source, `{expression}` for what is worked out: strings and templates, those
 * joined by `+` as one. Comments and regular expressions are no texts.
 */
import { readFileSync } from "node:fs";
import { endOfString, readable } from "./messages.ts";

export interface Literal {
  /** Where it is: `src/net/http.ts:68`. */
  readonly place: string;
  readonly text: string;
  /** The name of the property that it is the value of, such as `details`; "" where it is none. */
  readonly property: string;
}

/** Every text in src and plugins below `root`. */
export function literals(root: string): Literal[] {
  const files = [...new Bun.Glob("{src,plugins}/**/*.ts").scanSync(root)].filter(
    (name) => !name.endsWith(".test.ts"),
  );
  return files.sort().flatMap((file) => literalsOf(file, readFileSync(`${root}/${file}`, "utf8")));
}

/** The texts in one file. */
export function literalsOf(file: string, source: string): Literal[] {
  const found: Literal[] = [];
  let joins = false;
  let before = "";
  for (let at = 0, line = 1, counted = 0; at < source.length; at++) {
    const char = source[at] ?? "";
    if (source.startsWith("//", at) || source.startsWith("/*", at)) at = endOfComment(source, at);
    else if (char === "/" && /(?:^|[(,=:[!&|?{};>]|\breturn)$/.test(before)) at = endOfPattern(source, at);
    else if (char === '"' || char === "'" || char === "`") {
      const end = endOfString(source, at);
      const text = readable(source.slice(at, end + 1));
      line += source.slice(counted, at).split("\n").length - 1;
      counted = at;
      const last = found.at(-1);
      if (joins && last) found[found.length - 1] = { ...last, text: last.text + text };
      else {
        const property = /(?:^|[{,\s(])(\w+):$/.exec(before)?.[1] ?? "";
        found.push({ place: `${file}:${line}`, text, property });
      }
      at = end;
      before = '"';
      joins = false;
      continue;
    } else if (/\S/.test(char)) {
      joins = char === "+" && before.endsWith('"');
      before = (before + char).slice(-40);
      continue;
    }
    if (/\s/.test(char) && /\w$/.test(before) && /[\w"'`/]/.test(source.slice(at).trimStart()[0] ?? ""))
      before += " ";
  }
  return found;
}

function endOfComment(source: string, at: number): number {
  const end = source.startsWith("//", at) ? source.indexOf("\n", at) : source.indexOf("*/", at) + 1;
  return end < at ? source.length : end;
}

/** The place of the slash that ends the regular expression that begins at `at`. */
function endOfPattern(source: string, at: number): number {
  let inClass = false;
  for (let i = at + 1; i < source.length; i++) {
    const char = source[i];
    if (char === "\\") i++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if ((char === "/" && !inClass) || char === "\n") return i;
  }
  return source.length;
}
