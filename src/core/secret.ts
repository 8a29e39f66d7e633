/**
 * A secret value that cannot be printed by accident: string, JSON and inspect all give `***`.
 * The value is reached in one greppable way, {@link reveal}. Pure; imports nothing.
 */

const values = new WeakMap<Secret, string>();

/** An opaque secret. Interpolating, serialising or inspecting it yields `***`. */
export interface Secret {
  readonly kind: "secret";
  toString(): "***";
  toJSON(): "***";
}

const prototype = {
  kind: "secret" as const,
  toString: (): "***" => "***",
  toJSON: (): "***" => "***",
  // Node's and Bun's console.log look this symbol up; Symbol.for needs no import.
  [Symbol.for("nodejs.util.inspect.custom")]: (): "***" => "***",
};

/** Wraps a value. The empty string is allowed here; whether it makes sense is the caller's rule. */
export function secret(value: string): Secret {
  const wrapped: Secret = Object.freeze(Object.create(prototype));
  values.set(wrapped, value);
  return wrapped;
}

/** The plain value. Every call site is a place where a secret leaves its wrapper: keep them few. */
export function reveal(wrapped: Secret): string {
  const value = values.get(wrapped);
  if (value === undefined) throw new TypeError("not a secret made by secret()");
  return value;
}

/**
 * How a secret is shown to people: stars and the last four characters, or stars alone when
 * four characters would be a third or more of it.
 */
export function masked(wrapped: Secret): string {
  const value = reveal(wrapped);
  return value.length >= 16 ? `****${value.slice(-4).replace(/[^\x21-\x7e]/g, "*")}` : "****";
}
