/**
 * Asks the sources that a policy configures: each once, under its own deadline, through what is kept of it. One reader
 * serves a whole run, so that sources which log in alike share their login. Sources are asked side by side by
 * whoever calls {@link FleetReader.read} several times without waiting.
 */
import { type RawEnvironment, rawValue } from "../../core/environment.ts";
import { fail, GumCredError } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { HttpRequest, HttpResponse } from "../../net/http.ts";
import type { ConfiguredSource } from "../policy.ts";
import { DEFAULT_TIMEOUT_MS } from "../policy.ts";
import { sourceKind } from "../source-names.ts";
import type { Asking } from "./asking.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import {
  freshUntil,
  isAnotherPolicys,
  isKept,
  type Kept,
  readKept,
  staleUntil,
  worthKeeping,
  writeKept,
} from "./kept.ts";
import type { VaultLogins } from "./vault/login.ts";

/** The keychain, or what a broker keeps in its place. Neither throws: what cannot be kept is fetched again. */
export interface KeptStore {
  /** Undefined where nothing can be kept. */
  read(account: string): Promise<Secret | null | undefined>;
  write(account: string, value: Secret): Promise<void>;
  remove(account: string): Promise<void>;
}

export interface FleetSurroundings {
  readonly raw: RawEnvironment;
  /** Of the policy in force; null switches keeping off. */
  readonly policyHash: string | null;
  readonly kept: KeptStore;
  /** Milliseconds since 1970. */
  now(): number;
  readonly send: (request: HttpRequest) => Promise<HttpResponse>;
  /** A lock between all processes of the user; throws E_LOCK_TIMEOUT. */
  lock(name: string, timeoutMs: number): Promise<{ release(): void }>;
  /** The value of a keychain entry that a policy points at. Throws the keychain's errors. */
  stored(account: string): Promise<Secret | null>;
  warn(line: string): void;
  debug(line: string): void;
}

/** One key of a policy. */
export interface Wanted {
  readonly source: ConfiguredSource;
  readonly provider: string;
  readonly level: "organization" | "team";
  /** Account of the key under gum-cred's own service, for a policy that points at the keychain. */
  readonly account: string;
  /** Account under which its value is kept. */
  readonly keptAccount: string;
}

/** A value with what is known of its age. */
export interface SourceValue {
  readonly value: Secret;
  /** Milliseconds since 1970; null where the value has no end of its own. */
  readonly expiresAt: number | null;
  /** Set where the value was kept from an earlier run. */
  readonly kept: { readonly at: number; readonly until: number; readonly stale: boolean } | null;
}

export interface FleetReader {
  /** The value; null when the source is there and holds none. Throws GumCredError. */
  read(wanted: Wanted): Promise<SourceValue | null>;
  /** Revokes what logins gave. Never throws. */
  close(): Promise<void>;
}

export function fleetReader(around: FleetSurroundings): FleetReader {
  let logins: Promise<VaultLogins> | undefined;
  const vaultLogins = (): Promise<VaultLogins> => {
    logins ??= import("./vault/login.ts").then((module) => module.vaultLogins(around.now));
    return logins;
  };
  const asked = new Map<string, Promise<SourceValue | null>>();
  return {
    read: (wanted) => {
      // The same provider's key may come from another source for another team.
      const id = JSON.stringify([wanted.keptAccount, wanted.source]);
      const answer = asked.get(id) ?? readThrough(wanted, around, vaultLogins);
      asked.set(id, answer);
      return answer;
    },
    close: async () => (await logins)?.revoke(),
  };
}

async function readThrough(
  wanted: Wanted,
  around: FleetSurroundings,
  logins: () => Promise<VaultLogins>,
): Promise<SourceValue | null> {
  const { source } = wanted;
  // Of several sources, messages have to say which it is.
  const whose = `the ${wanted.level} key for ${wanted.provider} (${sourceKind(source)})`;
  const mark = `${wanted.level}:${wanted.provider}`;
  refuseCircle(around.raw, mark, whose);
  const begin = (): Request => {
    const deadline = startDeadline(source.timeoutMs ?? DEFAULT_TIMEOUT_MS, whose);
    const asking: Asking = { whose, mark, deadline, raw: around.raw, send: around.send, warn: around.warn };
    return {
      whose,
      deadline,
      ask: () => naming(whose, deadline.bound(askSource(wanted, asking, around, logins))),
    };
  };
  if (!isKept(source) || around.policyHash === null) return plain(await begin().ask());
  return keptOrAsked(wanted, around, around.policyHash, begin);
}

/** One source being asked; its time runs from when this is made. */
interface Request {
  /** Whose key it is, and the kind of its source, for messages. */
  readonly whose: string;
  readonly deadline: Deadline;
  ask(): Promise<Kept | null>;
}

