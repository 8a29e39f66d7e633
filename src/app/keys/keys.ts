/**
 * Storing, listing, removing and verifying LLM vendors' keys. A key is verified before it is stored, and a
 * personal key is refused where the organisation enforces its own.
 */
import type { Credential, Level } from "../../core/credential.ts";
import { fail, type GumCredError } from "../../core/errors.ts";
import { masked, reveal, type Secret } from "../../core/secret.ts";
import { OWN_SERVICE } from "../../keychain/keychain.ts";
import type { Provider, Verdict } from "../../providers/contract.ts";
import { VENDORS } from "../../providers/registry.ts";
import { type Explanation, explain } from "../../resolve/explain.ts";
import { noKey, resolveKeys } from "../../resolve/keys.ts";
import { LEVELS, llmAccount } from "../../resolve/levels.ts";
import {
  deniedError,
  isRuledBySystem,
  organizationName,
  organizationSource,
  teamSource,
} from "../../resolve/policy.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { advisedFor } from "../../resolve/vendor-advice.ts";
import {
  type Companions,
  environmentCompanions,
  readCompanions,
  settingsAccount,
  writeCompanions,
} from "../companions.ts";
import { requireKeychain } from "../keychain.ts";
import { vendorBaseUrl } from "../vendor-base-url.ts";
import { vendorsInPlay } from "../vendors-in-play.ts";
import { type Verification, verify } from "../verify.ts";
import { type KeyNote, noteAccount, readNote, writeNote } from "./key-note.ts";

/** A key of a vendor at a level. */
export interface KeyPlace {
  readonly provider: Provider;
  readonly level: Level;
}

export interface StoreOptions {
  /** Whether the vendor is asked first. */
  readonly check: boolean;
  /** Settings of the key that were given with it. */
  readonly companions: Companions;
}

/** What became of a key that was to be stored. */
export interface StoredKey extends KeyPlace {
  /** The settings that were stored with it. */
  readonly companions: Companions;
  /** Null when it was not asked. */
  readonly verdict: Verdict | null;
  readonly message: string | null;
  /** The masked tail of the key that it replaced; null when there was none. */
  readonly replaced: string | null;
}

/** Throws E_USAGE for a place in which no key can be, before anything is asked or read. */
export function checkPlace({ provider, level }: KeyPlace, scope: Scope): void {
  if (provider.kind !== "llm") {
    throw fail("E_USAGE", "Gumloop's own credential is not an LLM key", "run 'gum-cred login' to store it");
  }
  if (level === "team" && scope.teamId === null) {
    throw fail("E_USAGE", "a team key needs a team", "pass --team-id, or set GUMLOOP_TEAM_ID");
  }
}

/**
 * Refuses a key that policy would never use: the provider is denied, or a stronger level enforces its own.
 * Throws E_POLICY, E_POLICY_DENIED, the error of a stronger level that cannot be read, and E_KEYCHAIN_UNAVAILABLE
 * where there is no keychain to store it in.
 */
export async function allowKey(place: KeyPlace, scope: Scope, ports: Ports): Promise<void> {
  await advisedFor(
    place,
    allowedByPolicy(place, scope, ports).then(() => requireKeychain(ports)),
  );
}

async function allowedByPolicy({ provider, level }: KeyPlace, scope: Scope, ports: Ports): Promise<void> {
  checkPlace({ provider, level }, scope);
  const policy = await ports.policy();
  const denied = deniedError(policy, provider.id, scope.teamId);
  if (denied) throw denied;
  const configured =
    level === "organization"
      ? organizationSource(policy, provider.id, scope.teamId)
      : teamSource(policy, provider.id, scope.teamId);
  if (level !== "personal" && configured?.kind !== "policy-keychain") {
    if (configured || isRuledBySystem(policy, provider.id, scope.teamId)) {
      const what = configured ? "sets another source for" : "decides on";
      throw fail("E_POLICY", `${organizationName(policy)} ${what} the ${level} key for ${provider.id}`);
    }
  }
  if (level === "organization") return;
  const resolutions = await resolveKeys({ providers: [provider], level }, scope, ports);
  const error = resolutions.get(provider)?.error;
  // Its own hint is for who uses a key.
  if (error?.code === "E_POLICY") throw fail("E_POLICY", error.message);
  if (error && !(level === "team" && error.code === "E_POLICY_SOURCE")) throw error;
}

