/**
 * Where a request goes: the path that a client asked a route for, put right for the vendor. Clients disagree on who
 * adds `/v1`: the same variable means a base with and without it. Pure.
 */
import type { VendorTraits } from "./traits.ts";

/** A version segment: `v1`, `v1beta`, `v1alpha1`. */
const VERSION = /^v\d+(?:(?:alpha|beta)\d*)?$/;

/**
 * The whole address upstream. `base` has no trailing slash and may end in a path with or without a version;
 * `path` begins with a slash and comes from a parsed URL, so it holds no `..`.
 */
export function upstreamUrl(base: string, path: string, search: string, traits: VendorTraits): string {
  const url = new URL(base);
  const prefix = segments(url.pathname);
  let rest = segments(path);
  // Some add the base's own path again: /api/v1 behind …/api/v1, or /v1 behind …/api/v1.
  if (prefix.length > 0 && startsWith(rest, prefix)) rest = rest.slice(prefix.length);
  const missing = traits.stem !== null && rest[0] !== traits.stem && prefix.at(-1) !== traits.stem;
  if (missing && traits.stem !== null && traits.version !== null) {
    while (isVersion(rest[0])) rest = rest.slice(1);
    rest = [traits.stem, traits.version, ...rest];
    return `${url.origin}/${[...prefix, ...rest].join("/")}${search}`;
  }
  if (traits.stem !== null && rest[0] === traits.stem) {
    return `${url.origin}/${[...prefix, ...rest].join("/")}${search}`;
  }
  const ownVersion = isVersion(prefix.at(-1)) ? prefix.at(-1) : undefined;
  while (isVersion(rest[0]) && isVersion(rest[1])) rest = rest.slice(1);
  const stem = ownVersion ? prefix.slice(0, -1) : prefix;
  if (traits.versionInBase && !ownVersion && prefix.length > 0 && isVersion(rest[0])) {
    return `${url.origin}/${[...stem, ...rest.slice(1)].join("/")}${search}`;
  }
  const isPlain = traits.unversioned?.test(`/${rest.join("/")}`) ?? false;
  const version = ownVersion ?? (traits.versionInBase && prefix.length > 0 ? null : traits.version);
  const versioned = isVersion(rest[0]) || isPlain || !version ? rest : [version, ...rest];
  const slash = path.length > 1 && path.endsWith("/") && rest.length > 0 ? "/" : "";
  return `${url.origin}/${[...stem, ...versioned].join("/")}${slash}${search}`;
}

function segments(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function isVersion(segment: string | undefined): boolean {
  return segment !== undefined && VERSION.test(segment);
}

function startsWith(list: readonly string[], start: readonly string[]): boolean {
  return start.every((part, index) => list[index] === part);
}
