/** What `exec --env-file` and `--file` hand to the command beside the exported credentials. */
import { clean, fail } from "../../core/errors.ts";
import { isReference } from "../../core/reference.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { type EnvFileEntry, parseEnvFile } from "./env-file.ts";
import { type PlacedReference, resolveReferences } from "./references.ts";

const LIMIT_BYTES = 1024 * 1024;

/** A value for a private file whose path goes into a variable. */
export interface FileValue {
  readonly variable: string;
  readonly value: Secret;
}

export interface ExecFiles {
  /** Variables of the files, in their order; later files win. */
  readonly set: ReadonlyMap<string, Secret>;
  /** Those of them that came from references, and so are secret. */
  readonly secrets: readonly Secret[];
  readonly files: readonly FileValue[];
}

interface FileEntry extends EnvFileEntry {
  /** `.env:3`, for messages. */
  readonly place: string;
}

/** Reads the files and resolves every reference. Throws the first error, with the file and line of its reference. */
export async function readExecFiles(
  envFiles: readonly string[],
  fileSpecs: readonly string[],
  scope: Scope,
  ports: Ports,
): Promise<ExecFiles> {
  const specs = fileSpecs.map(parseFileSpec);
  const twice = specs.find(({ variable }, at) => specs.findIndex((spec) => spec.variable === variable) < at);
  if (twice)
    throw fail("E_USAGE", `--file ${twice.variable} is given twice`, "give each file a name of its own");
  const entries: FileEntry[] = [];
  for (const path of envFiles) entries.push(...(await readEntries(path, ports)));
  // Of a name that stands twice the last one counts, and only that one is resolved.
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  const referring = [...last.values()].filter(({ value }) => isReference(value));
  const placed: PlacedReference[] = [
    ...referring.map(({ place, value }) => ({ place, text: value })),
    ...specs.map(({ variable, text }) => ({ place: `--file ${variable}`, text })),
  ];
  const resolved = await resolveReferences(placed, scope, ports);
  const values = new Map(referring.map(({ name }, index) => [name, resolved[index]]));
  const set = new Map<string, Secret>();
  for (const { name, value } of last.values()) set.set(name, values.get(name) ?? secret(value));
  const files = specs.map(({ variable }, index) => {
    return { variable, value: resolved[referring.length + index] ?? secret("") };
  });
  return { set, secrets: resolved, files };
}

async function readEntries(path: string, ports: Ports): Promise<readonly FileEntry[]> {
  const { entries, strayLines } = parseEnvFile(await readText(path));
  for (const line of strayLines) ports.warn(`${clean(path)}:${line}: this line is not a variable; ignored`);
  return entries.map((entry) => ({ ...entry, place: `${clean(path)}:${entry.line}` }));
}

async function readText(path: string): Promise<string> {
  const { readInputFile } = await import("../../os/files/read-input.ts");
  const { bytes } = readInputFile(path, LIMIT_BYTES, clean(path));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fail("E_MALFORMED", `${clean(path)} is not UTF-8 text`, "save it as UTF-8");
  }
}

function parseFileSpec(spec: string): { readonly variable: string; readonly text: string } {
  const [, variable, text] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(spec) ?? [];
  if (variable === undefined || text === undefined || !isReference(text)) {
    throw fail("E_USAGE", "--file takes NAME=gum://PROVIDER[/FIELD]", "such as --file KEY_FILE=gum://openai");
  }
  return { variable, text };
}
