/**
 * The symbols of Windows' Credential Manager (advapi32), with their constants and the layout of CREDENTIALW.
 * Declarations only: no logic, no memory management.
 * Reference: https://learn.microsoft.com/windows/win32/api/wincred/
 */
import { dlopen, type FFIFunction } from "bun:ffi";
import { kernelMutexes } from "../../os/native/kernel32.ts";

/** The library's name. It is a KnownDLL: Windows never looks for it outside its own system folder. */
export const ADVAPI32_LIBRARY = "advapi32.dll";

/** wincred.h. The size is in bytes: CRED_MAX_CREDENTIAL_BLOB_SIZE, 5 * 512. */
export const CRED = { typeGeneric: 1, persistEnterprise: 3, maxBlobSize: 2560 } as const;

/** winerror.h: the numbers of GetLastError that are told apart. */
export const ERROR = { accessDenied: 5, notFound: 1168, noSuchLogonSession: 1312 } as const;

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

/**
 * Opens it, with the functions of kernel32 beside it; null on another system, or where a symbol is missing.
 * `library` is replaced only by tests, by a library of the same functions.
 */
export function openAdvapi32(library: string = ADVAPI32_LIBRARY) {
  // Elsewhere Bun's dlopen would go on to look for a file of that name in the current directory.
  if (process.platform !== "win32") return null;
  try {
    return { ...dlopen(library, CREDENTIAL_SYMBOLS).symbols, ...kernelMutexes() };
  } catch {
    return null;
  }
}

/** The opened functions. */
export type Advapi32 = NonNullable<ReturnType<typeof openAdvapi32>>;
