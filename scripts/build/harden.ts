/**
 * Changes a finished Linux file so that Bun inside it no longer obeys the environment: see harden-table.ts for what,
 * and docs/adr/0004-hardening-the-finished-file.md for why. Every change is counted first; a
 * count that is not the measured one throws, and nothing is half done.
 */
import { type Elf, parseElf } from "./elf.ts";
import { CODE, type CodePattern, MEASURED_BUN, NAMES, type Name } from "./harden-table.ts";
import type { Target } from "./targets.ts";

/** Bytes to write at a place of the file. */
interface Change {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Why a file for this target is left as it is; null when it is hardened. */
export function whyNotHardened(target: Target): string | null {
  if (target.os === "linux") return null;
  return target.os === "darwin"
    ? "the file is signed as it is compiled, and would have to be signed again"
    : "not measured for Windows executables yet";
}

/** Hardens a file in memory. Throws when anything is not exactly as measured. Returns the number of changes. */
export function harden(file: Buffer, target: Target, bunVersion: string = Bun.version): number {
  if (bunVersion !== MEASURED_BUN) {
    throw new Error(`the hardening was measured for Bun ${MEASURED_BUN}, and this is ${bunVersion}`);
  }
  const elf = parseElf(file);
  const changes = [
    ...NAMES.flatMap((name) => silenceName(elf, name)),
    ...CODE[target.cpu].map((pattern) => changeCode(elf, pattern)),
    keepFileLimit(elf),
  ];
  for (const { offset, bytes } of changes) bytes.copy(file, offset);
  return changes.length;
}

/** NUL for the first letter: the name cannot be in any environment then, while another letter would rename it. */
function silenceName(elf: Elf, { name, hits }: Name): Change[] {
  const { offset } = elf.section(".rodata");
  const data = elf.bytesOf(".rodata");
  const found = [...indexesOf(data, name)].filter((at) => isLookup(data, at, name.length));
  if (found.length !== hits) throw new Error(`${name} is there ${found.length} times, not ${hits}`);
  return found.map((at) => ({ offset: offset + at, bytes: Buffer.of(0) }));
}

/**
 * Whether these bytes are a name to look up. A longer name that holds this one is not, nor is a sentence of
 * help. Rust packs its strings without a separator, so a name may begin right behind any letter and
 * another variable's name right behind it.
 */
function isLookup(data: Buffer, at: number, length: number): boolean {
  const before = data.toString("latin1", at - 1, at);
  const after = data.toString("latin1", at + length, at + length + 5);
  const longer = before === "_" || (/^[A-Z0-9_]/.test(after) && !/^(BUN|NODE)_/.test(after));
  const prose = /[ (]/.test(before) || /^[ )]/.test(after);
  return !longer && !prose;
}

function changeCode(elf: Elf, { what, find, at, put }: CodePattern): Change {
  const { offset } = elf.section(".text");
  const code = elf.bytesOf(".text");
  const pattern = find.split(" ").map((byte) => (byte === "??" ? null : Number.parseInt(byte, 16)));
  const start = Buffer.from(find.split(" ??")[0]?.replaceAll(" ", "") ?? "", "hex");
  const found = [...indexesOf(code, start)].filter((place) =>
    pattern.every((byte, index) => byte === null || code[place + index] === byte),
  );
  const [place, ...more] = found;
  if (place === undefined || more.length > 0)
    throw new Error(`${what} is there ${found.length} times, not once`);
  return { offset: offset + place + at, bytes: Buffer.from(put.replaceAll(" ", ""), "hex") };
}

/**
 * Bun raises the soft limit of open files as it starts, and the caller's own is lost: `exec` could not give it
 * back. Its import of setrlimit is made to mean getrlimit, which takes the same arguments and
 * changes nothing. Ours, by dlsym(3), is still the real one.
 */
function keepFileLimit(elf: Elf): Change {
  const only = (name: string) => {
    const [found, ...more] = elf.imports.filter((symbol) => symbol.name === name);
    if (!found || more.length > 0) throw new Error(`${name} is not imported exactly once`);
    return found;
  };
  const [raise, read] = [only("setrlimit"), only("getrlimit")];
  if (raise.version !== read.version) throw new Error("setrlimit and getrlimit are of different versions");
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(read.nameOffset);
  return { offset: raise.nameField, bytes };
}

function* indexesOf(data: Buffer, what: string | Buffer): Generator<number> {
  for (let at = data.indexOf(what, 0, "latin1"); at !== -1; at = data.indexOf(what, at + 1, "latin1"))
    yield at;
}
