/**
 * What bun.lock pins (https://bun.com/docs/pm/lockfile): versions, digests and what each package needs. The file is
 * JSON with trailing commas; a package is an array of its name and version, its registry, its facts and its digest.
 */
import { ROOT } from "./program.ts";

export interface Locked {
  readonly version: string;
  /** npm's form: `sha512-` and base64, of the package's archive. */
  readonly integrity: string;
  /** The names of the packages that it needs when it runs. */
  readonly dependencies: readonly string[];
}

/** Names of packages with what is pinned for them. */
export type Packages = ReadonlyMap<string, Locked>;

interface LockFile {
  readonly lockfileVersion: number;
  readonly workspaces: { readonly "": { readonly dependencies?: Readonly<Record<string, string>> } };
  readonly packages: Readonly<Record<string, readonly [string, string, { dependencies?: object }, string]>>;
}

/** Every package of bun.lock, those for other machines too. */
export async function lockedPackages(): Promise<Packages> {
  const { packages } = await readLockFile();
  return new Map(
    Object.entries(packages).map(([name, [pinned, , facts, integrity]]) => [
      name,
      {
        version: pinned.slice(pinned.lastIndexOf("@") + 1),
        integrity,
        dependencies: Object.keys(facts.dependencies ?? {}),
      },
    ]),
  );
}

/** The packages that run in the program: the dependencies of package.json, and theirs. Sorted by name. */
export async function runtimePackages(): Promise<Packages> {
  const [packages, direct] = await Promise.all([lockedPackages(), directDependencies()]);
  const found = new Map<string, Locked>();
  const take = (name: string): void => {
    if (found.has(name)) return;
    const locked = packages.get(name);
    if (!locked) throw new Error(`bun.lock does not pin ${name}`);
    found.set(name, locked);
    locked.dependencies.forEach(take);
  };
  direct.forEach(take);
  // A second version of a package is kept under `parent/name`, which nobody here reads.
  const twice = [...packages.keys()].filter((key) => !/^(@[^/]+\/)?[^/]+$/.test(key));
  if (twice.length > 0) throw new Error(`bun.lock has a second version of a package: ${twice}`);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The names under `dependencies` in package.json. */
export async function directDependencies(): Promise<readonly string[]> {
  return Object.keys((await readLockFile()).workspaces[""].dependencies ?? {});
}

async function readLockFile(): Promise<LockFile> {
  const file = Bun.JSONC.parse(await Bun.file(`${ROOT}/bun.lock`).text()) as LockFile;
  // Version 2 has the digest at the fourth place, as version 1 had; another would have to be read anew.
  if (file.lockfileVersion > 2) throw new Error(`bun.lock has version ${file.lockfileVersion}; 2 is known`);
  return file;
}
