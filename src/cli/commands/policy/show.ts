/** `gum-cred policy show`: the organisation's rules in force. */
import { table } from "../../../output/table.ts";
import type { ConfiguredSource, Policy, Rules } from "../../../resolve/policy.ts";
import { defineCommand } from "../../command.ts";

export const policyShow = defineCommand({
  name: "policy show",
  summary: "Show the organisation's rules in force",
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
    return { whose, provider, ...described(rule.source) };
  });
}

function described(source: ConfiguredSource): { readonly rule: string; readonly detail: string } {
  switch (source.kind) {
    case "command":
      return { rule: "command", detail: source.argv.join(" ") };
    case "path":
      return { rule: "file", detail: source.path };
    case "policy-variable":
      return { rule: "env", detail: source.variable };
    case "policy-keychain":
      return { rule: "keychain", detail: "" };
  }
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
