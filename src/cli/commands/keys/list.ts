/** `gum-cred keys list`: the keys of every level, and which one wins. */
import type { ListedKey } from "../../../app/keys/keys.ts";
import { masked } from "../../../core/secret.ts";
import { table } from "../../../output/table.ts";
import { defineCommand } from "../../command.ts";
import { keptFields, keptText } from "../../kept.ts";

export const keysList = defineCommand({
  args: [{ name: "PROVIDER", summary: "only these vendors", many: true }],
  flags: [],
  examples: [{ line: "gum-cred keys list --json", about: "for programs" }],
  run: async ({ ports, scope, globals }, input) => {
    const { providerNamed } = await import("../../../app/providers.ts");
    const wanted = await Promise.all(input.args.provider.map((name) => providerNamed(name, ports)));
    const { checkPlace, listKeys } = await import("../../../app/keys/keys.ts");
    for (const provider of wanted) checkPlace({ provider, level: "personal" }, scope);
    const { keys, errors: all } = await listKeys(scope, ports, wanted);
    // A vendor that nobody asked for and the organisation denies has no key to list; that is no error.
    const isAskedFor = (code: string) => wanted.length > 0 || code !== "E_POLICY_DENIED";
    const errors = new Map([...all].filter(([, { code }]) => isAskedFor(code)));
    const unread = [...errors].map(([{ id }, { code, message }]) => ({ provider: id, code, message }));
    // With --json stderr is the one error object, so that it can be parsed.
    const [error] = errors.values();
    // A keychain that cannot be read is one failure, not one of each vendor.
    const told = unread.filter(({ message }) => error?.exitCode !== 4 || message !== error.message);
    if (!globals.json) for (const { provider, message } of told) ports.warn(`${provider}: ${message}`);
    const data = { keys: keys.map((key) => row(key, ports.now())), errors: unread };
    return { kind: "data", data, human: keys.length === 0 && error ? "" : human(keys, ports.now()), error };
  },
});

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