async function keptOrAsked(
  wanted: Wanted,
  around: FleetSurroundings,
  hash: string,
  begin: () => Request,
): Promise<SourceValue | null> {
  const { source, keptAccount } = wanted;
  const stored = await around.kept.read(keptAccount);
  const kept = readKept(stored ?? null, hash, around.now());
  if (kept && around.now() < freshUntil(kept, source)) return fromKept(kept, source, false);
  // A token is fetched once for all processes: the others wait, and find what the first one kept.
  const alone = source.kind === "federation" && stored !== undefined;
  let lock: { release(): void } | undefined;
  // The source's time does not pay for a slow keychain.
  const { whose, deadline, ask } = begin();
  try {
    let last = stored;
    if (alone) {
      const name = `source-${wanted.level}-${wanted.provider}`;
      lock = await naming(whose, around.lock(name, deadline.left()));
      last = await around.kept.read(keptAccount);
      const again = readKept(last ?? null, hash, around.now());
      if (again && around.now() < freshUntil(again, source)) return fromKept(again, source, false);
    }
    // Another policy's ends now: whether this one's source answers or not, it is not used again.
    if (last && isAnotherPolicys(last, hash)) await around.kept.remove(keptAccount);
    const got = await ask();
    if (got && stored !== undefined && worthKeeping(got, source)) {
      await around.kept.write(keptAccount, writeKept(got, hash));
    }
    return plain(got);
  } catch (error) {
    const standsIn =
      kept !== null && source.staleOkS !== undefined && around.now() < staleUntil(kept, source);
    if (!(error instanceof GumCredError) || error.exitCode !== 5 || !standsIn) throw error;
    const age = Math.round((around.now() - kept.at) / 1000);
    around.warn(`${error.message}; the value kept ${age} s ago is used instead`);
    return fromKept(kept, source, true);
  } finally {
    lock?.release();
  }
}

/** The errors of `work` with whose key it was about. The keychain's own are about all keys. */
async function naming<T>(whose: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isNamed = !(error instanceof GumCredError) || error.exitCode === 4 || error.message.includes(whose);
    throw isNamed ? error : fail(error.code, `${whose}: ${error.message}`, error.hint);
  }
}

function plain(got: Kept | null): SourceValue | null {
  return got && { value: got.value, expiresAt: got.expiresAt, kept: null };
}

function fromKept(kept: Kept, source: ConfiguredSource, stale: boolean): SourceValue {
  const until = stale ? staleUntil(kept, source) : freshUntil(kept, source);
  return { value: kept.value, expiresAt: kept.expiresAt, kept: { at: kept.at, until, stale } };
}

/** A command that asks gum-cred for the key that it is to supply would start itself for ever. */
function refuseCircle(raw: RawEnvironment, mark: string, whose: string): void {
  if (!(raw["GUM_CRED_ASKING_FOR"] ?? "").split(",").includes(mark)) return;
  throw fail(
    "E_POLICY_SOURCE",
    `${whose} is being asked for by the command that is to supply it`,
    "let the policy's command read the key elsewhere than from gum-cred",
  );
}

async function askSource(
  wanted: Wanted,
  asking: Asking,
  around: FleetSurroundings,
  logins: () => Promise<VaultLogins>,
): Promise<Kept | null> {
  const { source } = wanted;
  const started = around.now();
  const key = (value: Secret | null): Kept | null => value && { value, at: started, expiresAt: null };
  switch (source.kind) {
    case "command": {
      const { runSecretCommand } = await import("./command.ts");
      return key(await runSecretCommand(source.argv, asking.deadline.left(), asking.whose, asking.mark));
    }
    case "path":
      return key(await readPath(source.path, asking.whose));
    case "policy-variable": {
      const value = rawValue(around.raw, source.variable);
      return key(value ? secret(value) : null);
    }
    case "policy-keychain":
      return key(await around.stored(wanted.account));
    case "vault": {
      const { readVaultKey } = await import("./vault/vault.ts");
      return key(await readVaultKey(source.vault, await logins(), asking));
    }
    case "federation": {
      const { exchangeToken } = await import("./federation/exchange.ts");
      const token = await exchangeToken(source.federation, asking, around.now);
      return { value: token.value, at: started, expiresAt: token.expiresAt };
    }
  }
}

async function readPath(path: string, whose: string): Promise<Secret> {
  const { readSecretFile } = await import("./file.ts");
  try {
    return await readSecretFile(path, whose);
  } catch (error) {
    // The policy decides that this key is used: without it the provider is refused, not merely misconfigured.
    if (error instanceof GumCredError)
      throw fail("E_POLICY_SOURCE", error.message, "ask the policy's administrator");
    throw error;
  }
}
