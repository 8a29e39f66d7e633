/** `gum-cred keys verify`: what the vendors say about the keys in force. */
import type { KeyVerdict } from "../../../app/keys/verify.ts";
import { table } from "../../../output/table.ts";
import { type Context, defineCommand } from "../../command.ts";

export const keysVerify = defineCommand({
  name: "keys verify",
  summary: "Ask the vendors whether the keys in force still work",
  args: [{ name: "PROVIDER", summary: "only these vendors (default: every one with a key)", many: true }],
  flags: [],
  details:
    "Each request costs nothing. A vendor's own base-URL variable is respected; --base-url wins. Exit code 3\n" +
    "when a key is rejected, 5 when a vendor cannot be reached.",
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

function verdictRow({ listed, verdict, message }: KeyVerdict) {
  const { provider, credential } = listed;
  return { provider: provider.id, level: credential.level, source: credential.source, verdict, message };
}

function verdictTable(verdicts: readonly KeyVerdict[], { ports }: Context): string {
  if (verdicts.length === 0) ports.note("there are no LLM keys to verify");
  const rows = verdicts.map(({ listed, verdict, message }) => [
    listed.provider.id,
    listed.credential.level ?? "",
    verdict,
    message,
  ]);
  return rows.length === 0 ? "" : table(["Provider", "Level", "Verdict", ""], rows);
}
