/** placeholder until the real one lands */
import { dlopen } from "bun:ffi";
import { fail } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
export function replaceProcess(p: {
  command: string;
  args: readonly string[];
  set: Readonly<Record<string, Secret>>;
  unset: readonly string[];
}): never {
  const lib = dlopen("libc.so.6", {
    setenv: { args: ["buffer", "buffer", "i32"], returns: "i32" },
    unsetenv: { args: ["buffer"], returns: "i32" },
    execvp: { args: ["buffer", "buffer"], returns: "i32" },
    signal: { args: ["i32", "ptr"], returns: "ptr" },
  });
  const { ptr } = require("bun:ffi");
  const c = (s: string) => Buffer.from(`${s}\0`);
  for (const [k, v] of Object.entries(p.set)) lib.symbols.setenv(c(k), c(reveal(v)), 1);
  for (const k of p.unset) lib.symbols.unsetenv(c(k));
  lib.symbols.signal(13, null);
  lib.symbols.signal(25, null);
  const bufs = [p.command, ...p.args].map(c);
  const argv = new BigUint64Array(bufs.length + 1);
  bufs.forEach((b, i) => {
    argv[i] = BigInt(ptr(b));
  });
  lib.symbols.execvp(bufs[0] as Buffer, argv as never);
  throw fail("E_COMMAND_NOT_FOUND", "not found");
}
