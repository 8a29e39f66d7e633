/** `gum-cred explain`: every place that was looked at, and why it won or lost. */

import type { ExplainedProvider } from "../../app/providers.ts";
import { table } from "../../output/table.ts";
import type { Explanation } from "../../resolve/explain.ts";
import { defineCommand, LEVEL_FLAG } from "../command.ts";
import { keptFields, keptText } from "../kept.ts";

export const explain = defineCommand({
  name: "explain",
  summary: "Show every candidate in order, which one won and why each other one lost",
  args: [{ name: "PROVIDER", summary: "whose credential (default: gumloop)" }],
  flags: [LEVEL_FLAG],
  details:
    "When the environment wins, the keychain is not opened and its entries are shown as not checked.\n" +
    "The exit code is 0 when there is something to explain, also when nothing won.",
  examples: [
    { line: "gum-cred explain", about: "why this Gumloop credential" },
    { line: "gum-cred explain openai", about: "every level's candidates for an LLM key" },
    { line: "gum-cred explain --json", about: "the same for programs" },
  ],
  run: async ({ ports, scope }, input) => {
    const { explainProvider, providerNamed } = await import("../../app/providers.ts");
    const provider = await providerNamed(input.args.provider ?? "gumloop", ports);
    const explained = await explainProvider(provider, input.flags.level, scope, ports);
    const now = ports.now();
    const candidates = explained.explanations.map((one) => row(one, now));
    return {
      kind: "data",
      data: {
        provider: provider.id,
        winner: candidates.find((candidate) => candidate.state === "selected") ?? null,
        candidates,
      },
      human: human(provider.title, explained, now),
    };
  },
});

function row({ candidate, state, reason, credential }: Explanation, now: number) {
  return {
    level: candidate.level,
    method: candidate.spec.method,
    source: candidate.source,
    location: candidate.location,
    state,
    reason,
    ...keptFields(credential, now),
  };
}

function human(title: string, { resolution, explanations }: ExplainedProvider, now: number): string {
  const rows = explanations.map(({ candidate, state, reason, credential }, index) => [
    `${index + 1}`,
    ...(candidate.level ? [candidate.level] : []),
    keptText(candidate.location, candidate.level === null ? null : credential, now),
    state.replace("_", " "),
    reason,
  ]);
  const levelled = explanations.some(({ candidate }) => candidate.level !== null);
  const verdict = resolution.winner
    ? `${title}: ${resolution.winner.location} wins`
    : `${title}: ${resolution.error?.message ?? "nothing found"}`;
  const headings = ["#", ...(levelled ? ["Level"] : []), "Where", "State", "Why"];
  return `${verdict}\n\n${table(headings, rows)}`;
}
