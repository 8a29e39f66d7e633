/**
 * Reads keys out of a dotenv file: recognises vendors by their variables, and plans what would be stored. The
 * file itself is never changed or deleted.
 */
import { parse } from "dotenv";
import { type Secret, secret } from "../../core/secret.ts";
import type { Provider } from "../../providers/contract.ts";
import { type Companions, companionsIn } from "../companions.ts";

export interface PlannedKey {
  readonly provider: Provider;
  readonly variable: string;
  readonly key: Secret;
  /** Settings of the key that the file has too, such as an endpoint. */
  readonly companions: Companions;
}

export interface ImportPlan {
  readonly keys: readonly PlannedKey[];
  /** Variables of a vendor that an earlier variable of the same vendor outranks. */
  readonly outranked: readonly string[];
  /** Gumloop's own variables: those are for `login`. */
  readonly gumloop: readonly string[];
  /** How many other variables there are. Their names are not reported. */
  readonly others: number;
}

/** Plans an import from dotenv text. A vendor's variables count in the order its SDK reads them. */
export function planImport(text: string, vendors: readonly Provider[]): ImportPlan {
  const values = new Map(
    Object.entries(parse(withoutBlankLines(text))).filter(([, value]) => value.trim() !== ""),
  );
  const keys: PlannedKey[] = [];
  const outranked: string[] = [];
  let settings = 0;
  for (const provider of vendors) {
    const present = provider.methods.flatMap(({ variables }) => variables).filter((name) => values.has(name));
    const [first, ...rest] = present;
    if (first === undefined) continue;
    const companions = companionsIn(provider, (name) => values.get(name)?.trim() ?? null);
    keys.push({ provider, variable: first, key: secret((values.get(first) ?? "").trim()), companions });
    settings += companions.size;
    outranked.push(...rest);
  }
  const gumloop = [...values.keys()].filter((name) => /^GUMLOOP_(ACCESS_TOKEN|API_KEY)$/.test(name));
  const others = values.size - keys.length - outranked.length - gumloop.length - settings;
  return { keys, outranked, gumloop, others };
}

/**
 * The time that dotenv's parser takes grows with the square of the number of line breaks that follow one another.
 * U+2028 and U+2029 count as line breaks in its pattern, and have no place in a key: U+FFFD marks where they were.
 */
function withoutBlankLines(text: string): string {
  const lines = text.replace(/[\u2028\u2029]/g, "\ufffd").split(/\r\n?|\n/);
  return lines.filter((line) => line.trim() !== "").join("\n");
}
