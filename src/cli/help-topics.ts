/** Help that belongs to no one command: the variables, the exit codes, and the guide to provider plugins. */
import guide from "../../docs/plugins.md" with { type: "text" };
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
      return reflowed(guide, width);
  }
}

function page(title: string, rows: readonly (readonly [string, string])[], width: number): string {
  return `${[...wrapped(title, width), "", ...columns(rows, width)].join("\n")}\n`;
}
