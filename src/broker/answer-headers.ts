/** The head of an answer without the real key: some servers quote in it what they were sent. Pure. */

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
