/**
 * Nushell from npm, by the absolute path of its own executable: the tests run shells with a PATH of the system's
 * folders, in which neither node_modules/.bin nor the Node that its launcher needs has to be.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const PACKAGED = resolve(
  import.meta.dir,
  `../../node_modules/@nushell/${process.platform}-${process.arch}/bin/nu`,
);

/** Null where npm has no Nushell for this machine and the system has none either. */
export const NUSHELL: string | null = existsSync(PACKAGED) ? PACKAGED : Bun.which("nu");
