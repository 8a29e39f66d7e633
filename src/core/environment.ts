/**
 * The process environment as gum-cred reads it: empty counts as unset, and what `gum-cred env` exported
 * itself is looked through, so that the lookup goes back to where the value came from. Pure.
 */

/** Name of the value-free marker: `NAME:hash,NAME:hash` of what an earlier `gum-cred env` exported. */
export const MARKER = "GUM_CRED_EXPORTED";

export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/** The value of a variable whose name is not ours: `toString` and its kin are names like any other. */
export function rawValue(raw: RawEnvironment, name: string): string | undefined {
  return Object.hasOwn(raw, name) ? raw[name] : undefined;
}

/** Hash of a text as lower-case hex; SHA-256 in the program. Passed in because core does no I/O. */
export type Digest = (text: string) => string;

export interface Environment {
  /** The value of a variable that the user set; null when unset, empty, or exported by gum-cred itself. */
  get(name: string): string | null;
  /** What gum-cred exported earlier and what still holds that value, by name. */
  readonly exported: ReadonlyMap<string, string>;
  /** The same environment with gum-cred's own exports counted as the user's. */
  asTheUsers(): Environment;
}

const HASH_LENGTH = 12;

function fingerprint(name: string, value: string, digest: Digest): string {
  return digest(`${name}=${value}`).slice(0, HASH_LENGTH);
}

/** The marker's value for a set of exported variables. */
export function markerFor(exported: ReadonlyMap<string, string>, digest: Digest): string {
  let marker = "";
  for (const [name, value] of exported) {
    marker += `${marker === "" ? "" : ","}${name}:${fingerprint(name, value, digest)}`;
  }
  return marker;
}

/** Reads an environment. Malformed parts of the marker are ignored: they hide nothing. */
export function readEnvironment(raw: RawEnvironment, digest: Digest): Environment {
  const value = (name: string): string | null => rawValue(raw, name) || null;
  const exported = new Map<string, string>();
  const marker = raw[MARKER];
  for (const part of marker ? marker.split(",") : []) {
    const [name = "", hash = ""] = part.split(":");
    const current = /^[A-Z][A-Z0-9_]*$/.test(name) ? value(name) : null;
    if (current !== null && hash === fingerprint(name, current, digest)) exported.set(name, current);
  }
  const view = (hidden: ReadonlyMap<string, string>): Environment => ({
    get: (name) => (hidden.has(name) ? null : value(name)),
    exported,
    asTheUsers: () => view(new Map()),
  });
  return view(exported);
}
