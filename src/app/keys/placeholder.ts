/**
 * Tells a value that stands in for a key from a key: what a template or an example has in its place, and references
 * that another program would resolve. Pure. Says what it is, and never quotes it.
 */

import { isBrokerToken } from "../../core/broker-token.ts";

const REFERENCE = /^[a-z][a-z0-9+.-]*:\/\//i;
const VARIABLE = /\$\{|\$\(|^\$|^%[^%]+%$|\{\{/;
const BRACKETED = /^(?:<.*>|\[.*\]|\{.*\})$/s;
const WORDS =
  /(?:^|[^a-z0-9])your[^a-z0-9]|^your|[-_ .]here\W*$|^(?:insert|replace|enter|paste|add|put|fill)[-_ ]|^(?:changeme|change[-_]me|replaceme|placeholder|todo|tbd|fixme|none|null|undefined|secret|api[-_]?key|key|token|dummy|test|foo|bar)$/i;
/** What a key begins with, before the part that nobody can guess. */
const PREFIX = /^(?:[a-z]{2,6}[-_])(?:(?:proj|ant|api03|or|v1|svcacct|admin)[-_])*/i;
const FILLER = /^[xX*.•…?_0-]*$/;
const SHORTENED = /\.{3}|…|\*{3}/;

/** What a value is, if it is not a key, to be read after "is"; null when it may be one. */
export function placeholder(value: string): string | null {
  if (isBrokerToken(value)) return "the placeholder of a 'gum-cred broker', not a key";
  if (REFERENCE.test(value)) return "a reference, not a key";
  if (VARIABLE.test(value)) return "a reference to another variable, not a key";
  if (BRACKETED.test(value) || WORDS.test(value)) return "a placeholder, not a key";
  const tail = value.replace(PREFIX, "");
  if (SHORTENED.test(value) || FILLER.test(tail) || FILLER.test(value)) return "a placeholder, not a key";
  return null;
}
