/**
 * Opens a system library for bun:ffi, by its name alone, from the places the operating system trusts.
 * May do nothing else. Exists because Bun's own dlopen, when the system's fails, tries the same name in the
 * current directory: a planted `libgio-2.0.so.0` would run in a container that has none.
 */
import { dlopen, type FFIFunction, type Library } from "bun:ffi";

const RTLD_LAZY = 1; // <bits/dlfcn.h> of glibc and <dlfcn.h> of musl

/**
 * The library, or null when the system has none of that name or it lacks one of the symbols.
 * Throws what bun:ffi throws where native calls are forbidden. Linux only: `libdl.so.2` is part of every process there (Bun links it; musl takes the name for itself).
 */
export function systemLibrary<T extends Record<string, FFIFunction>>(
  name: string,
  symbols: T,
): Library<T> | null {
  const system = dlopen("libdl.so.2", { dlopen: { args: ["cstring", "i32"], returns: "ptr" } });
  const handle = system.symbols.dlopen(name, RTLD_LAZY);
  if (handle === null) return null;
  try {
    // Loaded by now, so that the name can mean nothing else. The handle is kept: it lives as long as we do.
    return dlopen(name, symbols);
  } catch {
    return null;
  }
}
