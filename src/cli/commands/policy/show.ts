/** `gum-cred policy show`: the organisation's rules in force. */
import { table } from "../../../output/table.ts";
import type { Policy, Rules, SourceOptions, UseRules } from "../../../resolve/policy.ts";
import { sourceKind, sourceLocation } from "../../../resolve/source-names.ts";
import { defineCommand } from "../../command.ts";

export const policyShow = defineCommand({
  args: [],
  flags: [],
  examples: [{ line: "gum-cred policy show --json", about: "for programs" }],
  run: async ({ ports }) => {
    const policy = await ports.policy();
    const rows = [
      ...ruleRows("organization", policy.providers),
      ...[...policy.teams].flatMap(([team, rules]) => ruleRows(`team ${team}`, rules)),
    ];
    return { kind: "data", data: data(policy, rows), human: human(policy, rows) };
  },
});

interface RuleRow {
  readonly whose: string;
  readonly provider: string;
  readonly rule: string;
  readonly detail: string;
}

function ruleRows(whose: string, rules: Rules): RuleRow[] {
  return [...rules].map(([provider, rule]) => {
    if (rule.kind === "deny") return { whose, provider, rule: "deny", detail: "" };
    if (rule.kind === "broker") return { whose, provider, rule: "use", detail: limits(rule) };
    const where = rule.source.kind === "policy-keychain" ? "" : sourceLocation(rule.source, "");
    const detail = [where, options(rule.source), limits(rule)];
    return { whose, provider, rule: sourceKind(rule.source), detail: detail.filter(Boolean).join("; ") };
  });
}

function options({ cacheS, staleOkS }: SourceOptions): string {
  const kept = cacheS ? `kept ${cacheS} s` : "";
  return [kept, staleOkS ? `stands in for ${staleOkS} s more` : ""].filter(Boolean).join(", ");
}

function limits({ exportable, allow = [] }: UseRules): string {
  const lists = allow.map((list) => `allows ${list.join(", ")}`);
  return [...(exportable === false ? ["broker only"] : []), ...lists].join("; ");
}

function data(policy: Policy, rows: readonly RuleRow[]) {
  return { organization: policy.organization, files: policy.files, rules: rows };
}

function human(policy: Policy, rows: readonly RuleRow[]): string {
  if (policy.files.length === 0) return "No policy is in force on this machine.";
  const whose = policy.organization ? `Policy of ${policy.organization.name}` : "Policy";
  const cells = rows.map(({ whose, provider, rule, detail }) => [whose, provider, rule, detail]);
  return `${whose} (${policy.files.join(", ")})\n\n${table(["Level", "Provider", "Rule", ""], cells)}`;
}
