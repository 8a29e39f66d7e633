/**
 * What bringing your own LLM key saves at Gumloop, as two of its public pages say. They disagree, so both are
 * kept with their dates, and a number that a page does not give is null. Pure data and one sum; when Gumloop
 * changes a page, this table is all there is to change.
 */

export const TIERS = ["standard", "advanced", "expert"] as const;
export type Tier = (typeof TIERS)[number];

/** A public page and when it was what it was. Dates are ISO 8601. */
export interface Page {
  readonly title: string;
  readonly url: string;
  /** The date the page itself bears; null where it bears none. */
  readonly lastUpdated: string | null;
  /** When it was last looked at for this table. */
  readonly read: string;
}

/** Credits for calls of one tier; null where the page does not say. */
export interface CallCost {
  readonly tier: Tier;
  readonly withoutOwnKey: number | null;
  readonly withOwnKey: number;
  readonly saved: number | null;
  /** Of the cost without an own key, to one decimal. */
  readonly savedPercent: number | null;
}

/** What an own key changes for agents; null where the page does not say. */
export interface AgentCost {
  /** Off the token-based cost. */
  readonly discountPercent: number | null;
  /** Of the run's value. */
  readonly orchestrationFeePercent: { readonly withoutOwnKey: number; readonly withOwnKey: number } | null;
}

/** One page's account of it. */
export interface Reading {
  readonly page: Page;
  readonly calls: readonly CallCost[];
  readonly agents: AgentCost;
  readonly notes: readonly string[];
}

/** Credits for one call of a workflow's AI node without an own key. */
const TIER_CREDITS: Record<Tier, number> = { standard: 2, advanced: 20, expert: 30 };

/** The source of {@link TIER_CREDITS}; the page has since been rewritten without tiers. */
export const TIER_PAGE: Page = {
  title: "AI Models, an earlier version of the page",
  url: "https://docs.gumloop.com/core-concepts/ai_models",
  lastUpdated: null,
  read: "2026-11-21",
};

interface Statement extends Omit<Reading, "calls"> {
  /** Credits for one call, by tier; null where the page gives none. */
  readonly perCall: Record<Tier, number> | null;
  readonly perCallWithOwnKey: number;
}

const STATEMENTS: readonly Statement[] = [
  {
    page: {
      title: "How Do I Use My Own LLM API Key in Gumloop?",
      url: "https://support.gumloop.com/articles/6092974036-how-do-i-use-my-own-llm-api-key-in-gumloop",
      lastUpdated: "2026-04-27",
      read: "2026-11-21",
    },
    perCall: TIER_CREDITS,
    perCallWithOwnKey: 1,
    agents: { discountPercent: 50, orchestrationFeePercent: null },
    notes: [
      "the page says 2 to 30 credits a call by model tier; which tier costs how much is from an older page",
      "tool calls and the 1 credit for each workflow run cost the same with your own key",
    ],
  },
  {
    page: {
      title: "Use Your Own LLM Key",
      url: "https://docs.gumloop.com/help/connectors/use-your-own-llm-key",
      lastUpdated: null,
      read: "2026-11-21",
    },
    perCall: null,
    perCallWithOwnKey: 0,
    agents: { discountPercent: null, orchestrationFeePercent: { withoutOwnKey: 8, withOwnKey: 16 } },
    notes: [
      "the page does not say what a call costs without your own key, so the saving cannot be calculated",
      "only models that the key's vendor serves are covered; DeepSeek is not among the vendors it lists",
    ],
  },
];

/** What each page says about so many calls (a positive integer) of these tiers, oldest page first. */
export function creditReadings(calls: number, tiers: readonly Tier[]): readonly Reading[] {
  return STATEMENTS.map(({ page, perCall, perCallWithOwnKey, agents, notes }) => ({
    page,
    calls: tiers.map((tier) => callCost(tier, perCall && perCall[tier] * calls, perCallWithOwnKey * calls)),
    agents,
    notes,
  }));
}

function callCost(tier: Tier, withoutOwnKey: number | null, withOwnKey: number): CallCost {
  if (withoutOwnKey === null) return { tier, withoutOwnKey, withOwnKey, saved: null, savedPercent: null };
  const saved = withoutOwnKey - withOwnKey;
  return {
    tier,
    withoutOwnKey,
    withOwnKey,
    saved,
    savedPercent: Math.round((saved / withoutOwnKey) * 1000) / 10,
  };
}
