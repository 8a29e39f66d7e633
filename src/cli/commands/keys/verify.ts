/** `gum-cred keys verify`: what the vendors say about the keys in force. */
import type { KeyVerdict } from "../../../app/keys/verify.ts";
import { table } from "../../../output/table.ts";
import { type Context, defineCommand } from "../../command.ts";

export const keysVerify = defineCommand({
  args: [{ name: "PROVIDER", summary: "only these vendors (default: every one with a key)", many: true }],
  flags: [],
  details:
    "Each request costs nothing. A vendor's own base-URL variable is respected, but not for an organisation's\n" +
    "key; --base-url goes with one vendor. Exit code 3 when a key is rejected, else 5 when one could not be\n" +
    "verified. A vendor that the policy denies is left out, and an error when it is named.",
  examples: [{ line: "gum-cred keys verify openai anthropic", about: "two of them" }],
  run: async (context, input) => {
    const { verifyKeys, worst } = await import("../../../app/keys/verify.ts");
    const verdicts = await verifyKeys(input.args.provider, context.scope, context.ports);
    return {
      kind: "data",
      data: { keys: verdicts.map(verdictRow) },
      human: verdictTable(verdicts, context),
      error: worst(verdicts),
    };
  },
});

function verdictRow({ provider, credential, verdict, message }: KeyVerdict) {
  const { level = null, source = null } = credential ?? {};
  return { provider: provider.id, level, source, verdict, message };
}

function verdictTable(verdicts: readonly KeyVerdict[], { ports }: Context): string {
  if (verdicts.length === 0) ports.note("there are no LLM keys to verify");
  const rows = verdicts.map(({ provider, credential, verdict, message }) => [
    provider.id,
    credential?.level ?? "",
    verdict,
    message,
  ]);
  return rows.length === 0 ? "" : table(["Provider", "Level", "Verdict", ""], rows);
}
