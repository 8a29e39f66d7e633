/** Where in a JSON document something is, as people write it. Pure. */
import { clean } from "./errors.ts";

/** `$.env[0]`, `$.verify["x y"]`. Keys are foreign text. */
export function jsonPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const key = clean(String(part), 64);
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${text}.${key}` : `${text}[${JSON.stringify(key)}]`;
  }, "$");
}
