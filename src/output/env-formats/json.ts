/** One JSON object of variable names and values. What must be removed has no place in it. */
import { reveal } from "../../core/secret.ts";
import type { EnvFormat } from "./format.ts";

export const json: EnvFormat = {
  exports: ({ set }) =>
    `${JSON.stringify(Object.fromEntries([...set].map(([name, value]) => [name, reveal(value)])))}\n`,
  unset: (names) => `${JSON.stringify(Object.fromEntries(names.map((name) => [name, null])))}\n`,
  failure: () => "",
};
