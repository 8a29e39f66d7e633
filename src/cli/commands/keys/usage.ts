/** `gum-cred keys usage`: what the broker's logs say of each vendor, model and day. */
import type { UsageKey, UsageRow } from "../../../app/keys/usage.ts";
import { fail } from "../../../core/errors.ts";
import { table } from "../../../output/table.ts";
import { defineCommand, type Input } from "../../command.ts";

export const keysUsage = defineCommand({
  args: [{ name: "FILE", summary: "a log of 'broker --log'; '-' is stdin", required: true, many: true }],
  flags: [{ name: "by", value: "LIST", summary: "some of day,provider,model (default: all three)" }],
  details:
    "Days are UTC's. Refused requests never reached the vendor; failed ones were answered with 400 or more. Tokens\n" +
    "are those that the vendors' answers report.",
  examples: [
    { line: "gum-cred keys usage agent.log", about: "every day, vendor and model" },
    { line: "gum-cred keys usage --by provider --json *.log", about: "per vendor, for programs" },
  ],
  run: async ({ ports }, input) => {
    const { usageBy } = await import("../../../app/keys/usage.ts");
    const { readLines } = await import("../../../app/keys/log-lines.ts");
    const keys = keysIn(input);
    const usage = usageBy(keys);
    for (const file of input.args.file) {
      let stray = 0;
      for await (const line of readLines(file)) if (line !== "" && !usage.add(line)) stray++;
      if (stray > 0)
        ports.warn(`${file}: ${stray} line${stray === 1 ? " is" : "s are"} not the broker's; ignored`);
    }
    const rows = usage.rows();
    const { day, provider, model, ...total } = usage.total();
    const data = { by: keys, usage: rows.map((row) => onlyKeys(row, keys)), total };
    return { kind: "data", data, human: human(rows, usage.total(), keys) };
  },
});

const KEYS: readonly UsageKey[] = ["day", "provider", "model"];

function keysIn(input: Input): readonly UsageKey[] {
  const given = input.flag("by")?.split(",");
  if (given?.some((word) => !KEYS.some((key) => key === word))) {
    throw fail("E_INVALID_VALUE", "--by takes some of: day,provider,model");
  }
  return given ? KEYS.filter((key) => given.includes(key)) : KEYS;
}

/** Without the members by which rows are not told apart. */
function onlyKeys(row: UsageRow, keys: readonly UsageKey[]) {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([name]) => !KEYS.some((key) => key === name) || keys.some((key) => key === name),
    ),
  );
}

const HEADINGS: Readonly<Record<UsageKey, string>> = { day: "Day", provider: "Provider", model: "Model" };

function human(rows: readonly UsageRow[], total: UsageRow, keys: readonly UsageKey[]): string {
  if (rows.length === 0) return "No requests.";
  const numbers = (row: UsageRow) =>
    [row.requests, row.refused, row.failed, row.tokens_in, row.tokens_out, row.bytes_up, row.bytes_down].map(
      String,
    );
  const cells = rows.map((row) => [...keys.map((key) => row[key] ?? "-"), ...numbers(row)]);
  const last = [...keys.map((_, index) => (index === 0 ? "Total" : "")), ...numbers(total)];
  const headings = ["Requests", "Refused", "Failed", "Tokens in", "Tokens out", "Up", "Down"];
  return table([...keys.map((key) => HEADINGS[key]), ...headings], [...cells, last]);
}
