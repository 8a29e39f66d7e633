/** One JSON object of variable names and values. What must be removed has no place in it. */
import { reveal } from "../../core/secret.ts";
import type { EnvFormat } from "./format.ts";

export const json: EnvFormat = {
  exports: ({ set }) => {
    const values = Object.fromEntries([...set].map(([name, value]) => [name, reveal(value)]));
    return { stdout: `${JSON.stringify(values)}\n` };
  },
  unset: (names) => {
    return { stdout: `${JSON.stringify(Object.fromEntries(names.map((name) => [name, null])))}\n` };
  },
};
