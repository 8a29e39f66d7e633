/**
 * Advice for who asked for a vendor's key. The keychain's errors name the variables that stand in for Gumloop's
 * credential, because they do not know whose value is wanted; here it is known.
 */
import type { Level } from "../core/credential.ts";
import { fail, GumCredError } from "../core/errors.ts";
import type { Provider } from "../providers/contract.ts";
import { levelVariable } from "./levels.ts";

const GUMLOOP_VARIABLES = "set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID";

/** Whose key was asked for. A level of null is any. */
export interface Wanted {
  readonly provider: Provider;
  readonly level: Level | null;
}

/** What leads to {@link GUMLOOP_VARIABLES} as the last of several ways out. */
const LAST_WAY = /(?:; |, )(?:or )?(?:without (?:a keychain|it) )?$/;

/**
 * The same error, with the vendor's own variable in its hint where Gumloop's stand. They stand for nothing where a
 * keychain exists and cannot be read: a stronger key may be in it, whatever variables there are.
 */
export function vendorAdvice(error: GumCredError, { provider, level }: Wanted): GumCredError {
  const [before = "", after] = error.hint.split(GUMLOOP_VARIABLES, 2);
  if (provider.kind !== "llm" || after === undefined) return error;
  const ways = before.replace(LAST_WAY, "");
  const variable = levelVariable(level ?? "personal", provider.exported);
  const isAbsent = error.code === "E_KEYCHAIN_UNAVAILABLE" || ways === before;
  return fail(error.code, error.message, (isAbsent ? `${before}set ${variable}` : ways) + after);
}

/** Does `work`, and gives its errors such a hint. */
export async function advisedFor<T>(wanted: Wanted, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof GumCredError ? vendorAdvice(error, wanted) : error;
  }
}
