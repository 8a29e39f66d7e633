/** Policy files for tests: writable by their owner alone, and named by the variable. */
import { chmodSync, writeFileSync } from "node:fs";

/** Writes a policy with these providers (or the text itself) and gives the variables that put it in force. */
export function writePolicy(path: string, providers: object | string): Record<string, string> {
  const text = typeof providers === "string" ? providers : JSON.stringify({ version: 1, providers });
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return { GUM_CRED_POLICY: path };
}
