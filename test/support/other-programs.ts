/**
 * Programs of others that tests run where they are there: in PATH, or in the folders of GUM_CRED_TEST_PROGRAMS (as PATH
 * is written), such as the `.bin` of an npm prefix. A test that lacks its program is left out and says so.
 */
import { delimiter } from "node:path";

const SEARCHED = [process.env["GUM_CRED_TEST_PROGRAMS"], process.env["PATH"]].filter(Boolean).join(delimiter);

/** The program's path; null, with a line on stderr, where it is not there. */
export function otherProgram(name: string): string | null {
  const found = Bun.which(name, { PATH: SEARCHED });
  if (!found) console.error(`left out: the tests with the real ${name}, which is not installed`);
  return found;
}

/** PATH with everything in it that {@link otherProgram} finds. */
export const pathOfPrograms = SEARCHED;
