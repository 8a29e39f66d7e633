/**
 * Reads files that steer gum-cred (manifests, pins, policies) and judges programs it is to run: only what
 * no other user could have written. The descriptor that was checked is the one that is read; nothing is opened
 * twice. Secrets that a user names are not read here (src/resolve/sources/file.ts follows links, as containers need).
 *
 * On Windows a file has no numeric owner and no mode bits, and its access list is not looked at: kind, size
 * and links are checked there, owner and writability of files and folders are not.
 */
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { quotedPath } from "../../core/shown-path.ts";
import { isMissing, systemCode } from "../../core/system-error.ts";
import { type Facts, fileCalls } from "./file-calls.ts";
import { paths } from "./paths.ts";

const { basename, dirname, isAbsolute, resolve } = paths;

/** Whose a file and every folder above it may be. Folders may always be root's too. */
export type Owner = "root" | "root-or-user" | "user";

export interface TrustedFileOptions {
  readonly owner: Owner;
  readonly limitBytes: number;
  /** The folders that one look at many files has found trusted, by path, with their real paths: for one owner. */
  readonly folders?: Map<string, string>;
}

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const MOST_LINKS = 40;
const CHUNK_BYTES = 256 * 1024;

/**
 * The whole file; null when it is not there. Throws E_UNSAFE_FILE (a symbolic link, no regular file, not the
 * right owner's, writable by others; or a folder above it is), E_MALFORMED (larger than the limit),
 * E_FILE_UNREADABLE.
 */
export function readTrustedFile(path: string, options: TrustedFileOptions): Uint8Array | null {
  return withTrustedFile(path, options, (fd, size) => {
    const buffer = new Uint8Array(size + 1);
    let length = 0;
    for (;;) {
      const read = fileCalls().read(fd, buffer, length);
      if (read === 0) return buffer.subarray(0, length);
      length += read;
      if (length > size) throw fail("E_UNSAFE_FILE", `${clean(path)} changed while it was read`);
    }
  });
}

/** The SHA-256 of the file as lower-case hex, without holding it in memory; null and throws as above. */
export function hashTrustedFile(path: string, options: TrustedFileOptions): string | null {
  return withTrustedFile(path, options, (fd) => {
    const hasher = new Bun.CryptoHasher("sha256");
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const read = fileCalls().read(fd, buffer, 0);
      if (read === 0) return hasher.digest("hex");
      hasher.update(buffer.subarray(0, read));
    }
  });
}

/** Whether the file is there; throws as above when it may not be trusted. Its content is not read. */
export function checkTrustedFile(path: string, options: TrustedFileOptions): boolean {
  return withTrustedFile(path, options, () => true) ?? false;
}

/** Throws E_UNSAFE_FILE when others could put files into this folder, or swap it or one above it. */
export function checkTrustedFolder(path: string, owner: Owner): void {
  trustedFolder(resolve(path, ""), owner, 0);
}

function withTrustedFile<T>(
  path: string,
  { owner, limitBytes, folders }: TrustedFileOptions,
  read: (fd: number, size: number) => T,
): T | null {
  if (!isAbsolute(path)) {
    throw fail("E_UNSAFE_FILE", `${clean(path)} is not an absolute path`, "write the whole path, from / on");
  }
  const calls = fileCalls();
  let fd: number | undefined;
  try {
    const plain = resolve(path, "");
    const above = dirname(plain);
    const folder = folders?.get(above) ?? trustedFolder(above, owner, 0);
    folders?.set(above, folder);
    fd = calls.openItself(`${trimmed(folder)}/${basename(plain)}`);
    const stat = calls.fstat(fd);
    refuseKind(stat, path);
    refuseOwner(stat, owner, path);
    refuseWritable(stat, path);
    if (stat.size > limitBytes) {
      throw fail("E_MALFORMED", `${clean(path)} is larger than ${limitBytes} bytes`, "make the file shorter");
    }
    return read(fd, stat.size);
  } catch (error) {
    if (isMissing(error)) return null;
    throw explained(error, path);
  } finally {
    if (fd !== undefined) calls.close(fd);
  }
}

