/**
 * The settings that belong to a vendor's key, such as an endpoint or a region: kept beside a stored key, exported with
 * the key. A stored key has the stored ones; any other has those of the environment. Not secret. Loaded only for
 * vendors that have any.
 */
import type { Credential } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import type { ProviderExports } from "../core/exports.ts";
import { reveal, secret } from "../core/secret.ts";
import { type Keychain, OWN_SERVICE } from "../keychain/keychain.ts";
import type { CompanionSpec, Provider } from "../providers/contract.ts";
import type { Ports } from "../resolve/ports.ts";

/** Values by the companion's name. */
export type Companions = ReadonlyMap<string, string>;

/** Account of the settings beside a key's account. */
export function settingsAccount(account: string): string {
  return `${account}:settings`;
}

/** The companions of a credential. Throws the keychain's errors. */
export async function companionsOf(
  provider: Provider,
  credential: Credential,
  ports: Ports,
): Promise<Companions> {
  const stored = await storedWith(provider, credential, ports);
  const here = environmentCompanions(provider, ports);
  return stored.size === 0 ? here : stored;
}

/** Those that the user's own variables set. */
export function environmentCompanions(provider: Provider, { environment }: Ports): Companions {
  return companionsIn(provider, (name) => environment.get(name));
}

/** Those among these variables; a value that makes no sense is left alone. */
export function companionsIn(
  { companions = [] }: Provider,
  variable: (name: string) => string | null,
): Companions {
  const found = new Map<string, string>();
  for (const spec of companions) {
    const value = spec.variables.map(variable).find((set) => set !== null);
    if (value && spec.pattern.test(value)) found.set(spec.name, value);
  }
  return found;
}

/** What `keys set --with NAME=VALUE` gives. Throws E_USAGE, E_INVALID_VALUE. */
export function givenCompanions(provider: Provider, given: readonly string[]): Companions {
  return new Map(given.map((text) => givenCompanion(provider, text)));
}

function givenCompanion({ title, companions = [] }: Provider, text: string): readonly [string, string] {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(at, 0)).toLowerCase().replaceAll("-", "_");
  const spec = companions.find((one) => one.name === name || one.variables.includes(name.toUpperCase()));
  if (!spec) {
    const names = companions.map((one) => `${one.name}=${one.example}`).join(", ");
    throw fail("E_USAGE", `a key for ${title} has no such setting`, names && `it takes ${names}`);
  }
  const value = text.slice(at + 1);
  if (spec.pattern.test(value)) return [spec.name, value];
  throw fail("E_INVALID_VALUE", `that is not a valid ${spec.name}`, `such as ${spec.name}=${spec.example}`);
}

/** Stores them beside the key of an account. */
export async function writeCompanions(
  keychain: Keychain,
  account: string,
  companions: Companions,
): Promise<void> {
  if (companions.size === 0) return;
  const text = JSON.stringify(Object.fromEntries(companions));
  await keychain.write(OWN_SERVICE, settingsAccount(account), secret(text));
}

/** The stored ones of an account. One that is not what gum-cred wrote is absent. */
export async function readCompanions(
  provider: Provider,
  keychain: Keychain,
  account: string,
): Promise<Companions> {
  const name = settingsAccount(account);
  const value = (await keychain.read(OWN_SERVICE, [name])).get(name);
  const json = value ? parsed(reveal(value)) : {};
  const found = new Map<string, string>();
  for (const spec of provider.companions ?? []) {
    const text = Object.hasOwn(json, spec.name) ? Reflect.get(json, spec.name) : null;
    if (typeof text === "string" && spec.pattern.test(text)) found.set(spec.name, text);
  }
  return found;
}

/** A vendor's share of the exports with its companions added. */
export async function withCompanions(
  share: ProviderExports,
  provider: Provider,
  credential: Credential,
  ports: Ports,
): Promise<ProviderExports> {
  const stored = await storedWith(provider, credential, ports);
  const set = new Map(share.set);
  const fromStorage = [...share.fromStorage];
  for (const spec of provider.companions ?? []) {
    const value = stored.get(spec.name);
    for (const name of spec.variables) {
      const own = ports.environment.get(name);
      if (value !== undefined) {
        set.set(name, secret(value));
        fromStorage.push(name);
      } else if (stored.size === 0 && own !== null && spec.pattern.test(own)) set.set(name, secret(own));
    }
  }
  return { set, unset: share.unset, fromStorage };
}

/** Every variable that a provider's companions may be exported in. */
export function companionVariables({ companions = [] }: Provider): readonly string[] {
  return companions.flatMap(({ variables }: CompanionSpec) => variables);
}

async function storedWith(provider: Provider, credential: Credential, ports: Ports): Promise<Companions> {
  if (credential.source !== "keychain" || !provider.companions?.length) return new Map();
  const account = credential.location.slice(OWN_SERVICE.length + 1);
  return readCompanions(provider, await ports.keychain(), account);
}

function parsed(text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json : {};
  } catch {
    return {};
  }
}
