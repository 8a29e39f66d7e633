/** Verifies several vendors' keys, a few at a time, and stores their verdicts. */
import { fail, type GumCredError } from "../../core/errors.ts";
import type { Verdict } from "../../providers/contract.ts";
import { noKey } from "../../resolve/keys.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { providerNamed } from "../providers.ts";
import { type ListedKey, listKeys, rememberVerdict, verifyKey } from "./keys.ts";

const AT_ONCE = 4;

export interface KeyVerdict {
  readonly listed: ListedKey;
  readonly verdict: Verdict;
  readonly message: string;
  /** The key or the response is malformed: the vendor was reached, or never asked. */
  readonly malformed: GumCredError | null;
}

/** The verdicts on the keys in force of these vendors; of all when none is named. */
export async function verifyKeys(
  names: readonly string[],
  scope: Scope,
  ports: Ports,
): Promise<readonly KeyVerdict[]> {
  const wanted = await Promise.all(names.map((name) => providerNamed(name, ports)));
  if (wanted.some(({ kind }) => kind !== "llm")) {
    throw fail(
      "E_USAGE",
      "Gumloop's own credential is not an LLM key",
      "run 'gum-cred status --verify' to verify it",
    );
  }
  const { keys, errors } = await listKeys(scope, ports, wanted);
  for (const [provider, error] of errors) {
    if (names.length === 0 || wanted.some(({ id }) => id === provider.id)) throw error;
  }
  const inForce = keys.filter(({ explanation }) => explanation.state === "selected");
  const missing = wanted.find(({ id }) => !inForce.some(({ provider }) => provider.id === id));
  if (missing) throw noKey(missing, null);
  const chosen = inForce.filter(
    ({ provider }) => names.length === 0 || wanted.some(({ id }) => id === provider.id),
  );
  return ports.busy(
    "Asking the vendors",
    inBatches(chosen, (listed) => ask(listed, scope, ports)),
  );
}

/** The error for a set of verdicts; undefined when every key works. */
export function worst(verdicts: readonly KeyVerdict[]): GumCredError | undefined {
  const named = (verdict: Verdict) =>
    verdicts.filter((one) => one.verdict === verdict).map(({ listed }) => listed.provider.id);
  const [rejected, unreachable] = [named("rejected"), named("unreachable")];
  if (rejected.length > 0) {
    return fail(
      "E_REJECTED",
      `rejected: ${rejected.join(", ")}`,
      "store a new key with 'gum-cred keys rotate'",
    );
  }
  const malformed = verdicts.find((one) => one.malformed)?.malformed;
  if (malformed) return malformed;
  if (unreachable.length > 0) return fail("E_NETWORK", `could not reach: ${unreachable.join(", ")}`);
  return undefined;
}

async function ask(listed: ListedKey, scope: Scope, ports: Ports): Promise<KeyVerdict> {
  const { method, value } = listed.credential;
  const { assessment, error } = await verifyKey(listed.provider, value, scope, ports, method);
  // A key that no request can carry was never sent: the vendor is not what failed.
  const verdict = assessment?.verdict ?? (error?.code === "E_MALFORMED" ? "unverifiable" : "unreachable");
  if (assessment && verdict !== "unreachable") await rememberVerdict(listed, verdict, ports);
  const malformed = assessment === null && error?.code === "E_MALFORMED" ? error : null;
  return { listed, verdict, message: assessment?.message ?? error?.message ?? "", malformed };
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(work))));
  }
  return results;
}
