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
  /** The same for one whose names are known; false, and nothing is added, where one of them is taken. */
  claim(id: string, names: Names): boolean;
}

/** What a provider claims: {@link namesOf}. */
export interface Names {
  readonly variables: readonly string[];
  /** The skeletons of id, title and variables: whatever looks like one of these is claimed too. */
  readonly id: string;
  readonly title: string;
  readonly likeness: readonly string[];
}

/** The claims of the built-in providers; installed ones are added as they are found good. */
export function claimsOf(builtIn: readonly Provider[]): Claims {
  const ids = new Map<string, string>();
  const titles = new Map<string, string>();
  const variables = new Map<string, string>();
  const families = new Map<string, string>();

  const enter = (owner: string, { id, title, likeness }: Names): void => {
    ids.set(id, owner);
    titles.set(title, owner);
    for (const variable of likeness) variables.set(variable, owner);
  };
  const add = (provider: Provider): void => {
    enter(provider.id, namesOf(provider));
    for (const alias of provider.aliases ?? []) ids.set(skeleton(alias), provider.id);
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
    claim(id, names) {
      if (ids.has(names.id) || titles.has(names.title)) return false;
      if (names.likeness.some((name) => variables.has(name))) return false;
      enter(id, names);
      return true;
    },
  };
}

/** What a provider claims, but for its aliases: installed ones have none. */
export function namesOf(provider: Provider): Names {
  const variables = claimedVariables(provider);
  return {
    variables,
    id: skeleton(provider.id),
    title: titleSkeleton(provider.title),
    likeness: variables.map(skeleton),
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
