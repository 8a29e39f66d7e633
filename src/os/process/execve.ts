/** execve(2) as Bun has it: without native calls of ours, and with an environment that JavaScript can hold. */
import type { RawEnvironment } from "../../core/environment.ts";
import { systemCode } from "../../core/system-error.ts";

/** Does not return where it succeeds; else the code of the system, such as `ENOENT`. */
export function execve(path: string, argv: readonly string[], env: RawEnvironment): string | null {
  const set: Record<string, string> = {};
  for (const name in env) if (env[name] !== undefined) set[name] = env[name];
  try {
    process.execve?.(path, argv, set);
  } catch (error) {
    withoutWarning();
    return systemCode(error);
  }
  return null;
}

/** Bun warns, once we go on, that this function of its is experimental: that is nothing for who runs gum-cred. */
function withoutWarning(): void {
  const emit = process.emit;
  process.emit = ((...event: readonly [string, ...unknown[]]) =>
    event[0] === "warning" || Reflect.apply(emit, process, event)) as typeof emit;
  setImmediate(() => {
    process.emit = emit;
  });
}
