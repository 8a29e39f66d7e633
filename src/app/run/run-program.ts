/** The ways in which `exec` runs its command: in place of gum-cred, or below it with every secret masked. */
import type { Secret } from "../../core/secret.ts";
import type { Program } from "../../os/process/program.ts";

/** Becomes the program where the system can; else waits for it. Does not return. Throws what starting it throws. */
export async function becomeProgram(program: Program): Promise<never> {
  if (process.platform === "win32") {
    const { waitForProgram } = await import("../../os/process/wait-for-program.ts");
    return waitForProgram(program);
  }
  const { canReplace, replaceProcess } = await import("../../os/process/replace.ts");
  if (!canReplace()) {
    const { inheritedFiles } = await import("../../os/process/spawn.ts");
    if (inheritedFiles().length > 0) {
      const { waitForChild } = await import("../../os/process/wait-for-program.ts");
      return waitForChild(program);
    }
  }
  return replaceProcess(program);
}

/** Stays, and replaces these values in what the program prints. Does not return. */
export async function runMasked(
  program: Program,
  secrets: readonly Secret[],
  atEnd?: () => void,
): Promise<never> {
  const { redactors } = await import("../../output/redactor.ts");
  const { supervise } = await import("../../os/process/supervise.ts");
  return supervise({ ...program, filter: redactors(secrets), ...(atEnd ? { atEnd } : {}) });
}
