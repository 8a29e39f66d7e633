/**
 * What is inside a gum-cred, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages that bun.lock
 * pins for run time, and Bun itself. A test compares them with what the bundler really takes in. No serial number
 * and no time but the release's, so that the same commit gives the same bytes.
 */
import { Enums, Models, Serialize, SPDX, Spec } from "@cyclonedx/cyclonedx-library";
import { directDependencies, type Locked, lockedPackages, runtimePackages } from "../build/lock-file.ts";
import { ROOT } from "../build/program.ts";
import type { Target } from "../build/targets.ts";
import type { Version } from "../build/version.ts";

/** `date` in seconds since 1970. The Bun of every target is listed, as a part of Bun. Returns JSON's text. */
export async function billOfMaterials(
  { version }: Version,
  targets: readonly Target[],
  date: number,
): Promise<string> {
  const bun = part(Enums.ComponentType.Platform, "bun", Bun.version, "MIT");
  for (const target of targets) bun.components.add(await runtime(target));

  const libraries = new Map<string, Models.Component>();
  const packages = await runtimePackages();
  for (const [name, locked] of packages) libraries.set(name, library(name, locked, await licenceOf(name)));
  const connect = (from: Models.Component, names: readonly string[]) => {
    for (const name of names) {
      const to = libraries.get(name);
      if (to) from.dependencies.add(to.bomRef);
    }
  };
  for (const [name, locked] of packages) {
    const from = libraries.get(name);
    if (from) connect(from, locked.dependencies);
  }

  const self = part(Enums.ComponentType.Application, "gum-cred", version, "MIT", "generic");
  self.dependencies.add(bun.bomRef);
  connect(self, await directDependencies());
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: self, timestamp: new Date(date * 1000) }),
    components: new Models.ComponentRepository([bun, ...libraries.values()]),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** https://github.com/package-url/purl-spec; the purl is the reference too. */
function part(
  type: Enums.ComponentType,
  name: string,
  version: string,
  licence: string,
  registry = "npm",
): Models.Component {
  const purl = `pkg:${registry}/${name.replace("@", "%40")}@${version}`;
  const [last = name, group] = name.split("/").reverse();
  if (!SPDX.isSupportedSpdxId(licence))
    throw new Error(`${name}: '${licence}' is not an SPDX licence identifier`);
  return new Models.Component(type, last, {
    ...(group && { group }),
    version,
    purl,
    bomRef: purl,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense(licence)]),
  });
}

function library(name: string, { version, integrity }: Locked, licence: string): Models.Component {
  const component = part(Enums.ComponentType.Library, name, version, licence);
  const content = /^sha512-(.+)$/.exec(integrity)?.[1];
  if (!content) throw new Error(`${name} is pinned without a SHA-512 digest`);
  component.hashes.set(Enums.HashAlgorithm["SHA-512"], Buffer.from(content, "base64").toString("hex"));
  return component;
}

/** bun.lock has no licences; the installed package says its own. */
async function licenceOf(name: string): Promise<string> {
  const { license } = await Bun.file(`${ROOT}/node_modules/${name}/package.json`).json();
  return String(license);
}

/** The npm package with the Bun executable that one target's program was made from. */
async function runtime({ runtime }: Target): Promise<Models.Component> {
  const name = `@oven/bun-${runtime}`;
  return library(name, (await lockedPackages()).get(name) ?? (await pinnedBaseline(name)), "MIT");
}

async function pinnedBaseline(name: string): Promise<Locked> {
  const digests = await Bun.file(`${ROOT}/scripts/build/baseline-digests.txt`).text();
  const line = digests.split("\n").find((line) => line.startsWith(`${name} `));
  const [, version, integrity] = line?.split(" ") ?? [];
  if (!version || !integrity) throw new Error(`${name} is pinned nowhere`);
  return { version, integrity, dependencies: [] };
}
