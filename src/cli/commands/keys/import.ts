/** `gum-cred keys import`: from a dotenv file into the keychain. */

import type { ImportPlan } from "../../../app/keys/import.ts";
import type { StoredKey } from "../../../app/keys/keys.ts";
import type { Level } from "../../../core/credential.ts";
import { GumCredError } from "../../../core/errors.ts";
import { masked } from "../../../core/secret.ts";
import { OWN_SERVICE } from "../../../keychain/keychain.ts";
import { isTerminal } from "../../../os/streams/is-terminal.ts";
import { table } from "../../../output/table.ts";
import type { Provider } from "../../../providers/contract.ts";
import { type Context, defineCommand, LEVEL_FLAG } from "../../command.ts";

export const keysImport = defineCommand({
  args: [{ name: "FILE", summary: "a dotenv file; '-' is stdin", required: true }],
  flags: [
    { ...LEVEL_FLAG, summary: "whose keys they are (default: personal)" },
    { name: "dry-run", summary: "show the plan and change nothing" },
    { name: "no-verify", summary: "store them without asking the vendors" },
  ],
  details:
    "FILE may be a file, a pipe or a descriptor, in UTF-8, or in UTF-16 with a byte order mark. Vendors are recognised by the names of their variables. Placeholders, references and values whose quotation mark is not closed are refused. The file is never changed or deleted.",
  examples: [
    { line: "gum-cred keys import .env --dry-run", about: "what would be stored" },
    { line: "gum-cred keys import - < .env", about: "from stdin" },
  ],
  run: async (context, { args, flags }) => {
    const { ports, scope } = context;
    const { allVendors } = await import("../../../app/providers.ts");
    const { planImport } = await import("../../../app/keys/import.ts");
    const { givenText } = await import("../../secret-input.ts");
    const path = args.file;
    const vendors = await allVendors(ports);
    const { allowKey, checkPlace } = await import("../../../app/keys/keys.ts");
    const level = flags.level ?? "personal";
    // What would be refused whatever is given is refused before a person pastes it.
    for (const provider of vendors.slice(0, 1)) checkPlace({ provider, level }, scope);
    const { requireKeychain, unlockIfLocked } = await import("../../../app/keychain.ts");
    if (path === "-" && isTerminal(0)) await requireKeychain(ports);
    const { text, source, regular, onlyName } = await givenText(path, "lines of the dotenv file", context);
    const plan = planImport(text, vendors, source);
    const { refuseSeveral } = await import("../../../app/keys/verify.ts");
    if (scope.baseUrlFlag && plan.keys.length > 1) refuseSeveral(plan.keys.length);
    if (plan.keys.length > 0) {
      const { askersOf } = await import("../../system-dialog.ts");
      await unlockIfLocked(askersOf(context), ports);
    }
    // Every refusal comes before the first key is stored.
    for (const { provider } of plan.keys) await allowKey({ provider, level }, scope, ports);
    tell(plan, context);
    const check = !flags["no-verify"];
    const dry = flags["dry-run"];
    if (dry) await requireOpenKeychain(plan, context);
    const outcomes = dry ? [] : await storeAll(plan, level, check, context);
    const stored = outcomes.filter((outcome) => outcome.stored !== null);
    const whole = plan.refused.length === 0 && stored.length === outcomes.length;
    if (regular && stored.length > 0) {
      const { cleanUpNote } = await import("../../../app/keys/clean-up.ts");
      const lines = plan.keys.filter(({ provider }) =>
        stored.some((outcome) => outcome.provider === provider),
      );
      ports.note(cleanUpNote(path, lines, whole && onlyName && !plan.holdsMore));
    }
    const error = outcomes.find((outcome) => outcome.error)?.error ?? plan.refused[0]?.error;
    return {
      kind: "data",
      data: { status: whole ? "ok" : "partial", dry_run: dry, keys: rows(plan, outcomes, level) },
      human: human(plan, outcomes, level, check),
      error,
    };
  },
});

interface Outcome {
  readonly provider: Provider;
  readonly stored: StoredKey | null;
  readonly error: GumCredError | null;
}

/** A dry run says what the run would: also that there is no keychain to store in, or that it is locked. */
async function requireOpenKeychain(plan: ImportPlan, { ports }: Context): Promise<void> {
  if (plan.keys.length === 0) return;
  await (await ports.keychain()).list(OWN_SERVICE);
}

/** Stores each key on its own: one that its vendor rejects does not keep the others out. */
async function storeAll(
  plan: ImportPlan,
  level: Level,
  check: boolean,
  { scope, ports }: Context,
): Promise<readonly Outcome[]> {
  const { storeKey } = await import("../../../app/keys/keys.ts");
  const outcomes: Outcome[] = [];
  for (const { provider, key, companions } of plan.keys) {
    try {
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
  for (const { error } of plan.refused) ports.note(`note: ${error.message}`);
  for (const name of plan.outranked) ports.note(`note: ${name} is left out: another variable outranks it`);
  for (const { name, line } of plan.replaced)
    ports.note(`note: ${name} in line ${line} is left out: a later line sets it again`);
  for (const name of plan.gumloop) ports.note(`note: ${name} is left out; store it with 'gum-cred login'`);
  if (plan.others === 1) ports.note("note: one other variable is left alone");
  if (plan.others > 1) ports.note(`note: ${plan.others} other variables are left alone`);
}

function rows(plan: ImportPlan, outcomes: readonly Outcome[], level: Level) {
  const planned = plan.keys.map(({ provider, variable, key }) => {
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
  });
  const refused = plan.refused.map(({ provider, variable, line, error }) => ({
    provider: provider.id,
    level,
    variable,
    line,
    masked: null,
    stored: false,
    verdict: null,
    error: error.code,
  }));
  return [...planned, ...refused];
}

function human(plan: ImportPlan, outcomes: readonly Outcome[], level: Level, check: boolean): string {
  if (plan.keys.length + plan.refused.length === 0) return "No LLM vendor's variable is in there.";
  const planned = plan.keys.map(({ provider, variable, key }) => {
    const outcome = outcomes.find((one) => one.provider === provider);
    return [provider.id, level, variable, masked(key), said(outcome, check)];
  });
  const refused = plan.refused.map(({ provider, variable, line }) => [
    provider.id,
    level,
    variable,
    "",
    `refused (line ${line})`,
  ]);
  return table(["Provider", "Level", "Variable", "Key", ""], [...planned, ...refused]);
}

function said(outcome: Outcome | undefined, check: boolean): string {
  if (!outcome) return check ? "would be verified, then stored" : "would be stored, unverified";
  if (outcome.error) return outcome.error.message;
  return outcome.stored?.verdict ? `stored (${outcome.stored.verdict})` : "stored, unverified";
}
