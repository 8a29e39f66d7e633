/** `gum-cred explain`: every place that was looked at, and why it won or lost. */

import type { ExplainedProvider } from "../../app/providers.ts";
import { fail } from "../../core/errors.ts";
import { table } from "../../output/table.ts";
import type { Explanation } from "../../resolve/explain.ts";
import { type Context, defineCommand, LEVEL_FLAG, type Output } from "../command.ts";
import { keptFields, keptText } from "../kept.ts";

export const explain = defineCommand({
  args: [{ name: "PROVIDER", summary: "whose credential (default: gumloop)" }],
  flags: [LEVEL_FLAG, { name: "all", summary: "Gumloop and every LLM vendor that something is known of" }],
  details:
    "When the environment wins, the keychain is not opened and its entries are shown as not checked.\n" +
    "The exit code is 0 when there is something to explain, also when nothing won.",
  examples: [
    { line: "gum-cred explain", about: "why this Gumloop credential" },
    { line: "gum-cred explain openai", about: "every level's candidates for an LLM key" },
    { line: "gum-cred explain --all", about: "every provider of which something is stored or set" },
    { line: "gum-cred explain --json", about: "the same for programs" },
  ],
  run: async (context, input) => {
    const { ports, scope } = context;
    const { explainProvider, providerNamed } = await import("../../app/providers.ts");
    if (input.flags.all) {
      if (input.args.provider !== null || input.flags.level !== null) {
        throw fail("E_USAGE", "--all does not go with a provider or --level");
      }
      return explainAll(context);
    }
    const provider = await providerNamed(input.args.provider ?? "gumloop", ports);
    const explained = await explainProvider(provider, input.flags.level, scope, ports);
    const now = ports.now();
    return {
      kind: "data",
      data: explanation(provider.id, explained, now),
      human: human(provider.title, explained, now),
    };
  },
});

function explanation(provider: string, { explanations }: ExplainedProvider, now: number) {
  const candidates = explanations.map((one) => row(one, now));
  return {
    provider,
    winner: candidates.find((candidate) => candidate.state === "selected") ?? null,
    candidates,
  };
}

/** Every provider for which a place holds something, or cannot be read. */
async function explainAll({ ports, scope }: Context): Promise<Output> {
  const { explainEvery } = await import("../../app/providers.ts");
  const every = await explainEvery(scope, ports);
  const now = ports.now();
  return {
    kind: "data",
    data: { providers: every.map(({ provider, explained }) => explanation(provider.id, explained, now)) },
    human: every.map(({ provider, explained }) => human(provider.title, explained, now)).join("\n"),
  };
}

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
    // What is not set stands in the column before.
    reason === `${candidate.location} is not set` ? "not set" : reason,
  ]);
  const levelled = explanations.some(({ candidate }) => candidate.level !== null);
  const verdict = resolution.winner
    ? `${title}: ${resolution.winner.location} wins`
    : `${title}: ${resolution.error?.message ?? "nothing found"}`;
  const headings = ["#", ...(levelled ? ["Level"] : []), "Where", "State", "Why"];
  return `${verdict}\n\n${table(headings, rows)}`;
}
