/**
 * Changes a finished file so that Bun inside it no longer obeys the environment: see harden-table.ts for what,
 * and docs/adr/0004-hardening-the-finished-file.md for why. Every change is counted first; a
 * count that is not the measured one throws, and nothing is half done.
 */
import { type Elf, parseElf } from "./elf.ts";
import { type Executable, openExecutable } from "./executable.ts";
import { CODE, type CodePattern, MEASURED_BUN, NAMES, type Name } from "./harden-table.ts";
import type { Target } from "./targets.ts";

/** Bytes to write at a place of the file. */
interface Change {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Hardens a file in memory. Throws when anything is not exactly as measured. Returns the number of changes. */
export function harden(file: Buffer, target: Target, bunVersion: string = Bun.version): number {
  if (bunVersion !== MEASURED_BUN) {
    throw new Error(`the hardening was measured for Bun ${MEASURED_BUN}, and this is ${bunVersion}`);
  }
  const executable = openExecutable(file, target.os);
  const changes = [
    ...NAMES.flatMap((name) => silenceName(executable, name, target.os)),
    ...CODE[`${target.os}-${target.cpu}`].map((pattern) => changeCode(executable, pattern)),
    ...(target.os === "linux" ? [keepFileLimit(parseElf(file))] : []),
  ];
  for (const { offset, bytes } of changes) bytes.copy(file, offset);
  return changes.length;
}

/** NUL for the first letter: the name cannot be in any environment then, while another letter would rename it. */
function silenceName({ strings }: Executable, { name, ...counts }: Name, os: Target["os"]): Change[] {
  const found = strings.flatMap(({ offset, bytes }) =>
    [...indexesOf(bytes, Buffer.from(name))]
      .filter((at) => isLookup(bytes, at, name.length))
      .map((at) => ({ offset: offset + at, bytes: Buffer.of(0) })),
  );
  const wide = strings.flatMap(({ offset, bytes }) =>
    [...indexesOf(bytes, Buffer.from(name, "utf16le"))].map((at) => ({
      offset: offset + at,
      bytes: Buffer.of(0, 0),
    })),
  );
  const windows = os === "windows";
  const hits = (windows ? counts.windowsHits : undefined) ?? counts.hits;
  const wideHits = (windows ? counts.windowsWide : undefined) ?? 0;
  if (found.length !== hits) throw new Error(`${name} is there ${found.length} times, not ${hits}`);
  if (wide.length !== wideHits)
    throw new Error(`${name} is there ${wide.length} times in UTF-16, not ${wideHits}`);
  return [...found, ...wide];
}

/**
 * Whether these bytes are a name to look up. A longer name that holds this one is not, nor is a sentence of
 * help. Rust packs its strings without a separator, so a name may begin right behind any letter and
 * another variable's name or a `Word` right behind it.
 */
function isLookup(data: Buffer, at: number, length: number): boolean {
  const before = data.toString("latin1", at - 1, at);
  const after = data.toString("latin1", at + length, at + length + 5);
  const longer = before === "_" || (/^[A-Z0-9_](?![a-z])/.test(after) && !/^(BUN|NODE)_/.test(after));
  const prose = /[ (]/.test(before) || /^[ )]/.test(after);
  return !longer && !prose;
}

function changeCode({ code: { offset, bytes: code } }: Executable, pattern: CodePattern): Change {
  const { what, find, at, put } = pattern;
  const wanted = find.split(" ").map((byte) => (byte === "??" ? null : Number.parseInt(byte, 16)));
  const start = Buffer.from(find.split(" ??")[0]?.replaceAll(" ", "") ?? "", "hex");
  const found = [...indexesOf(code, start)].filter((place) =>
    wanted.every((byte, index) => byte === null || code[place + index] === byte),
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

function* indexesOf(data: Buffer, what: Buffer): Generator<number> {
  for (let at = data.indexOf(what); at !== -1; at = data.indexOf(what, at + 1)) yield at;
}
