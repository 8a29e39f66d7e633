/** Help that belongs to no one command: the variables, the exit codes, and the guide to provider plugins. */
import guide from "../../docs/plugins.md" with { type: "text" };
import { styleOf } from "../output/style.ts";
import { reflowed, wrapped } from "../output/wrap.ts";
import { columns } from "./help.ts";
import { ENVIRONMENT, EXIT_CODES } from "./man.ts";

export const TOPICS = ["environment", "exit-codes", "plugins"] as const;
export type Topic = (typeof TOPICS)[number];

export function topicHelp(topic: Topic, width: number): string {
  switch (topic) {
    case "environment":
      return page(
        "Variables that gum-cred reads. Each of a credential has a form NAME_FILE too.",
        ENVIRONMENT,
        width,
      );
    case "exit-codes":
      return page("Exit codes.", EXIT_CODES, width);
    case "plugins":
      return withHeadings(reflowed(guide, width));
  }
}

/** Markdown with its headings in bold, those in code left alone. */
function withHeadings(markdown: string): string {
  const { heading } = styleOf(1);
  let isCode = false;
  const lines = markdown.split("\n").map((line) => {
    if (line.startsWith("```")) isCode = !isCode;
    return !isCode && /^#{1,6} /.test(line) ? heading(line) : line;
  });
  return lines.join("\n");
}

function page(title: string, rows: readonly (readonly [string, string])[], width: number): string {
  return `${[...wrapped(title, width).map(styleOf(1).heading), "", ...columns(rows, width)].join("\n")}\n`;
}
