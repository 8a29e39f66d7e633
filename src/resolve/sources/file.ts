/**
 * Reads a secret from a file, as container platforms mount them. Follows symbolic links (Kubernetes mounts
 * secrets through one) and reads pipes, so that `<(command)` works; bounded in size and time.
 */
import { type FileHandle, open } from "node:fs/promises";
import { fail, type GumCredError } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { shownPath } from "../../core/shown-path.ts";
import { systemCode } from "../../core/system-error.ts";
import { within } from "../../os/time-limit.ts";

const LIMIT_BYTES = 64 * 1024;
const SECRET_ALONE = "write the secret alone into it, as one line of text";
const TIMEOUT_MS = 5_000;

/**
 * The trimmed content of the file. `named` is the variable or setting that names it, for messages.
 * Throws E_FILE_UNREADABLE (missing, no permission, a directory, too slow) and E_MALFORMED (empty, too large,
 * not one line of text).
 */
export async function readSecretFile(path: string, named: string): Promise<Secret> {
  const bytes = await readBounded(path, named, LIMIT_BYTES);
  const text = decode(bytes)?.trim();
  if (text === undefined)
    throw fail("E_MALFORMED", `${named}: ${shownPath(path)} is not UTF-8 text`, SECRET_ALONE);
  if (text === "") {
    throw fail(
      "E_MALFORMED",
      `${named}: ${shownPath(path)} is empty`,
      "write the secret into it, or unset the variable",
    );
  }
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw fail("E_MALFORMED", `${named}: ${shownPath(path)} contains more than one line`, SECRET_ALONE);
  }
  return secret(text);
}

/** All bytes of a file. Throws E_FILE_UNREADABLE, and E_MALFORMED beyond `limitBytes`. */
export async function readBounded(path: string, named: string, limitBytes: number): Promise<Uint8Array> {
  const bytes = await within(TIMEOUT_MS, readBytes(path, named, limitBytes), () => {
    throw fail(
      "E_FILE_UNREADABLE",
      `${named}: ${shownPath(path)} could not be read within ${TIMEOUT_MS / 1000} s`,
    );
  });
  if (bytes.length <= limitBytes) return bytes;
  throw fail("E_MALFORMED", `${named}: ${shownPath(path)} is larger than ${limitBytes / 1024} KiB`);
}

async function readBytes(path: string, named: string, limitBytes: number): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const buffer = new Uint8Array(limitBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } catch (error) {
    throw unreadable(path, named, error);
  } finally {
    await file?.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "is not readable by this user",
  EISDIR: "is a directory",
  ENOTDIR: "does not exist",
  ELOOP: "is a loop of symbolic links",
};

function unreadable(path: string, named: string, error: unknown): GumCredError {
  const code = systemCode(error) ?? "";
  return fail("E_FILE_UNREADABLE", `${named}: ${shownPath(path)} ${REASONS[code] ?? "cannot be read"}`);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
