/** The results as text for a terminal, and as the page docs/performance.md. */
import { cpus, release } from "node:os";
import { cells, HEAD, missed, type Section } from "./rows.ts";

/** Lines of equal columns. */
export function asText({ title, rows }: Section): string {
  const all = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${title}\n${all.map(line).join("\n")}\n`;
}

/** The whole page. `versions` says of what was measured which it was. */
export function asPage(sections: readonly Section[], versions: readonly string[], rounds: number): string {
  const broken = missed(sections);
  const promised = sections.flatMap(({ rows }) => rows.filter(({ limit }) => limit !== null)).length;
  return `# Performance

Made by \`bun scripts/bench.ts --write\`; do not edit. Milliseconds differ from machine to machine, so what is promised
are ratios, each between two programs that took turns in one run: ${rounds} rounds at most, the least time of each
against the least time of the other. The median stands in brackets. \`bun scripts/bench.ts --check\` fails when a promise is broken.

${list([...versions, ...machine(), `measured on ${new Date().toISOString().slice(0, 10)}`])}

${
  broken.length === 0
    ? `All ${promised} promises were kept.`
    : `${promised - broken.length} of ${promised} promises were kept. Not kept, or not measured:\n\n${list(
        broken.map(
          ({ called, ratio, limit }) =>
            `${called}: ${ratio?.toFixed(2) ?? "not measured"}, promised ${limit}`,
        ),
      )}`
}

${sections.map(sectionOf).join("\n")}`;
}

function sectionOf({ title, about, rows }: Section): string {
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return `## ${title}\n\n${about}\n\n${[HEAD, HEAD.map(() => "---"), ...rows.map(cells)].map(line).join("\n")}\n`;
}

/** What of the machine matters, without its name. */
function machine(): readonly string[] {
  const [first] = cpus();
  return [`${cpus().length} × ${first?.model.trim() ?? "unknown CPU"}`, `${process.platform} ${release()}`];
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
