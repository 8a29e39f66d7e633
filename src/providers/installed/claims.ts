/**
 * What the known providers have taken: ids, titles and variables, with all that looks like them. A manifest
 * is checked against it, so that no installed provider can pass for another or read another's key. No I/O.
 */

import type { Provider } from "../contract.ts";
import { skeleton, titleSkeleton } from "./look-alikes.ts";

export interface Claims {
  /** The provider that has this id, or one that looks like it; null when it is free. */
  idOwner(id: string): string | null;
  /** The provider that is called so, or looks so. */
  titleOwner(title: string): string | null;
  /** The provider that has this variable, one that looks like it, or, built in, all names of its family. */
  variableOwner(name: string): string | null;
  /** Counts an installed provider in. */
  add(provider: Provider): void;
}

/** The claims of the built-in providers; installed ones are added as they are found good. */
export function claimsOf(builtIn: readonly Provider[]): Claims {
  const ids = new Map<string, string>();
  const titles = new Map<string, string>();
  const variables = new Map<string, string>();
  const families = new Map<string, string>();

  const add = (provider: Provider): void => {
    for (const id of [provider.id, ...(provider.aliases ?? [])]) ids.set(skeleton(id), provider.id);
    titles.set(titleSkeleton(provider.title), provider.id);
    for (const name of claimedVariables(provider)) variables.set(skeleton(name), provider.id);
  };
  for (const provider of builtIn) {
    add(provider);
    // OPENAI_API_KEY brings OPENAI_ORG_ID along, ANTHROPIC_API_KEY brings ANTHROPIC_AUTH_TOKEN.
    for (const name of claimedVariables(provider)) {
      if (name.includes("_")) families.set(family(name), provider.id);
    }
  }
  return {
    idOwner: (id) => ids.get(skeleton(id)) ?? null,
    titleOwner: (title) => titles.get(titleSkeleton(title)) ?? null,
    variableOwner: (name) => variables.get(skeleton(name)) ?? families.get(family(name)) ?? null,
    add,
  };
}

/** Every variable that a provider reads or sets, without level prefixes and `_FILE`. */
export function claimedVariables(provider: Provider): readonly string[] {
  const read = provider.methods.flatMap((spec) => [
    ...spec.variables,
    ...spec.companions.map((companion) => companion.variable),
  ]);
  const base = provider.baseUrlVariable === null ? [] : [provider.baseUrlVariable];
  return [...new Set([...read, provider.exported, ...base])];
}

function family(name: string): string {
  return skeleton(name.split("_", 1)[0] ?? "");
}
