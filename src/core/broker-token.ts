/** The placeholder that a broker gives its command in place of a key. Pure. */

const FORM = /^gum-cred-[A-Za-z0-9_-]{32}$/;

/** From 24 random bytes. */
export function brokerToken(bytes: Uint8Array): string {
  return `gum-cred-${Buffer.from(bytes).toString("base64url")}`;
}

/** Whether a text is the placeholder of some broker, which is worth nothing once that has ended. */
export function isBrokerToken(text: string): boolean {
  return FORM.test(text);
}