/** The key that is stored at that place. Throws E_NO_CREDENTIAL when none is. */
export async function requireStored(
  { provider, level }: KeyPlace,
  scope: Scope,
  ports: Ports,
): Promise<Secret> {
  const account = llmAccount(level, provider.id, { ...scope, level: null });
  const reading = ports.keychain().then((keychain) => keychain.read(OWN_SERVICE, [account]));
  const stored = (await advisedFor({ provider, level }, reading)).get(account);
  if (!stored) throw noKey(provider, level, scope);
  return stored;
}

/** Throws E_INVALID_VALUE where a "new" key is the stored one: whoever then revokes the old key would have none. */
export function refuseSame(stored: Secret, key: Secret, { title, setupUrl }: Provider): void {
  if (reveal(stored) !== reveal(key)) return;
  throw fail(
    "E_INVALID_VALUE",
    `the same key for ${title} (${masked(key)}) is stored already; nothing was changed`,
    `create a new key at ${setupUrl} and give that one`,
  );
}

/** Verifies and stores a key. When the vendor refuses or cannot be reached, throws and stores nothing. */
export async function storeKey(
  place: KeyPlace,
  key: Secret,
  { check, companions: given }: StoreOptions,
  scope: Scope,
  ports: Ports,
): Promise<StoredKey> {
  const companions = await companionsToStore(place, given, scope, ports);
  const asking = check ? verifyKey(place.provider, key, companions, scope, ports) : null;
  const verification = asking && (await ports.busy(`Asking ${place.provider.title}`, asking));
  const verdict = verification?.assessment?.verdict ?? null;
  if (verification?.error && verdict !== "unverifiable") throw notStored(verification.error);
  const account = llmAccount(place.level, place.provider.id, { ...scope, level: null });
  const keychain = await ports.keychain();
  const before = (await keychain.read(OWN_SERVICE, [account])).get(account);
  const now = new Date(ports.now()).toISOString();
  const note: KeyNote = { storedAt: now, verdict, verifiedAt: verdict && now };
  await keychain.write(OWN_SERVICE, noteAccount(account), writeNote(key, note, ports.digest));
  await writeCompanions(keychain, account, companions);
  await keychain.write(OWN_SERVICE, account, key);
  return {
    ...place,
    companions,
    verdict,
    message: verification?.assessment?.message ?? null,
    replaced: before && reveal(before) !== reveal(key) ? masked(before) : null,
  };
}

/** The settings that a new key gets: those given, else the environment's, else those of the key it replaces. */
async function companionsToStore(
  { provider, level }: KeyPlace,
  given: Companions,
  scope: Scope,
  ports: Ports,
): Promise<Companions> {
  if (!provider.companions?.length) return given;
  const account = llmAccount(level, provider.id, { ...scope, level: null });
  const before = await readCompanions(provider, await ports.keychain(), account);
  return new Map([...before, ...environmentCompanions(provider, ports), ...given]);
}

/** Removes a stored key with its note Throws E_NO_CREDENTIAL when there is none. */
export async function removeKey({ provider, level }: KeyPlace, scope: Scope, ports: Ports): Promise<void> {
  const account = llmAccount(level, provider.id, { ...scope, level: null });
  const keychain = await ports.keychain();
  const removed = await advisedFor({ provider, level }, keychain.remove(OWN_SERVICE, account));
  await keychain.remove(OWN_SERVICE, noteAccount(account));
  if (provider.companions?.length) await keychain.remove(OWN_SERVICE, settingsAccount(account));
  if (!removed) {
    throw fail(
      "E_NO_CREDENTIAL",
      `no ${level} key for ${provider.title} is stored`,
      "run 'gum-cred keys list' for the keys that are",
    );
  }
}

