/**
 * References to credentials: `gum://PROVIDER[/FIELD][?level=L&team=T&profile=P]`. They stand where a value would, in
 * files that are no secret. Pure: reads the text and resolves nothing. The text is never quoted in an error, because
 * what somebody took for a reference may be a key.
 */
import type { Level } from "./credential.ts";
import { fail, type GumCredError } from "./errors.ts";
import { ID_PATTERN } from "./provider-id.ts";

export interface Reference {
  readonly provider: string;
  /** Null for the bearer in force. */
  readonly field: string | null;
  readonly level: Level | null;
  readonly teamId: string | null;
  readonly profile: string | null;
}

/** With a quote before it, it was meant as one too, and its closing quote is missing. */
const SCHEME = /^['"`]?gum:\/\//i;
const SHAPE = /^gum:\/\/([^/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i;
const FIELD = /^[a-z][a-z_]{0,31}$/;
const TEAM = /^[A-Za-z0-9._~-]{1,128}$/;
const PROFILE = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const LEVELS: readonly string[] = ["personal", "team", "organization"];

/** Whether a value is meant as a reference, well formed or not. */
export function isReference(value: string): boolean {
  return SCHEME.test(value);
}

/** Reads a reference. Throws E_REFERENCE_MALFORMED, which says what is wrong and quotes nothing. */
export function parseReference(text: string): Reference {
  const [, name = "", field, query] = SHAPE.exec(text) ?? [];
  const provider = name.toLowerCase();
  if (!ID_PATTERN.test(provider)) throw malformed("names no provider");
  // refresh_token is no field: nothing ever hands it out.
  if (field !== undefined && (!FIELD.test(field) || field === "refresh_token")) {
    throw malformed("names no field that can be had");
  }
  const options = parseOptions(query);
  const level = options.get("level") ?? null;
  if (level !== null && !isLevel(level)) throw malformed(`has a level that is not ${LEVELS.join(", ")}`);
  return {
    provider,
    field: field ?? null,
    level,
    teamId: checked(options.get("team"), TEAM, "team"),
    profile: checked(options.get("profile"), PROFILE, "profile"),
  };
}

function parseOptions(query: string | undefined): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  if (query === undefined) return options;
  for (const part of query.split("&")) {
    const [name = "", value = "", more] = part.split("=");
    if (!["level", "team", "profile"].includes(name) || more !== undefined || value === "") {
      throw malformed("has an option other than level=, team= and profile=");
    }
    if (options.has(name)) throw malformed(`has ${name}= twice`);
    options.set(name, value);
  }
  return options;
}

function checked(value: string | undefined, pattern: RegExp, what: string): string | null {
  if (value === undefined) return null;
  if (!pattern.test(value)) throw malformed(`has a ${what} that is not well formed`);
  return value;
}

function isLevel(text: string): text is Level {
  return LEVELS.includes(text);
}

function malformed(problem: string): GumCredError {
  return fail("E_REFERENCE_MALFORMED", `the reference ${problem}`);
}
