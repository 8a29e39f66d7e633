/** What the broker's server works with: routes, each with a credential, an address and rules. Types only. */
import type { Level } from "../core/credential.ts";
import type { Secret } from "../core/secret.ts";
import type { Place, VendorTraits } from "./traits.ts";

/** A credential as a request carries it. */
export interface Injection {
  /** The key or token itself. */
  readonly value: Secret;
  /** Every header that it needs; those that hold no secret give way to the client's own. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
}

export interface Route {
  /** First segment of its paths: `openai`, `gumloop-openai`. */
  readonly name: string;
  /** Provider id, for the log. */
  readonly provider: string;
  readonly level: Level | null;
  /** Base URL upstream, without a trailing slash. */
  readonly upstream: string;
  readonly traits: VendorTraits;
  /** Where the provider itself puts the key; clients may also put it where the traits say. */
  readonly places: readonly Place[];
  /** What the policy lets through: a request must be in each of the lists. */
  readonly allow: readonly (readonly string[])[];
  /** True where a 401 is answered by renewing the credential and asking once more. */
  readonly renewable: boolean;
  /** The credential in force now, renewed where it is about to expire. Throws GumCredError. */
  credential(): Promise<Injection>;
  /** After a 401: another credential than the rejected one, or null where there is none. Throws GumCredError. */
  renew(rejected: Secret): Promise<Injection | null>;
}

/** Who stands behind a request, and why it may not. */
export interface Refusal {
  readonly kind: "unauthorized" | "refused" | "upgrade" | "unavailable";
  /** Short and without values, for the log: `token`, `host`, `origin`, `limit: requests`. */
  readonly reason: string;
  /** A whole sentence for the client. */
  readonly message: string;
}
