/** `gum-cred keychain`: which keychain is in force, whether it is open, and what it holds. */
import type { KeychainReport } from "../../../app/keychain.ts";
import { facts, table } from "../../../output/table.ts";
import { defineCommand } from "../../command.ts";

export const keychain = defineCommand({
  args: [],
  flags: [],
  details:
    "Reads no value and never shows a dialog. GUM_CRED_KEYCHAIN chooses another one: secret-service, kwallet,\n" +
    "macos-keychain or windows-credential-manager. Exit code 4 when it cannot be used.",
  examples: [
    { line: "gum-cred keychain", about: "what is stored on this machine" },
    { line: "GUM_CRED_KEYCHAIN=kwallet gum-cred keychain", about: "look into another keychain" },
  ],
  run: async ({ ports }) => {
    const { inspectKeychain } = await import("../../../app/keychain.ts");
    const report = await inspectKeychain(ports);
    const { backend, state, reason, entries, error } = report;
    return {
      kind: "data",
      data: { backend, state, reason, entries },
      human: human(report),
      error: error ?? undefined,
    };
  },
});

function human({ backend, state, reason, entries }: KeychainReport): string {
  const head = facts([
    ["Keychain", backend],
    ["State", state],
    ["Because", reason],
  ]);
  if (entries === null) return head;
  if (entries.length === 0) return `${head}\nNothing of gum-cred's is stored in it.`;
  const rows = entries.map(({ service, account }) => [service, account]);
  return `${head}\n${table(["Service", "Account"], rows)}`;
}
