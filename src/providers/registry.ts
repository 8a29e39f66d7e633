/**
 * The providers gum-cred knows, by id. Built-in ones are compiled in; installed ones join here.
 */
import { anthropic } from "../../plugins/anthropic/index.ts";
import { deepseek } from "../../plugins/deepseek/index.ts";
import { fireworks } from "../../plugins/fireworks/index.ts";
import { google } from "../../plugins/google/index.ts";
import { gumloop } from "../../plugins/gumloop/index.ts";
import { openai } from "../../plugins/openai/index.ts";
import { xai } from "../../plugins/xai/index.ts";
import { clean, fail } from "../core/errors.ts";
import type { Provider } from "./contract.ts";

/** Built-in LLM vendors, in the order `env` prints them. */
export const VENDORS: readonly Provider[] = [openai, anthropic, google, xai, deepseek, fireworks];

/** Built-in providers, Gumloop first. */
export const PROVIDERS: readonly Provider[] = [gumloop, ...VENDORS];

/** The id a name on the command line means: trimmed, lower case. Look-alikes and odd characters are refused. */
export function providerId(name: string): string {
  const trimmed = name.trim();
  // Tested before lower-casing: the Kelvin sign, for one, lower-cases to an ASCII k.
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(trimmed)) {
    throw fail("E_UNKNOWN_PROVIDER", `'${clean(name, 40)}' is not a provider's name: only a-z, 0-9 and '-'`);
  }
  return trimmed.toLowerCase();
}

/** The provider of that name. Throws E_UNKNOWN_PROVIDER. */
export function findProvider(name: string): Provider {
  const id = providerId(name);
  const provider = PROVIDERS.find((known) => known.id === id);
  if (!provider) throw fail("E_UNKNOWN_PROVIDER", `there is no provider '${id}'`);
  return provider;
}
