/** `gum-cred policy show` and `policy check`: the organisation's rules in force, and whether a file is valid. */
import { fail } from "../../../core/errors.ts";
import { table } from "../../../output/table.ts";
import type { ConfiguredSource, KeyUse, Policy, Rules } from "../../../resolve/policy.ts";
import { federationLocation } from "../../../resolve/sources/federation/settings.ts";
import { vaultLocation } from "../../../resolve/sources/vault/settings.ts";
import type { Command } from "../../command.ts";

export const policyShow: Command = {
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
};

export const policyCheck: Command = {
  name: "policy check",
  summary: "Say everything that is wrong with a policy file",
  args: [{ name: "FILE", summary: "the file", required: true }],
  flags: [],
  details:
    "Names every problem at once with its JSON path. Exit code 7 when there is one, 6 when the file itself is unsafe.",
  examples: [{ line: "gum-cred policy check ./policy.json", about: "before it is deployed" }],
  run: async (_context, input) => {
    const { checkPolicyFile } = await import("../../../resolve/policy-file.ts");
    const file = input.args[0] ?? "";
    const problems = await checkPolicyFile(file);
    const error =
      problems.length === 0
        ? undefined
        : fail(
            "E_POLICY_INVALID",
            `the file has ${problems.length} problem${problems.length > 1 ? "s" : ""}`,
          );
    return {
      kind: "data",
      data: { file, valid: problems.length === 0, problems },
      human:
        problems.length === 0
          ? "The policy is valid."
          : problems.map((one) => `${one.path}: ${one.message}\n`).join(""),
      error,
    };
  },
};

interface RuleRow {
  readonly whose: string;
  readonly provider: string;
  readonly rule: string;
  readonly detail: string;
}

function ruleRows(whose: string, rules: Rules): RuleRow[] {
  return [...rules].map(([provider, rule]) => {
    if (rule.kind === "deny") return { whose, provider, rule: "deny", detail: "" };
    if (rule.kind === "use") return { whose, provider, rule: "use", detail: limits(rule) };
    const { rule: kind, detail } = described(rule.source);
    return { whose, provider, rule: kind, detail: [detail, limits(rule)].filter(Boolean).join("; ") };
  });
}

function limits(use: Partial<KeyUse>): string {
  const allow = use.allow ? `broker allows ${use.allow.join(", ") || "nothing"}` : "";
  return [use.exportable === false ? "only by the broker" : "", allow].filter(Boolean).join("; ");
}

function described(source: ConfiguredSource): { readonly rule: string; readonly detail: string } {
  switch (source.kind) {
    case "command":
      return { rule: "command", detail: source.argv.join(" ") };
    case "path":
      return { rule: "file", detail: source.path };
    case "policy-variable":
      return { rule: "env", detail: source.variable };
    case "vault":
      return { rule: "vault", detail: vaultLocation(source.vault) };
    case "federation":
      return { rule: "federation", detail: federationLocation(source.federation) };
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
