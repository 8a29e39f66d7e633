/** SHA-256 as lower-case hex (core's `Digest`), by Bun: node:crypto takes longer to load than a short run. */
export function sha256(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}
