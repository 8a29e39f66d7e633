/**
 * Finds a program as execvp(3) does, and says why one that is there cannot be run. Looks at files; runs nothing.
 */
import { systemCode } from "../../core/system-error.ts";

/** Loaded where it is used: a program that is simply run needs none of it, and loading it takes a third of a start. */
const files = () => process.getBuiltinModule("node:fs");

/** glibc's `_CS_PATH`, where PATH is not set. */
const STANDARD_PATH = "/bin:/usr/bin";
/** `BINPRM_BUF_SIZE` of Linux: how much of a script's first line counts. */
const FIRST_LINE_BYTES = 256;

/**
 * The file of that name in `searchPath`, where an empty folder is the current one; or the reason why there is none:
 * `EACCES` when there are only files that cannot be run, else `ENOENT`. A name with a slash is a path and not looked for.
 */
export function findProgram(
  name: string,
  searchPath: string | undefined,
): { readonly path: string } | "EACCES" | "ENOENT" {
  if (name.includes("/")) return { path: name };
  if (name === "") return "ENOENT";
  const { accessSync, constants, statSync } = files();
  let reason: "EACCES" | "ENOENT" = "ENOENT";
  for (const folder of (searchPath ?? STANDARD_PATH).split(":")) {
    const path = folder === "" ? `./${name}` : `${folder}/${name}`;
    try {
      if (!statSync(path).isFile()) throw Object.assign(new Error(), { code: "EACCES" });
      accessSync(path, constants.X_OK);
      return { path };
    } catch (error) {
      if (systemCode(error) === "EACCES") reason = "EACCES";
    }
  }
  return reason;
}

/**
 * Why the kernel did not find a script that is there (execve(2) says ENOENT for its interpreter too): the interpreter
 * of its first line; null when the file is not there either, or is no script.
 */
export function missingInterpreter(name: string, searchPath: string | undefined): string | null {
  const found = findProgram(name, searchPath);
  if (typeof found === "string") return null;
  const line = firstLine(found.path);
  if (!line?.startsWith("#!")) return null;
  // White space as the kernel knows it: a carriage return is part of the name.
  return /^#![ \t]*([^ \t]+)/.exec(line)?.[1] ?? null;
}

/**
 * Whether a program that is there is a script whose first line has an argument and ends in a carriage return. The kernel runs
 * it, but with an argument that nobody meant: `env` looks for `python3\r`.
 */
export function takesReturnForArgument(name: string, searchPath: string | undefined): boolean {
  const found = findProgram(name, searchPath);
  const [, interpreter] =
    typeof found === "string" ? [] : (RETURN_IN_ARGUMENT.exec(firstLine(found.path) ?? "") ?? []);
  return interpreter !== undefined && files().existsSync(interpreter);
}

const RETURN_IN_ARGUMENT = /^#![ \t]*([^ \t\r]+)[ \t]+[^\r]*\r$/;

function firstLine(path: string): string | null {
  const { closeSync, openSync, readSync } = files();
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    const bytes = new Uint8Array(FIRST_LINE_BYTES);
    const count = readSync(file, bytes);
    return new TextDecoder().decode(bytes.subarray(0, count)).split("\n", 1)[0] ?? null;
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}