/**
 * The real path of a folder of which every part, up to the root, only root or the user can change. A part
 * may be a link (macOS's /etc is one) when the link itself and where it points pass the same checks.
 */
function trustedFolder(path: string, owner: Owner, links: number): string {
  const parent = dirname(path);
  const place = parent === path ? path : `${trimmed(trustedFolder(parent, owner, links))}/${basename(path)}`;
  const stat = fileCalls().lstat(place);
  refuseFolderOwner(stat, owner, place);
  if (stat.kind === "link") {
    if (links >= MOST_LINKS)
      throw fail("E_UNSAFE_FILE", `${clean(path)} is part of a loop of symbolic links`);
    return trustedFolder(resolve(dirname(place), fileCalls().readlink(place)), owner, links + 1);
  }
  if (stat.kind === "folder" && (stat.mode & STICKY) === 0) refuseWritable(stat, place);
  return place;
}

function refuseKind(stat: Facts, path: string): void {
  if (stat.kind !== "file") {
    throw fail("E_UNSAFE_FILE", `${clean(path)} is not a regular file`, "replace it with a regular file");
  }
}

function refuseOwner(stat: Facts, owner: Owner, path: string): void {
  const user = process.geteuid?.();
  if (user === undefined) return;
  const allowed = { root: [0], "root-or-user": [0, user], user: [user] }[owner];
  if (allowed.includes(stat.uid)) return;
  const whose = { root: "root", "root-or-user": "root or you", user: "you" }[owner];
  const who = owner === "root" ? "root" : `"$(id -un)"`;
  throw fail(
    "E_UNSAFE_FILE",
    `${clean(path)} belongs to user ${stat.uid}, and only a file of ${whose} is trusted`,
    `check it, and if it is correct, run: chown ${who} ${quotedPath(path)}`,
  );
}

/** A folder of another user counts as writable by others: its owner can replace what is in it. */
function refuseFolderOwner(stat: Facts, owner: Owner, path: string): void {
  refuseOwner(stat, owner === "root" ? "root" : "root-or-user", path);
}

/** A private group counts as others too: it cannot be told from a shared one. */
function refuseWritable(stat: Facts, path: string): void {
  if (process.geteuid === undefined || (stat.mode & OTHERS_WRITE) === 0) return;
  const who = (stat.mode & 0o002) === 0 ? "its group" : "everybody";
  const folder = stat.kind === "folder" ? "the folder " : "";
  throw fail(
    "E_UNSAFE_FILE",
    `${folder}${clean(path)} can be written by ${who}, so others could decide what gum-cred does`,
    `also a group of your own counts (umask 002 makes such files); run: chmod go-w ${quotedPath(path)}`,
  );
}

function explained(error: unknown, path: string): unknown {
  const code = systemCode(error);
  switch (code) {
    // O_NOFOLLOW on a link: ELOOP on Linux and macOS, EMLINK on FreeBSD.
    case "ELOOP":
    case "EMLINK":
      return refusedLink(path);
    // A socket, or a pipe or device without a server.
    case "ENXIO":
    case "ENODEV":
      return fail("E_UNSAFE_FILE", `${clean(path)} is not a regular file`, "replace it with a regular file");
    case null:
      return error;
    default:
      return unreadableError(clean(path), code);
  }
}

/** `what` cannot be read: by this user, with so few open files, or for another reason of the system's. */
export function unreadableError(what: string, code: string): GumCredError {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return fail("E_FILE_UNREADABLE", `${what} cannot be read by this user`);
    case "EMFILE":
    case "ENFILE":
      return fail(
        "E_FILE_UNREADABLE",
        `${what} cannot be read (${code})`,
        "check 'ulimit -n' (64 is enough)",
      );
    default:
      return fail("E_FILE_UNREADABLE", `${what} cannot be read (${code})`);
  }
}

function refusedLink(path: string): GumCredError {
  return fail(
    "E_UNSAFE_FILE",
    `${clean(path)} is a symbolic link, and only a file itself is trusted`,
    "name the file that it points to, or replace the link with that file",
  );
}

function trimmed(folder: string): string {
  return folder === "/" ? "" : folder;
}
