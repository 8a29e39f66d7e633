/**
 * Random values the stand-in hands out. Every secret contains EXAMPLE, so that a leak check can grep for it,
 * and is otherwise random. May not be used for anything real.
 */

/**
 * A token, code or refresh token of the given kind (`at`, `rt`, `code`). It always holds the characters of
 * RFC 6750 §2.1 `b64token` that careless encoding breaks (`+` in forms, `/` and `=` in queries, `~` in shells).
 */
export function randomToken(kind: "at" | "rt" | "code"): string {
  return `${kind}-EXAMPLE.~+/_${randomHex(20)}==`;
}

/** An API key. Gumloop promises no prefix and no length for its keys, so nothing may depend on these. */
export function randomApiKey(): string {
  return `gum_EXAMPLE${randomHex(16)}`;
}

/** Lower-case hexadecimal digits, two for each byte. */
export function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