/** A key that exists somewhere, and whether it wins. */
export interface ListedKey {
  readonly provider: Provider;
  readonly explanation: Explanation;
  readonly credential: Credential;
  readonly note: KeyNote | null;
}

/** Every key of these vendors, or of all, at every level in the order of precedence, and the errors of providers that cannot be told. */
export async function listKeys(
  scope: Scope,
  ports: Ports,
  only: readonly Provider[] = [],
): Promise<{ readonly keys: readonly ListedKey[]; readonly errors: ReadonlyMap<Provider, GumCredError> }> {
  const providers = only.length > 0 ? only : await vendorsInPlay(ports);
  const resolutions = await resolveKeys({ providers, level: null }, scope, ports, "all");
  const notes = await readNotes(providers, scope, ports);
  const errors = new Map<Provider, GumCredError>();
  const keys: ListedKey[] = [];
  for (const [provider, resolution] of resolutions) {
    if (resolution.error) errors.set(provider, resolution.error);
    for (const explanation of explain(resolution, ports.environment.exported)) {
      const { credential } = explanation;
      if (credential) keys.push({ provider, explanation, credential, note: notes(credential) });
    }
  }
  return { keys, errors };
}

/** Asks a vendor about a key, at `--base-url`, the vendor's own base-URL variable, or its default. */
export async function verifyKey(
  provider: Provider,
  key: Secret,
  companions: Companions,
  scope: Scope,
  ports: Ports,
  /** Of a key in force; a key that was just given goes where its owner says. */
  found: Pick<Credential, "method" | "level"> = { method: "api_key", level: null },
): Promise<Verification> {
  const { method, level } = found;
  if (scope.baseUrlFlag && !VENDORS.includes(provider)) {
    const message = `--base-url is not for ${provider.title}: its manifest says where its key is sent`;
    throw fail("E_USAGE", message, "leave --base-url out");
  }
  const baseUrl = vendorBaseUrl(provider, level, scope, ports)?.href ?? null;
  const credential = { method, value: key, userId: null };
  return verify(provider, credential, { baseUrl, teamId: null, companions }, ports);
}

/** Notes what a vendor said about a key that is in the keychain. */
export async function rememberVerdict(listed: ListedKey, verdict: Verdict, ports: Ports): Promise<void> {
  if (listed.credential.source !== "keychain") return;
  const account = listed.credential.location.slice(OWN_SERVICE.length + 1);
  const now = new Date(ports.now()).toISOString();
  const note: KeyNote = { storedAt: listed.note?.storedAt ?? now, verdict, verifiedAt: now };
  const value = writeNote(listed.credential.value, note, ports.digest);
  await (await ports.keychain()).write(OWN_SERVICE, noteAccount(account), value);
}

function notStored(error: GumCredError): GumCredError {
  // A server that says how long to wait has a hint of its own.
  const again = error.hint.startsWith("try again in ") ? error.hint.split(";", 1)[0] : "try again";
  const hint = error.exitCode === 5 ? `${again}, or store it unverified with --no-verify` : error.hint;
  return fail(error.code, `${error.message}; the key was not stored`, hint);
}

async function readNotes(
  providers: readonly Provider[],
  scope: Scope,
  ports: Ports,
): Promise<(credential: Credential) => KeyNote | null> {
  if (!ports.keychainOpened()) return () => null;
  const levels = LEVELS.filter((level) => level !== "team" || scope.teamId !== null);
  const accounts = providers.flatMap(({ id }) =>
    levels.map((level) => noteAccount(llmAccount(level, id, { ...scope, level: null }))),
  );
  const found = await (await ports.keychain())
    .read(OWN_SERVICE, accounts)
    .catch(() => new Map<string, Secret>());
  return ({ source, location, value }) =>
    source === "keychain"
      ? readNote(value, found.get(noteAccount(location.slice(OWN_SERVICE.length + 1))), ports.digest)
      : null;
}
