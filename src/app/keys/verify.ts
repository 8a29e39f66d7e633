/**
 * Verifies several vendors' keys, a few at a time, and stores their verdicts. One vendor that fails, or that the policy
 * denies, keeps no other from being asked.
 */
import type { Credential } from "../../core/credential.ts";
import { fail, GumCredError, hasCode } from "../../core/errors.ts";
import type { Provider, Verdict } from "../../providers/contract.ts";
import { noKey } from "../../resolve/keys.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { companionsOf } from "../companions.ts";
import { providerNamed } from "../providers.ts";
import { type ListedKey, listKeys, rememberVerdict, verifyKey } from "./keys.ts";

const AT_ONCE = 4;

export interface KeyVerdict {
  readonly provider: Provider;
  /** Null where the key in force could not even be read. */
  readonly credential: Credential | null;
  readonly verdict: Verdict;
  readonly message: string;
  /** Why the key could not be read. */
  readonly error: GumCredError | null;
  /** Why the vendor gave no verdict. */
  readonly failure: GumCredError | null;
}

/**
 * The verdicts on the keys in force of these vendors; of all when none is named. Throws E_POLICY_DENIED for a vendor that
 * was named, E_NO_CREDENTIAL for one that has no key, the keychain's errors, and E_USAGE where `--base-url` would
 * take several vendors' keys to one place.
 */
export async function verifyKeys(
  names: readonly string[],
  scope: Scope,
  ports: Ports,
): Promise<readonly KeyVerdict[]> {
  const wanted = [...new Set(await Promise.all(names.map((name) => providerNamed(name, ports))))];
  if (wanted.some(({ kind }) => kind !== "llm")) {
    throw fail(
      "E_USAGE",
      "Gumloop's own credential is not an LLM key",
      "run 'gum-cred status --verify' to verify it",
    );
  }
  if (scope.baseUrlFlag) refuseSeveral(wanted.length);
  const { keys, errors } = await listKeys(scope, ports, wanted);
  const isWanted = ({ id }: Provider) => names.length === 0 || wanted.some((one) => one.id === id);
  const failures = [...errors].filter(([provider]) => isWanted(provider));
  for (const [, error] of failures) {
    const denied = error.code === "E_POLICY_DENIED";
    // A keychain that cannot be read is the same failure for all of them.
    if (denied ? names.length > 0 : error.exitCode === 4) throw error;
  }
  const chosen = keys.filter(
    ({ provider, explanation }) => explanation.state === "selected" && isWanted(provider),
  );
  const missing = wanted.find(
    (one) => ![...chosen.map(({ provider }) => provider), ...errors.keys()].includes(one),
  );
  if (missing) throw noKey(missing, null, scope);
  const unread = failures.flatMap(([provider, error]) => unreadable(provider, error));
  const asked = await ports.busy(
    "Asking the vendors",
    inBatches(chosen, (listed) => ask(listed, scope, ports)),
  );
  return [...asked, ...unread];
}

/** Throws unless exactly one vendor's key is to be sent to `--base-url`. */
export function refuseSeveral(vendors: number): void {
  if (vendors === 1) return;
  throw fail(
    "E_USAGE",
    "--base-url would send the keys of several vendors to one server",
    "name the one vendor whose key is to go there",
  );
}

/** The error for a set of verdicts; undefined when every key works. */
export function worst(verdicts: readonly KeyVerdict[]): GumCredError | undefined {
  const named = (...wanted: readonly Verdict[]) =>
    verdicts.filter(({ verdict }) => wanted.includes(verdict)).map(({ provider }) => provider.id);
  const rejected = verdicts.filter(({ verdict }) => verdict === "rejected");
  if (rejected.length > 0) {
    const who = rejected.map(({ provider }) => provider.id).join(", ");
    return fail("E_REJECTED", `rejected: ${who}`, rejected.map(replacing).join("; "));
  }
  const unread = verdicts.find(({ error }) => error !== null)?.error;
  if (unread) return unread;
  const unreachable = named("unreachable");
  const failure = verdicts.find(({ verdict }) => verdict === "unreachable")?.failure;
  if (unreachable.length === 1 && hasCode(failure, "E_RATE_LIMITED", "E_SERVER")) {
    return fail(failure.code, `${unreachable[0]}: ${failure.message}`, failure.hint);
  }
  if (unreachable.length > 0) return fail("E_NETWORK", `could not reach: ${unreachable.join(", ")}`);
  const unverifiable = named("unverifiable");
  if (unverifiable.length > 0)
    return fail("E_UNVERIFIED", `could not be verified: ${unverifiable.join(", ")}`);
  return undefined;
}

/** How to replace a key, where it is. */
function replacing({ provider, credential }: KeyVerdict): string {
  if (credential?.source !== "keychain")
    return `replace the key for ${provider.id} in ${credential?.location}`;
  const { level } = credential;
  const where = level === null || level === "personal" ? "" : ` --level ${level}`;
  return `run 'gum-cred keys rotate ${provider.id}${where}' to store a new one`;
}

function unreadable(provider: Provider, error: GumCredError): readonly KeyVerdict[] {
  if (error.code === "E_POLICY_DENIED") return [];
  return [
    { provider, credential: null, verdict: "unverifiable", message: error.message, error, failure: null },
  ];
}

async function ask(listed: ListedKey, scope: Scope, ports: Ports): Promise<KeyVerdict> {
  const { provider, credential } = listed;
  try {
    const companions = await companionsOf(provider, credential, ports);
    const { value } = credential;
    const { assessment, error } = await verifyKey(provider, value, companions, scope, ports, credential);
    // A key that no request can carry was never sent: the vendor is not what failed.
    const unsendable = assessment === null && error?.code === "E_MALFORMED" ? error : null;
    const verdict = assessment?.verdict ?? (unsendable ? "unverifiable" : "unreachable");
    if (assessment && verdict !== "unreachable") await rememberVerdict(listed, verdict, ports);
    return {
      provider,
      credential,
      verdict,
      message: assessment?.message ?? error?.message ?? "",
      error: unsendable,
      failure: error,
    };
  } catch (error) {
    // A base URL that is refused for one vendor says nothing about the others.
    if (!(error instanceof GumCredError) || error.exitCode === 4) throw error;
    return { provider, credential, verdict: "unverifiable", message: error.message, error, failure: null };
  }
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(work))));
  }
  return results;
}
