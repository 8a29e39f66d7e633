/** Runs a program of somebody else's to its end. */

/** Its stdout, or what it says on failure as an error. */
export async function outputOf(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stdin = "",
): Promise<string> {
  const child = Bun.spawn([...command], { env, stdin: new Blob([stdin]), stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${stderr}`);
  return stdout;
}
