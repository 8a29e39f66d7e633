/**
 * Windows' kernel32: the only module that opens it, and the only table of its functions, in sets by subject. The
 * library is a KnownDLL: Windows never looks for it outside its own system folder. Declares; decides nothing.
 * Reference: https://learn.microsoft.com/windows/win32/api/
 */
import { dlopen, type FFIFunction } from "bun:ffi";

/** winbase.h */
export const INVALID_HANDLE_VALUE = 0xffff_ffff_ffff_ffffn;

/** winnt.h and winbase.h: what a wait for a mutex may ask for and answer. */
export const MUTEX = { synchronize: 0x0010_0000, acquired: 0, abandoned: 0x80, timeout: 0x102 } as const;

const CloseHandle = { args: ["u64"], returns: "i32" } as const;

const FILES = {
  // name, access, share mode, security attributes, disposition, flags, template
  CreateFileW: { args: ["buffer", "u32", "u32", "ptr", "u32", "u32", "ptr"], returns: "u64" },
  CloseHandle,
} as const satisfies Record<string, FFIFunction>;

const MUTEXES = {
  GetLastError: { args: [], returns: "u32" },
  SetLastError: { args: ["u32"], returns: "void" },
  // security attributes, name, flags, access
  CreateMutexExW: { args: ["ptr", "ptr", "u32", "u32"], returns: "ptr" },
  // handle, milliseconds
  WaitForSingleObject: { args: ["ptr", "u32"], returns: "u32" },
  ReleaseMutex: { args: ["ptr"], returns: "i32" },
  CloseHandle,
} as const satisfies Record<string, FFIFunction>;

/** Opening files. Throws what bun:ffi throws; call on Windows only. */
export function kernelFiles() {
  return open(FILES);
}

/** The last error, and mutexes. Throws what bun:ffi throws; call on Windows only. */
export function kernelMutexes() {
  return open(MUTEXES);
}

function open<Functions extends Readonly<Record<string, FFIFunction>>>(functions: Functions) {
  // Elsewhere Bun's dlopen would go on to look for a file of that name in the current directory.
  if (process.platform !== "win32") throw new TypeError("kernel32 is Windows'");
  return dlopen("kernel32.dll", functions).symbols;
}
