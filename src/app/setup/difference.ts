/** Two texts line by line, as `diff -u` shows them. Pure. */

const CONTEXT = 3;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** The lines that differ with three lines around them; empty when nothing does. `before` is null for a new file. */
export function difference(path: string, before: string | null, after: string | null): string {
  const lines = compare(linesOf(before), linesOf(after));
  if (lines.every(({ sign }) => sign === " ")) return "";
  const shown = lines.map((_, at) => nearChange(lines, at));
  const body = lines.flatMap(({ sign, text }, at) => {
    if (shown[at]) return [`${sign}${text}`];
    return shown[at - 1] || at === 0 ? ["…"] : [];
  });
  const from = before === null ? "/dev/null" : path;
  const to = after === null ? "/dev/null" : path;
  return `--- ${from}\n+++ ${to}\n${body.join("\n")}\n`;
}

function linesOf(text: string | null): readonly string[] {
  const lines = (text ?? "").split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** What both begin and end with is the same; between, all of the old goes and all of the new comes. */
function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  const common = longestCommon(before, after);
  const lines: Line[] = [];
  let old = 0;
  let now = 0;
  for (const [oldAt, nowAt] of [...common, [before.length, after.length] as const]) {
    while (old < oldAt) lines.push({ sign: "-", text: before[old++] ?? "" });
    while (now < nowAt) lines.push({ sign: "+", text: after[now++] ?? "" });
    if (old < before.length && now < after.length) lines.push({ sign: " ", text: before[old] ?? "" });
    old++;
    now++;
  }
  return lines;
}

/** Pairs of equal lines, in order. Only between what both begin and end with is there anything to search for. */
function longestCommon(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const pairs: [number, number][] = [];
  for (let at = 0; at < head; at++) pairs.push([at, at]);
  pairs.push(...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head));
  for (let at = tail; at > 0; at--) pairs.push([a.length - at, b.length - at]);
  return pairs;
}

function middle(a: readonly string[], b: readonly string[], offset: number): [number, number][] {
  if (a.length * b.length > 1_000_000) return [];
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([offset + i++, offset + j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

function nearChange(lines: readonly Line[], at: number): boolean {
  return lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== " ");
}
