/** `gum-cred keys import`: from a dotenv file into the keychain. */

import type { ImportPlan } from "../../../app/keys/import.ts";
import type { StoredKey } from "../../../app/keys/keys.ts";
import type { Level } from "../../../core/credential.ts";
import { GumCredError } from "../../../core/errors.ts";
import { masked } from "../../../core/secret.ts";
import { table } from "../../../output/table.ts";
import type { Provider } from "../../../providers/contract.ts";
import { type Command, type Context, LEVEL_FLAG, levelIn } from "../../command.ts";

export const keysImport: Command = {
  name: "keys import",
  summary: "Store the LLM keys of a dotenv file in the OS keychain",
  args: [{ name: "FILE", summary: "a dotenv file; '-' is stdin", required: true }],
  flags: [
    { ...LEVEL_FLAG, summary: "whose keys they are (default: personal)" },
    { name: "dry-run", summary: "show the plan and change nothing" },
    { name: "no-verify", summary: "store them without asking the vendors" },
  ],
  details: "Vendors are recognised by the names of their variables. The file is never changed or deleted.",
  examples: [
    { line: "gum-cred keys import .env --dry-run", about: "what would be stored" },
    { line: "gum-cred keys import - < .env", about: "from stdin" },
  ],
  run: async (context, input) => {
    const { ports, scope } = context;
    const { allVendors } = await import("../../../app/providers.ts");
    const { planImport } = await import("../../../app/keys/import.ts");
    const { fileText, stdinText } = await import("../../secret-input.ts");
    const file = input.positional[0] ?? "";
    const text = file === "-" ? await stdinText("keys import") : await fileText(file, "keys import");
    const plan = planImport(text, await allVendors(ports));
    const level = levelIn(input) ?? "personal";
    const { refuseSeveral } = await import("../../../app/keys/verify.ts");
    if (scope.baseUrlFlag && plan.keys.length > 1) refuseSeveral(plan.keys.length);
    const { allowKey } = await import("../../../app/keys/keys.ts");
    // Every refusal comes before the first key is stored.
    for (const { provider } of plan.keys) await allowKey({ provider, level }, scope, ports);
    tell(plan, context);
    const outcomes = input.has("dry-run")
      ? []
      : await storeAll(plan, level, !input.has("no-verify"), context);
    if (outcomes.length > 0 && file !== "-") {
      ports.note(`note: the file still holds the keys; delete it with: shred -u -- '${file}'`);
    }
    const error = outcomes.find((outcome) => outcome.error)?.error ?? undefined;
    return { kind: "data", data: data(plan, outcomes, level), human: human(plan, outcomes, level), error };
  },
};

interface Outcome {
  readonly provider: Provider;
  readonly stored: StoredKey | null;
  readonly error: GumCredError | null;
}

/** Stores each key on its own: one that its vendor rejects does not keep the others out. */
async function storeAll(
  plan: ImportPlan,
  level: Level,
  check: boolean,
  { scope, ports }: Context,
): Promise<readonly Outcome[]> {
  const { storeKey } = await import("../../../app/keys/keys.ts");
  const { usable } = await import("../../secret-input.ts");
  const outcomes: Outcome[] = [];
  for (const { provider, variable, key, companions } of plan.keys) {
    try {
      usable(key, `value of ${variable}`);
      const stored = await storeKey({ provider, level }, key, { check, companions }, scope, ports);
      outcomes.push({ provider, stored, error: null });
    } catch (error) {
      if (!(error instanceof GumCredError) || error.exitCode === 4) throw error;
      outcomes.push({ provider, stored: null, error });
    }
  }
  return outcomes;
}

function tell(plan: ImportPlan, { ports }: Context): void {
  for (const name of plan.outranked) ports.note(`note: ${name} is left out: another variable outranks it`);
  for (const name of plan.gumloop) ports.note(`note: ${name} is left out: store it with 'gum-cred login'`);
  if (plan.others > 0) ports.note(`note: ${plan.others} other variables are left alone`);
}

function data(plan: ImportPlan, outcomes: readonly Outcome[], level: Level) {
  return {
    status: "ok",
    keys: plan.keys.map(({ provider, variable, key }) => {
      const outcome = outcomes.find((one) => one.provider === provider);
      return {
        provider: provider.id,
        level,
        variable,
        masked: masked(key),
        stored: outcome?.stored != null,
        verdict: outcome?.stored?.verdict ?? null,
        error: outcome?.error?.code ?? null,
      };
    }),
  };
}

function human(plan: ImportPlan, outcomes: readonly Outcome[], level: Level): string {
  if (plan.keys.length === 0) return "No LLM vendor's variable is in there.";
  const rows = plan.keys.map(({ provider, variable, key }) => {
    const outcome = outcomes.find((one) => one.provider === provider);
    return [provider.id, level, variable, masked(key), said(outcome)];
  });
  return table(["Provider", "Level", "Variable", "Key", ""], rows);
}

function said(outcome: Outcome | undefined): string {
  if (!outcome) return "would be stored";
  if (outcome.error) return outcome.error.message;
  return outcome.stored?.verdict ? `stored (${outcome.stored.verdict})` : "stored, unverified";
}
