/** `gum-cred credits`: what bringing one's own LLM key saves at Gumloop, by its own pages. Asks nobody. */

import { fail } from "../../core/errors.ts";
import {
  type CallCost,
  creditReadings,
  type Page,
  type Reading,
  TIER_PAGE,
  TIERS,
} from "../../gumloop/credits.ts";
import { table } from "../../output/table.ts";
import { defineCommand } from "../command.ts";

export const credits = defineCommand({
  args: [],
  flags: [
    { name: "calls", value: "N", summary: "how many AI node calls in workflows (default: 1)" },
    { name: "tier", value: "TIER", choices: TIERS, summary: "only models of this tier (default: all)" },
  ],
  details:
    "Gumloop's pages disagree, so each one's figures stand with its source and date. What a page does not\n" +
    "say is 'not stated' (null in JSON). The model vendor's own bill comes on top.",
  examples: [
    { line: "gum-cred credits --calls 1000 --tier advanced", about: "a thousand calls of an advanced model" },
    { line: "gum-cred credits --json", about: "credits per call for every tier, for programs" },
  ],
  run: async (_context, input) => {
    const calls = callCount(input.flags.calls ?? "1");
    const tier = TIERS.find((known) => known === input.flags.tier) ?? null;
    const readings = creditReadings(calls, tier === null ? TIERS : [tier]);
    return {
      kind: "data",
      data: { calls, tier, readings: readings.map(data), tier_source: page(TIER_PAGE) },
      human: human(calls, readings),
    };
  },
});

function callCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw fail("E_INVALID_VALUE", "--calls takes a whole number from 1 to 999999999");
  }
  return Number(text);
}

function page({ title, url, lastUpdated, read }: Page) {
  return { title, url, last_updated: lastUpdated, read };
}

function data(reading: Reading) {
  const { discountPercent, orchestrationFeePercent: fee } = reading.agents;
  return {
    source: page(reading.page),
    workflow_calls: reading.calls.map((cost) => ({
      tier: cost.tier,
      credits_without_own_key: cost.withoutOwnKey,
      credits_with_own_key: cost.withOwnKey,
      credits_saved: cost.saved,
      saved_percent: cost.savedPercent,
    })),
    agents: {
      discount_percent: discountPercent,
      orchestration_fee_percent: fee && { without_own_key: fee.withoutOwnKey, with_own_key: fee.withOwnKey },
    },
    notes: reading.notes,
  };
}

function human(calls: number, readings: readonly Reading[]): string {
  const title = `Credits for ${calls} AI node ${calls === 1 ? "call" : "calls"} in workflows`;
  return `${title}\n\n${[...readings.map(section), `Tiers: ${cite(TIER_PAGE)}`].join("\n\n")}\n`;
}

function section(reading: Reading): string {
  const headings = ["Tier", "Without own key", "With own key", "Saved"];
  const lines = [cite(reading.page), table(headings, reading.calls.map(row)).trimEnd(), agents(reading)];
  return [...lines, ...reading.notes.map((note) => `- ${note}`)].join("\n");
}

function cite({ title, url, lastUpdated, read }: Page): string {
  return `${title} (${lastUpdated === null ? `undated, read ${read}` : `last updated ${lastUpdated}`})\n${url}`;
}

function row({ tier, withoutOwnKey, withOwnKey, saved, savedPercent }: CallCost): readonly string[] {
  const stated = (value: number | null, shown: string) => (value === null ? "not stated" : shown);
  return [
    tier,
    stated(withoutOwnKey, `${withoutOwnKey}`),
    `${withOwnKey}`,
    stated(saved, `${saved} (${savedPercent} %)`),
  ];
}

function agents({ agents: { discountPercent, orchestrationFeePercent: fee } }: Reading): string {
  if (fee)
    return `Agents: an orchestration fee of ${fee.withOwnKey} % of the run's value, not ${fee.withoutOwnKey} %`;
  return discountPercent === null
    ? "Agents: not stated"
    : `Agents: ${discountPercent} % off the token-based cost`;
}
