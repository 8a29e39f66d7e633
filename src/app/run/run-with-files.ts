/** `exec` with `--env-file` and `--file`: the variables of the files are added, and private files made and removed. */
import { reveal, type Secret, secret } from "../../core/secret.ts";
import type { Program } from "../../os/process/program.ts";
import { secretValues } from "../../output/secret-values.ts";
import { sharingSources } from "../../resolve/keys.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { type ExportRequest, gatherExports } from "../exports.ts";
import { type FileValue, readExecFiles } from "./exec-files.ts";
import { becomeProgram, runMasked } from "./run-program.ts";

export interface FileOptions {
  readonly envFiles: readonly string[];
  /** `NAME=REF` each. */
  readonly files: readonly string[];
  readonly mask: boolean;
}

/**
 * Runs the program with what was asked for and what the files add. Does not return. Throws what reading and resolving
 * throws, before the program starts.
 */
export async function runWithFiles(
  { set: given, ...words }: Pick<Program, "command" | "args" | "set">,
  request: ExportRequest,
  options: FileOptions,
  scope: Scope,
  ports: Ports,
): Promise<never> {
  const { exports, read } = await sharingSources(ports, async () => ({
    exports: await gatherExports(request, scope, ports),
    read: await readExecFiles(options.envFiles, options.files, scope, ports),
  }));
  const set = new Map([...exports.set, ...given, ...read.set]);
  const secrets = [...secretValues(exports), ...read.secrets];
  const run = async (extra: ReadonlyMap<string, Secret>, atEnd?: () => void): Promise<never> => {
    const all = new Map([...set, ...extra]);
    const whole = { ...words, set: all, unset: exports.unset.filter((name) => !all.has(name)) };
    if (options.mask) return runMasked(whole, secrets, atEnd);
    if (!atEnd) return becomeProgram(whole);
    const { supervise } = await import("../../os/process/supervise.ts");
    return supervise({ ...whole, filter: null, atEnd });
  };
  return read.files.length === 0 ? run(new Map()) : withPrivateFiles(read.files, run, ports);
}

async function withPrivateFiles(
  files: readonly FileValue[],
  run: (paths: ReadonlyMap<string, Secret>, atEnd: () => void) => Promise<never>,
  ports: Ports,
): Promise<never> {
  const { makeMemoryFiles } = await import("../../os/files/memory-files.ts");
  const memory = makeMemoryFiles(ports.raw);
  if (!memory.inMemory) ports.warn("--file: there is no file system in memory here; the file is on a disk");
  try {
    const encoder = new TextEncoder();
    const paths = files.map(({ variable, value }) => {
      return [variable, secret(memory.write(variable, encoder.encode(reveal(value))))] as const;
    });
    return await run(new Map(paths), memory.remove);
  } finally {
    memory.remove();
  }
}
