/**
 * Windows' generic credentials as plain values: read, write, remove, enumerate, and a lock between processes.
 * Knows the native structures and the error numbers, and nothing of what the names mean.
 * No function here waits for a person: Credential Manager has no dialog on this path.
 */
import { read as memory, type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { fail, type GumCredError } from "../../core/errors.ts";
import { MUTEX } from "../../os/native/kernel32.ts";
import { type Advapi32, CRED, CREDENTIAL, ERROR, openAdvapi32 } from "./advapi32.ts";
import { encodeUtf16 } from "./text.ts";

/** One generic credential. `blob` is a copy that its owner overwrites when done with it. */
export interface Credential {
  readonly target: string;
  readonly userName: string;
  readonly comment: string;
  readonly blob: Uint8Array<ArrayBuffer>;
}

/** Every function throws E_KEYCHAIN_UNAVAILABLE, _DENIED or _FAILED, by the number of GetLastError. */
export interface CredentialStore {
  /** Null when there is none at this target. */
  read(target: string): Credential | null;
  /** Creates or replaces, in one step as other processes see it. Overwrites `blob`, also when it fails. */
  write(credential: Credential): void;
  /** False when there was none. */
  remove(target: string): boolean;
  /** Target and user name of every credential, or of those that begin with `prefix`; ignores case. */
  names(prefix?: string): readonly Pick<Credential, "target" | "userName">[];
  /**
   * Runs `action` while no other process of this logon session is inside this function. Waits `timeoutMs`
   * milliseconds at most, then throws E_KEYCHAIN_TIMEOUT. A holder that dies lets go.
   */
  exclusively<T>(timeoutMs: number, action: () => T): T;
}

const LOCK_NAME = "Local\\gum-cred.credential-manager";
const UTF16 = new TextDecoder("utf-16le", { ignoreBOM: true });

/** Opens Credential Manager; null where this machine has none. `library` is for tests. */
export function openCredentialStore(library?: string): CredentialStore | null {
  const api = openAdvapi32(library);
  return (
    api && {
      read: (target) => readOne(api, target),
      write: (credential) => writeOne(api, credential),
      remove: (target) => present(api, "delete", () => api.CredDeleteW(wide(target), CRED.typeGeneric, 0)),
      names: (prefix) => namesOf(api, prefix),
      exclusively: (timeoutMs, action) => exclusively(api, timeoutMs, action),
    }
  );
}

function readOne(api: Advapi32, target: string): Credential | null {
  const place = new BigUint64Array(1);
  if (!present(api, "read", () => api.CredReadW(wide(target), CRED.typeGeneric, 0, place))) return null;
  const address = addressIn(place);
  try {
    return {
      target,
      userName: textAt(address, CREDENTIAL.userName),
      comment: textAt(address, CREDENTIAL.comment),
      blob: blobAt(address).slice(),
    };
  } finally {
    blobAt(address).fill(0);
    api.CredFree(address);
  }
}

function writeOne(api: Advapi32, credential: Credential): void {
  const { blob } = credential;
  const texts = {
    targetName: wide(credential.target),
    userName: wide(credential.userName),
    comment: wide(credential.comment),
  };
  const bytes = new ArrayBuffer(CREDENTIAL.size);
  const struct = new DataView(bytes);
  struct.setUint32(CREDENTIAL.type, CRED.typeGeneric, true);
  struct.setUint32(CREDENTIAL.persist, CRED.persistEnterprise, true);
  struct.setUint32(CREDENTIAL.blobSize, blob.byteLength, true);
  struct.setBigUint64(CREDENTIAL.blob, BigInt(ptr(blob)), true);
  for (const [field, text] of Object.entries(texts)) {
    struct.setBigUint64(CREDENTIAL[field as keyof typeof texts], BigInt(ptr(text)), true);
  }
  try {
    present(api, "write", () => api.CredWriteW(new Uint8Array(bytes), 0));
  } finally {
    // Also what keeps the buffers from being collected during the call: the struct holds mere addresses.
    for (const buffer of [blob, ...Object.values(texts)]) buffer.fill(0);
  }
}

function namesOf(api: Advapi32, prefix: string | undefined): Pick<Credential, "target" | "userName">[] {
  const count = new Uint32Array(1);
  const place = new BigUint64Array(1);
  const filter = prefix === undefined ? null : wide(`${prefix}*`);
  if (!present(api, "list", () => api.CredEnumerateW(filter, 0, count, place))) return [];
  const array = addressIn(place);
  const addresses = Array.from({ length: count[0] ?? 0 }, (_, index) => memory.ptr(array, index * 8));
  try {
    return addresses.map((address) => ({
      target: textAt(address, CREDENTIAL.targetName),
      userName: textAt(address, CREDENTIAL.userName),
    }));
  } finally {
    // Windows hands out the values with the names, asked or not.
    for (const address of addresses) blobAt(address).fill(0);
    api.CredFree(array);
  }
}

function exclusively<T>(api: Advapi32, timeoutMs: number, action: () => T): T {
  api.SetLastError(0);
  // SYNCHRONIZE is all that waiting takes, and all that an elevated process grants one that is not.
  const mutex = api.CreateMutexExW(null, wide(LOCK_NAME), 0, MUTEX.synchronize);
  if (mutex === null) throw refused("lock", api.GetLastError());
  try {
    const answer = api.WaitForSingleObject(mutex, timeoutMs);
    if (answer === MUTEX.timeout) {
      throw fail("E_KEYCHAIN_TIMEOUT", `another gum-cred has held the keychain for ${timeoutMs / 1000} s`);
    }
    if (answer !== MUTEX.acquired && answer !== MUTEX.abandoned) throw refused("lock", api.GetLastError());
    try {
      return action();
    } finally {
      api.ReleaseMutex(mutex);
    }
  } finally {
    api.CloseHandle(mutex);
  }
}

/**
 * Whether a call succeeded (true) or found nothing (false); any other failure throws. The number is set to zero
 * first, so that an earlier call's "not found" is never taken for this one's: a number lost on its way to us
 * makes a failure, never an absent entry. Bun runs nothing of its own between two calls that would change it
 * (test/contract/keychain/windows.test.ts reads it back many thousand times, with the collector running).
 */
function present(api: Advapi32, what: string, call: () => number): boolean {
  api.SetLastError(0);
  if (call() !== 0) return true;
  const code = api.GetLastError();
  if (code === ERROR.notFound) return false;
  throw refused(what, code);
}

function refused(what: string, code: number): GumCredError {
  if (code === ERROR.noSuchLogonSession) {
    const message = "this logon session has no Credential Manager (services and network logons have none)";
    return fail("E_KEYCHAIN_UNAVAILABLE", message);
  }
  const message = `Windows Credential Manager refused to ${what} (Windows error ${code})`;
  return fail(code === ERROR.accessDenied ? "E_KEYCHAIN_DENIED" : "E_KEYCHAIN_FAILED", message);
}

/** A NUL-terminated UTF-16 string for Windows. */
function wide(text: string): Uint16Array<ArrayBuffer> {
  return encodeUtf16(`${text}\0`);
}

/** An address that Windows put there. They end below 2^47, so a number holds them exactly. */
function addressIn(place: BigUint64Array): Pointer {
  return Number(place[0]) as Pointer;
}

/** The string that a field of the struct at `address` points to; empty for a null pointer. */
function textAt(address: number, field: number): string {
  const start = memory.ptr(address, field);
  if (start === 0) return "";
  let length = 0;
  while (memory.u16(start, length) !== 0) length += 2;
  return length === 0 ? "" : UTF16.decode(new Uint8Array(toArrayBuffer(start, 0, length)));
}

/** A view of the value itself in Windows' memory, valid until CredFree. */
function blobAt(address: number): Uint8Array<ArrayBuffer> {
  const size = memory.u32(address, CREDENTIAL.blobSize);
  return size === 0
    ? new Uint8Array()
    : new Uint8Array(toArrayBuffer(memory.ptr(address, CREDENTIAL.blob), 0, size));
}
