/** SHA-256 of files, and of a whole folder in the format of sha256sum(1). */
import { readdirSync, readFileSync } from "node:fs";

/** In hexadecimal. */
export function sha256(file: string): string {
  return new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");
}

/** A line for each file of the folder, by name. `sha256sum -c SHA256SUMS` in that folder checks them. */
export function sums(folder: string): string {
  const lines = readdirSync(folder)
    .sort()
    .map((name) => `${sha256(`${folder}/${name}`)}  ${name}\n`);
  return lines.join("");
}
