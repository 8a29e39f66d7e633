/** `gum-cred keys list` and `keys verify`: what there is, and what the vendors say about it. */
import type { ListedKey } from "../../../app/keys/keys.ts";
import type { KeyVerdict } from "../../../app/keys/verify.ts";
import { masked } from "../../../core/secret.ts";
import { table } from "../../../output/table.ts";
import type { Command, Context } from "../../command.ts";
import { keptFields, keptText } from "../../kept.ts";

export const keysList: Command = {
  name: "keys list",
  summary: "List the LLM keys of every level, masked, and which one wins",
  args: [],
  flags: [],
  examples: [{ line: "gum-cred keys list --json", about: "for programs" }],
  run: async ({ ports, scope, globals }) => {
    const { listKeys } = await import("../../../app/keys/keys.ts");
    const { keys, errors } = await listKeys(scope, ports);
    const unread = [...errors].map(([{ id }, { code, message }]) => ({ provider: id, code, message }));
    // With --json stderr is the one error object, so that it can be parsed.
    if (!globals.json) for (const { provider, message } of unread) ports.warn(`${provider}: ${message}`);
    const [error] = errors.values();
    const data = { keys: keys.map((key) => row(key, ports.now())), errors: unread };
    return { kind: "data", data, human: keys.length === 0 && error ? "" : human(keys, ports.now()), error };
  },
};

export const keysVerify: Command = {
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
    const verdicts = await verifyKeys(input.args, context.scope, context.ports);
    return {
      kind: "data",
      data: { keys: verdicts.map(verdictRow) },
      human: verdictTable(verdicts, context),
      error: worst(verdicts),
    };
  },
};

function row({ provider, explanation, credential, note }: ListedKey, now: number) {
  return {
    provider: provider.id,
    level: credential.level,
    source: credential.source,
    location: credential.location,
    masked: masked(credential.value),
    stored_at: note?.storedAt ?? null,
    last_verdict: note?.verdict ?? null,
    verified_at: note?.verifiedAt ?? null,
    wins: explanation.state === "selected",
    ...keptFields(credential, now),
  };
}

function human(keys: readonly ListedKey[], now: number): string {
  if (keys.length === 0) return "No LLM keys. Run 'gum-cred keys set PROVIDER' to store one.";
  const rows = keys.map(({ provider, explanation, credential, note }) => [
    provider.id,
    credential.level ?? "",
    masked(credential.value),
    keptText(credential.location, credential, now),
    note ? age(note.storedAt, now) : "",
    note?.verdict ?? "",
    explanation.state === "selected" ? "wins" : explanation.reason,
  ]);
  return table(["Provider", "Level", "Key", "From", "Age", "Last verdict", ""], rows);
}

function age(storedAt: string, now: number): string {
  const days = Math.floor((now - Date.parse(storedAt)) / 86_400_000);
  return days < 1 ? "today" : days === 1 ? "1 day" : `${days} days`;
}

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
