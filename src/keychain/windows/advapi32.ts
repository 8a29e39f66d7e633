/**
 * The symbols of Windows' Credential Manager (advapi32) and of the few kernel32 functions beside it, with their
 * constants and the layout of CREDENTIALW. Declarations only: no logic, no memory management.
 * Reference: https://learn.microsoft.com/windows/win32/api/wincred/
 */
import { dlopen, type FFIFunction } from "bun:ffi";

/** The library's name. Both are KnownDLLs: Windows never looks for them outside its own system folder. */
export const ADVAPI32_LIBRARY = "advapi32.dll";
const KERNEL32_LIBRARY = "kernel32.dll";

/** wincred.h. The size is in bytes: CRED_MAX_CREDENTIAL_BLOB_SIZE, 5 * 512. */
export const CRED = { typeGeneric: 1, persistEnterprise: 3, maxBlobSize: 2560 } as const;

/** winerror.h: the numbers of GetLastError that are told apart. */
export const ERROR = { accessDenied: 5, notFound: 1168, noSuchLogonSession: 1312 } as const;

/** winnt.h and winbase.h: what a wait for a mutex may ask for and answer. */
export const MUTEX = { synchronize: 0x0010_0000, acquired: 0, abandoned: 0x80, timeout: 0x102 } as const;

/**
 * wincred.h: struct CREDENTIALW, offsets and size in bytes. The same on x64 and arm64: DWORDs of four, pointers
 * of eight, natural alignment. Flags (0), LastWritten (24), Attributes (52, 56) and TargetAlias (64) stay zero.
 */
export const CREDENTIAL = {
  type: 4,
  targetName: 8,
  comment: 16,
  blobSize: 32,
  blob: 40,
  persist: 48,
  userName: 72,
  size: 80,
} as const;

const CREDENTIAL_SYMBOLS = {
  // target, type, flags, where to put the pointer to a CREDENTIALW
  CredReadW: { args: ["ptr", "u32", "u32", "ptr"], returns: "i32" },
  // CREDENTIALW, flags
  CredWriteW: { args: ["ptr", "u32"], returns: "i32" },
  // target, type, flags
  CredDeleteW: { args: ["ptr", "u32", "u32"], returns: "i32" },
  // filter, flags, where to put the count, where to put the array of pointers to CREDENTIALW
  CredEnumerateW: { args: ["ptr", "u32", "ptr", "ptr"], returns: "i32" },
  CredFree: { args: ["ptr"], returns: "void" },
} as const satisfies Record<string, FFIFunction>;

const KERNEL_SYMBOLS = {
  GetLastError: { args: [], returns: "u32" },
  SetLastError: { args: ["u32"], returns: "void" },
  // security attributes, name, flags, access
  CreateMutexExW: { args: ["ptr", "ptr", "u32", "u32"], returns: "ptr" },
  // handle, milliseconds
  WaitForSingleObject: { args: ["ptr", "u32"], returns: "u32" },
  ReleaseMutex: { args: ["ptr"], returns: "i32" },
  CloseHandle: { args: ["ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

/**
 * Opens both libraries; null on another operating system, or where one of them lacks a symbol.
 * `library` is replaced only by tests, by a library of the same functions.
 */
export function openAdvapi32(library: string = ADVAPI32_LIBRARY) {
  // Elsewhere Bun's dlopen would go on to look for a file of that name in the current directory.
  if (process.platform !== "win32") return null;
  try {
    return {
      ...dlopen(library, CREDENTIAL_SYMBOLS).symbols,
      ...dlopen(KERNEL32_LIBRARY, KERNEL_SYMBOLS).symbols,
    };
  } catch {
    return null;
  }
}

/** The opened functions. */
export type Advapi32 = NonNullable<ReturnType<typeof openAdvapi32>>;
