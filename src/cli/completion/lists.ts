/**
 * What the completion scripts ask gum-cred for while a person waits for a key's effect: names only. Never prompts,
 * never takes long, and says nothing when it fails.
 */

import { GUMLOOP_SERVICE, profileName } from "../../gumloop/stored.ts";
import type { Keychain } from "../../keychain/keychain.ts";
import { OWN_SERVICE } from "../../keychain/keychain.ts";
import { PROVIDERS } from "../../providers/registry.ts";
import type { Ports } from "../../resolve/ports.ts";
import type { List } from "./model.ts";

/** For each of the two looks into the keychain. */
const TIMEOUT_MS = 400;

/** The names, one a line; nothing when they cannot be had. */
export async function listed(list: List, ports: Ports): Promise<string> {
  try {
    const names = list === "providers" ? await providers(ports) : await profiles();
    return names.map((name) => `${name}\n`).join("");
  } catch {
    return "";
  }
}

async function providers(ports: Ports): Promise<readonly string[]> {
  return [...PROVIDERS.map(({ id }) => id), ...(await ports.installed.summaries()).ids()];
}

/** The profiles that something is stored under, by the names of the entries. */
async function profiles(): Promise<readonly string[]> {
  const { openKeychain } = await import("../../keychain/choose.ts");
  const keychain: Keychain = await openKeychain({ timeoutMs: TIMEOUT_MS, mayPrompt: false });
  try {
    const gumloop = await keychain.list(GUMLOOP_SERVICE);
    const own = await keychain.list(OWN_SERVICE);
    const found = [
      ...gumloop.map((account) => account.split(":")[0]),
      ...own.map((account) => /^llm:personal:([^:]+):/.exec(account)?.[1]),
    ];
    return [
      ...new Set(found.flatMap((name) => (name !== undefined && isProfileName(name) ? [name] : []))),
    ].toSorted();
  } finally {
    keychain.close();
  }
}

/** Whatever else is stored there must not reach a shell. */
function isProfileName(name: string): boolean {
  try {
    return profileName(name) === name;
  } catch {
    return false;
  }
}
