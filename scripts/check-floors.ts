/**
 * Checks what ARCHITECTURE.md promises of the source tree: imports go down only, core is pure, plugins see little,
 * nothing imports in a circle, no file is too long. Prints each offence on a line and exits 1 if there are any.
 * `bun scripts/check-floors.ts [ROOT]`
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export interface Report {
  readonly offences: readonly string[];
  readonly warnings: readonly string[];
}

interface Source {
  /** From the root, with slashes: `src/core/errors.ts`. */
  readonly path: string;
  readonly text: string;
  /** What it imports: paths from the root for its own files, names for everything else. */
  readonly imports: readonly string[];
}

/** From the top down. A file may import from lower floors and from its own folder; neighbours are apart. */
const FLOORS: readonly (readonly string[])[] = [
  ["src/main.ts"],
  ["src/cli"],
  ["src/app"],
  ["src/gumloop"],
  ["src/resolve"],
  ["src/providers", "src/output"],
  ["plugins"],
  ["src/keychain"],
  ["src/dbus", "src/net"],
  ["src/os"],
  ["src/core", "src/version.ts"],
];

/** What a plugin sees of the program, besides core: the contract, and the maker of ordinary API-key providers. */
const PLUGIN_SEES = ["src/providers/contract.ts", "src/providers/llm.ts"];

const MOST_LINES = 300;
const MANY_LINES = 250;

/** What core may not mention: the outside world in any form. */
const IMPURE =
  /\b(?:process|Bun|console|performance)\s*[.[]|\bfetch\s*\(|\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b/;

/** Reads the tree below `root` and judges it. */
export function checkFloors(root: string): Report {
  const all = ["src", "plugins", "scripts"].flatMap((folder) => readSources(root, folder));
  const sources = all.filter(({ path }) => !path.startsWith("scripts/"));
  return {
    offences: [
      ...sources.flatMap(wrongImports),
      ...sources.flatMap(impurity),
      ...circles(sources),
      ...tooLong(all, MOST_LINES, Number.POSITIVE_INFINITY),
    ],
    warnings: tooLong(all, MANY_LINES, MOST_LINES),
  };
}

function readSources(root: string, folder: string): Source[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  } catch {
    return []; // a tree without that folder
  }
  return names
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => {
      const path = `${folder}/${name}`;
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, imports: importsOf(text).map((name) => resolveImport(path, name)) };
    })
    .sort((a, b) => a.path.localeCompare(b.path));
}

/** Static, type-only, side-effect and dynamic imports alike, and re-exports. */
function importsOf(text: string): string[] {
  const patterns = [
    /^(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    /^import\s*["']([^"']+)["']/gm,
    /\b(?:import|require)\(\s*["']([^"']+)["']\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));
}

function resolveImport(from: string, name: string): string {
  return name.startsWith(".") ? relative("/", resolve("/", dirname(from), name)) : name;
}

function wrongImports({ path, imports }: Source): string[] {
  const own = floorOf(path);
  if (own === null) return [`${path}: stands on no floor; scripts/check-floors.ts knows them`];
  return imports.flatMap((name) => {
    const reason = path.startsWith("plugins/") ? pluginMistake(path, name) : mistake(path, own, name);
    return reason ? [`${path}: imports ${name}: ${reason}`] : [];
  });
}

function mistake(path: string, own: Floor, name: string): string | null {
  const target = floorOf(name);
  if (target === null) {
    const outside = !/^(src|plugins)\//.test(name);
    if (path.startsWith("src/core/") && outside) return "core imports nothing from outside core";
    return outside && !/^(scripts|test)\//.test(name) ? null : "not a part of the program";
  }
  if (target.folder === own.folder || target.level > own.level) return null;
  return target.level === own.level
    ? "neighbours on one floor do not know each other"
    : "imports go down only";
}

function pluginMistake(path: string, name: string): string | null {
  const own = path.split("/").slice(0, 2).join("/");
  const seen = name.startsWith(`${own}/`) || name.startsWith("src/core/") || PLUGIN_SEES.includes(name);
  return seen ? null : `a plugin sees src/core, its own folder, ${PLUGIN_SEES.join(" and ")}`;
}

interface Floor {
  readonly level: number;
  readonly folder: string;
}

function floorOf(path: string): Floor | null {
  for (const [level, folders] of FLOORS.entries()) {
    const folder = folders.find((folder) => path === folder || path.startsWith(`${folder}/`));
    if (folder) return { level, folder };
  }
  return null;
}

function impurity({ path, text }: Source): string[] {
  if (!path.startsWith("src/core/")) return [];
  return withoutCommentsAndStrings(text)
    .split("\n")
    .flatMap((line, index) => {
      const found = IMPURE.exec(line);
      return found ? [`${path}:${index + 1}: core is pure and may not mention ${found[0]}`] : [];
    });
}

/** Lines keep their numbers. A template's insertions go with it, which hides little. */
function withoutCommentsAndStrings(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return text.replace(token, (found) => found.replace(/[^\n]/g, " "));
}

/** Each circle once, from its alphabetically first file. */
function circles(sources: readonly Source[]): string[] {
  const graph = new Map(sources.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`imports in a circle: ${[...trail.slice(start), path].join(" > ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

function tooLong(sources: readonly Source[], over: number, upTo: number): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    return lines > over && lines <= upTo
      ? [`${path}: ${lines} lines; more than ${over} ask to be two files`]
      : [];
  });
}

if (import.meta.main) {
  const { offences, warnings } = checkFloors(process.argv[2] ?? resolve(import.meta.dir, ".."));
  for (const warning of warnings) console.error(`warning: ${warning}`);
  for (const offence of offences) console.error(offence);
  process.exit(offences.length > 0 ? 1 : 0);
}
