/**
 * Reads keys out of a dotenv file: recognises vendors by their variables, and plans what would be stored. The
 * file itself is never changed or deleted.
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Provider } from "../../providers/contract.ts";
import { type Companions, companionsIn } from "../companions.ts";
import { type Entry, readDotenv } from "./dotenv-lines.ts";
import { placeholder } from "./placeholder.ts";

export interface PlannedKey {
  readonly provider: Provider;
  readonly variable: string;
  readonly key: Secret;
  /** Settings of the key that the file has too, such as an endpoint. */
  readonly companions: Companions;
  /** The lines of the file that hold it, earlier assignments of the same value included; counted from 1. */
  readonly lines: readonly number[];
}

/** A vendor's variable whose value is not a key. */
export interface RefusedValue {
  readonly provider: Provider;
  readonly variable: string;
  readonly line: number;
  readonly error: GumCredError;
}

export interface ImportPlan {
  readonly keys: readonly PlannedKey[];
  readonly refused: readonly RefusedValue[];
  /** Variables of a vendor that an earlier variable of the same vendor outranks. */
  readonly outranked: readonly string[];
  /** Other values of a stored variable that a later assignment replaces. */
  readonly replaced: readonly Pick<Entry, "name" | "line">[];
  /** Gumloop's own variables: those are for `login`. */
  readonly gumloop: readonly string[];
  /** How many other variables there are. Their names are not reported. */
  readonly others: number;
  /** Whether the text holds anything beside the keys: other values, comments, text that is no assignment. */
  readonly holdsMore: boolean;
}

/**
 * Plans an import from dotenv text. A vendor's variables count in the order its SDK reads them; the last assignment
 * of a variable counts. `source` is how messages name the text.
 */
export function planImport(text: string, vendors: readonly Provider[], source = "the file"): ImportPlan {
  const { entries, otherLines } = readDotenv(text);
  const last = new Map(
    entries.filter(({ value }) => value.trim() !== "").map((entry) => [entry.name, entry]),
  );
  const keys: PlannedKey[] = [];
  const refused: RefusedValue[] = [];
  const outranked: string[] = [];
  let settings = 0;
  for (const provider of vendors) {
    let chosen = false;
    for (const variable of new Set(provider.methods.flatMap(({ variables }) => variables))) {
      const entry = last.get(variable);
      if (!entry) continue;
      const reason = chosen ? null : unusable(entry);
      if (chosen) outranked.push(variable);
      else if (reason !== null)
        refused.push({
          provider,
          variable,
          line: entry.line,
          error: refusal(entry, reason, source, provider),
        });
      else {
        chosen = true;
        const companions = companionsIn(provider, (name) => last.get(name)?.value.trim() ?? null);
        settings += companions.size;
        const lines = entries.filter((other) => isSame(other, entry)).flatMap(linesOf);
        keys.push({ provider, variable, key: secret(entry.value.trim()), companions, lines });
      }
    }
  }
  const gumloop = [...last.keys()].filter((name) => /^GUMLOOP_(ACCESS_TOKEN|API_KEY)$/.test(name));
  const others = last.size - keys.length - refused.length - outranked.length - gumloop.length - settings;
  const stored = keys.flatMap(({ variable }) => last.get(variable) ?? []);
  const holdsMore =
    otherLines > 0 ||
    entries.some((entry) => entry.hasComment || !stored.some((other) => isSame(entry, other)));
  const replaced = stored.flatMap((entry) =>
    entries.filter(
      ({ name, value }) => name === entry.name && value.trim() !== entry.value.trim() && value.trim() !== "",
    ),
  );
  return { keys, refused, outranked, replaced, gumloop, others, holdsMore };
}

/** Why the value of a vendor's variable is not stored; null when it may be. */
function unusable({ value, problem, line, lastLine }: Entry): string | null {
  if (problem !== null) return problem;
  if (lastLine > line) return "its value runs over several lines";
  const what = placeholder(value.trim());
  if (what !== null) return `it is ${what}`;
  if (!/^[\x21-\x7e]+$/.test(value.trim())) return "it has spaces or characters that no key has";
  return null;
}

function refusal({ name, line }: Entry, reason: string, source: string, provider: Provider): GumCredError {
  return fail(
    "E_MALFORMED",
    `${source}: ${name} in line ${line} was refused: ${reason}`,
    `put the key itself into that line, or store it with 'gum-cred keys set ${provider.id}'`,
  );
}

/** The same value of the same variable. */
function isSame(one: Entry, other: Entry): boolean {
  return one.name === other.name && one.value.trim() === other.value.trim();
}

function linesOf({ line, lastLine }: Entry): readonly number[] {
  return Array.from({ length: lastLine - line + 1 }, (_, more) => line + more);
}
