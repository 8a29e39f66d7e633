/**
 * The posix form, made for `eval $(gum-cred env)` without quotes: one line, so that no newline is lost to
 * word splitting, of characters that neither globbing nor splitting touches.
 */
import { type EnvFormat, plainValue } from "./format.ts";
import { POSIX_GUARD } from "./plain.ts";

export const posix: EnvFormat = {
  exports: ({ set, unset }) => {
    const statements: string[] = [];
    if (unset.length > 0) statements.push(`unset ${unset.join(" ")}`);
    for (const [name, value] of set) statements.push(`export ${name}='${plainValue(name, value)}'`);
    return { stdout: `${POSIX_GUARD}${statements.join(" && ") || "true"};\n` };
  },
  unset: (names) => {
    return { stdout: `${POSIX_GUARD}unset ${names.join(" ")};\n` };
  },
};
