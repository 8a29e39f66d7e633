/**
 * What the completion scripts ask gum-cred for while a person waits for a key's effect: names only. Never prompts,
 * never takes long, and says nothing when it fails.
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { GUMLOOP_SERVICE, profileName } from "../../gumloop/stored.ts";
import type { Keychain } from "../../keychain/keychain.ts";
import { OWN_SERVICE } from "../../keychain/keychain.ts";
import { PROVIDERS } from "../../providers/registry.ts";
import type { Ports } from "../../resolve/ports.ts";
import type { List } from "./model.ts";
import { rememberedNames } from "./remembered-names.ts";

/** For each of the two looks into the keychain. */
const TIMEOUT_MS = 400;
/** Accounts of vendors' keys: `llm:personal:PROFILE:PROVIDER` (resolve/levels.ts). */
const PERSONAL = "llm:personal:";

/** The names, one a line; nothing when they cannot be had. */
export async function listed(list: List, ports: Ports): Promise<string> {
  try {
    const names = list === "providers" ? await providers(ports) : await profiles(ports.raw);
    return names.map((name) => `${name}\n`).join("");
  } catch {
    return "";
  }
}

async function providers(ports: Ports): Promise<readonly string[]> {
  return [...PROVIDERS.map(({ id }) => id), ...(await ports.installed.summaries()).ids()];
}

/** The profiles that something is stored under, by the names of the entries. */
async function profiles(raw: RawEnvironment): Promise<readonly string[]> {
  const { openKeychain } = await import("../../keychain/choose.ts");
  const memory = rememberedNames(raw, Date.now(), keep);
  const options = { timeoutMs: TIMEOUT_MS, mayPrompt: false, listMemory: memory };
  const keychain: Keychain = await openKeychain(options);
  try {
    const found: string[] = [];
    for (const service of [GUMLOOP_SERVICE, OWN_SERVICE]) {
      for (const account of await keychain.list(service)) found.push(profileIn(service, account));
    }
    return [...new Set(found)].filter((name) => name !== "").toSorted();
  } finally {
    keychain.close();
    memory.save();
  }
}

/** As much of an account as names its profile, with the same meaning to {@link profileIn}; empty where none is named. */
function keep(service: string, account: string): string {
  const profile = profileIn(service, account);
  if (profile === "") return "";
  return service === OWN_SERVICE ? `${PERSONAL}${profile}:` : `${profile}:`;
}

/** The profile that an account belongs to. Whatever else is stored there must not reach a shell. */
function profileIn(service: string, account: string): string {
  const isKey = account.startsWith(PERSONAL);
  if (service === OWN_SERVICE && !isKey) return "";
  const [name = "", ...rest] = (service === OWN_SERVICE ? account.slice(PERSONAL.length) : account).split(
    ":",
  );
  if (service === OWN_SERVICE && rest.length === 0) return "";
  try {
    return profileName(name);
  } catch {
    return "";
  }
}
