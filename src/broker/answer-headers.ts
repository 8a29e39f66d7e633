/** The head of an answer without the real key: some servers quote in it what they were sent. */
import type { Redactor } from "../output/redactor.ts";

/** Hides the key in a text that is whole. */
export function scrubber(redactor: () => Redactor): (text: string) => string {
  return (text) => {
    if (text === "") return text;
    const one = redactor();
    // A header's value is bytes, which fetch shows as Latin-1.
    const out = [Buffer.from(one.write(Buffer.from(text, "latin1"))), one.end()];
    return Buffer.concat(out).toString("latin1");
  };
}

/** A copy, in which each header keeps its place among those of its name. */
export function scrubbed(given: Headers, scrub: (text: string) => string): Headers {
  const headers = new Headers(given);
  const entries = [...given];
  const all = entries.map(([, value]) => value).join("\n");
  if (scrub(all) === all) return headers;
  for (const [name] of entries) headers.delete(name);
  for (const [name, value] of entries) headers.append(name, scrub(value));
  return headers;
}
