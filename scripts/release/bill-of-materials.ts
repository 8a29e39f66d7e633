/**
 * What is inside a gum-cred, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages that
 * package-lock.json pins for run time, and Bun itself. A test compares them with what the bundler really takes in.
 */
import { ROOT } from "../build/program.ts";
import type { Target } from "../build/targets.ts";
import type { Version } from "../build/version.ts";

/** As much of package-lock.json as is needed: https://docs.npmjs.com/cli/configuring-npm/package-lock-json. */
interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

type Packages = Readonly<Record<string, Locked>>;

const FOLDER = "node_modules/";

/** Packages of the lock file that run in the program, by their names. */
export async function runtimePackages(): Promise<ReadonlyMap<string, Locked>> {
  const { packages }: { packages: Packages } = await Bun.file(`${ROOT}/package-lock.json`).json();
  const found = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
  return new Map(
    found.map(([path, locked]) => [path.slice(path.lastIndexOf(FOLDER) + FOLDER.length), locked]),
  );
}

/** `date` in seconds since 1970. The Bun of every target is listed, as a part of Bun. */
export async function billOfMaterials(
  { version }: Version,
  targets: readonly Target[],
  date: number,
): Promise<object> {
  const packages = await runtimePackages();
  const { dependencies } = await Bun.file(`${ROOT}/package.json`).json();
  const self = `pkg:generic/gum-cred@${version}`;
  const bun = `pkg:npm/bun@${Bun.version}`;
  const refs = (names: Readonly<Record<string, string>> = {}) =>
    Object.keys(names)
      .map((name) => purl(name, packages.get(name)))
      .sort();
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(date * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "gum-cred",
        version,
        purl: self,
        ...licence("MIT"),
      },
    },
    components: [
      {
        ...{
          type: "platform",
          "bom-ref": bun,
          name: "bun",
          version: Bun.version,
          purl: bun,
          ...licence("MIT"),
        },
        components: await Promise.all(targets.map(runtime)),
      },
      ...[...packages].map(([name, locked]) => library(name, locked)),
    ],
    dependencies: [
      { ref: self, dependsOn: [bun, ...refs(dependencies)] },
      { ref: bun, dependsOn: [] },
      ...[...packages].map(([name, locked]) => ({
        ref: purl(name, locked),
        dependsOn: refs(locked.dependencies),
      })),
    ],
  };
}

function library(name: string, locked: Locked): object {
  const [last = name, group] = name.split("/").reverse();
  return {
    type: "library",
    "bom-ref": purl(name, locked),
    ...(group && { group }),
    name: last,
    version: locked.version,
    ...(locked.license && licence(locked.license)),
    purl: purl(name, locked),
    ...hashes(locked.integrity),
  };
}

/** The npm package with the Bun executable that one target's program was made from. */
async function runtime({ runtime }: Target): Promise<object> {
  const name = `@oven/bun-${runtime}`;
  return library(name, { ...(await pinnedRuntime(name)), license: "MIT" });
}

async function pinnedRuntime(name: string): Promise<Locked> {
  const { packages }: { packages: Packages } = await Bun.file(`${ROOT}/package-lock.json`).json();
  const locked = packages[`${FOLDER}${name}`];
  if (locked) return locked;
  const digests = await Bun.file(`${ROOT}/scripts/build/baseline-digests.txt`).text();
  const line = digests.split("\n").find((line) => line.startsWith(`${name} `));
  const [, version, integrity] = line?.split(" ") ?? [];
  if (!version || !integrity) throw new Error(`${name} is pinned nowhere`);
  return { version, integrity };
}

/** https://github.com/package-url/purl-spec, type npm. */
function purl(name: string, locked: Locked | undefined): string {
  if (!locked) throw new Error(`package-lock.json has no ${name}`);
  return `pkg:npm/${name.replace("@", "%40")}@${locked.version}`;
}

const licence = (id: string) => ({ licenses: [{ license: { id } }] });

/** npm has the digest of the package's archive: `sha512-` and base64. */
function hashes(integrity: string | undefined): object {
  const content = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  return content
    ? { hashes: [{ alg: "SHA-512", content: Buffer.from(content, "base64").toString("hex") }] }
    : {};
}
