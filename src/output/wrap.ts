/**
 * Lines that fit a width: words are wrapped, and only what is longer than a line is broken, behind a mark such as '/' where
 * it has one. Pure.
 */

/** A text's lines, each at most `width` columns; the second and later ones begin with `indent`. */
export function wrapped(text: string, width: number, indent = ""): readonly string[] {
  if (!text.startsWith(" ") && Bun.stringWidth(text) <= width) return [text];
  return filled(
    text.split(" ").flatMap((long) => broken(long, width - indent.length)),
    width,
    indent,
  );
}

/**
 * Prose as it is, its long lines wrapped at blanks. What stands in front of a line is kept, and neither a word nor a command
 * in quotation marks is broken.
 */
export function wrappedProse(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => {
      if (Bun.stringWidth(line) <= width) return [line];
      const [lead = ""] = /^\s*(?:[-*] |\d+[.)] )?/.exec(line) ?? [];
      const indent = " ".repeat(lead.length);
      const [first = "", ...others] = filled(proseWords(line.slice(lead.length)), width - lead.length, "");
      return [lead + first, ...others.map((other) => indent + other)];
    })
    .join("\n");
}

/** The words of a line; a command in quotation marks is one, so that it can be copied. */
function proseWords(line: string): readonly string[] {
  const words: string[] = [];
  let isOpen = false;
  for (const word of line.split(" ")) {
    if (isOpen) words.push(`${words.pop()} ${word}`);
    else words.push(word);
    isOpen = isOpen ? !word.includes("'") : /^'(?:gum-cred|eval)$/.test(word);
  }
  return words;
}

function filled(words: readonly string[], width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const next = line === "" || line === indent ? line + word : `${line} ${word}`;
    if (Bun.stringWidth(next) <= width || line === "" || line === indent) line = next;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}

/** A long word is broken behind one of these, where that does not leave a line half empty. */
const MARKS = /[/:_.,?&=-]/;

function broken(word: string, width: number): readonly string[] {
  if (Bun.stringWidth(word) <= width) return [word];
  const parts: string[] = [];
  let part = "";
  for (const character of word) {
    if (part !== "" && Bun.stringWidth(part + character) > Math.max(1, width)) {
      const mark = [...part].findLastIndex((one) => MARKS.test(one)) + 1;
      const cut = mark > part.length / 2 ? [...part].slice(0, mark).join("").length : part.length;
      parts.push(part.slice(0, cut));
      part = part.slice(cut);
    }
    part += character;
  }
  return [...parts, part];
}

/** A shell command over several lines, joined by backslashes, broken at blanks outside of quotation marks only. */
export function wrappedCommand(line: string, width: number, indent: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\$\([^)]*\)|[^ ])+/g) ?? [line];
  const lines: string[] = [];
  let current = indent;
  for (const word of words) {
    const next = current.trim() === "" ? current + word : `${current} ${word}`;
    if (next.length <= width - 2 || current.trim() === "") current = next;
    else {
      lines.push(`${current} \\`);
      current = `${indent}  ${word}`;
    }
  }
  return [...lines, current];
}

/** Markdown's paragraphs, lists and tables wrapped again; code as it is, its comments on lines of their own. */
export function reflowed(markdown: string, width: number): string {
  const out: string[] = [];
  let paragraph = "";
  let isCode = false;
  const flush = (): void => {
    const indent = /^(?:[-*] |\d+\. )/.exec(paragraph)?.[0].replace(/./g, " ") ?? "";
    if (paragraph !== "") out.push(...wrapped(paragraph, width, indent));
    paragraph = "";
  };
  for (const line of markdown.trimEnd().split("\n")) {
    const isFence = line.startsWith("```");
    if (isFence) isCode = !isCode;
    const isRow = !isCode && line.startsWith("|");
    const isOwn = isCode || isFence || isRow || /^(?:#|$)/.test(line);
    if (isOwn || /^(?:[-*] |\d+\. )/.test(line)) flush();
    if (isRow) out.push(...tableRow(line, width));
    else if (isCode && line.length > width) out.push(...codeLine(line, width));
    else if (isOwn) out.push(...(isCode ? [line] : wrapped(line, width)));
    else paragraph += (paragraph === "" ? "" : " ") + line.trim();
  }
  flush();
  return `${out.join("\n")}\n`;
}

/** A row of a table as a paragraph: what it is about, and the rest below. */
function tableRow(line: string, width: number): readonly string[] {
  const cells = line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
  if (cells.every((cell) => /^:?-+:?$/.test(cell))) return [];
  return wrapped(cells.filter(Boolean).join(": "), width, "    ");
}

/** A line of code that is too long: a comment behind it goes before it. */
function codeLine(line: string, width: number): readonly string[] {
  const [, code, comment] = /^(.*?)\s{2,}(# .*)$/.exec(line) ?? [];
  return code === undefined || comment === undefined ? [line] : [...wrapped(comment, width, "# "), code];
}
