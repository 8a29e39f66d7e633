/**
 * Checks what ARCHITECTURE.md promises of the source tree and Biome has no rule for: every room stands in biome.json,
 * where the floors are, no file is too long, no folder too full, nothing random in core. Prints each offence on a
 * line and exits 1 if there are any. `bun scripts/check-floors.ts [ROOT]`
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface Report {
  readonly offences: readonly string[];
  readonly warnings: readonly string[];
}

interface Source {
  /** From the root, with slashes: `src/core/errors.ts`. */
  readonly path: string;
  readonly text: string;
}

const MOST_LINES = 300;
const MANY_LINES = 250;
const MOST_FILES = 20;

/** Files of src that stand in no room. */
const DOOR = ["src/start.ts", "src/everyday.ts", "src/everyday-stored.ts", "src/main.ts", "src/version.ts"];

/** Checks the tree below `root`. Tests count as files of their folder's subject, not as files of the folder. */
export function checkFloors(root: string): Report {
  const sources = ["src", "plugins", "scripts"].flatMap((folder) => readSources(root, folder));
  return {
    offences: [
      ...roomsWithoutFloor(root, sources),
      ...sources.flatMap(randomness),
      ...tooFull(sources),
      ...tooLong(sources, MOST_LINES, Number.POSITIVE_INFINITY),
    ],
    warnings: tooLong(sources, MANY_LINES, MOST_LINES),
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
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** A new room gets its floor when it is opened: a rule for it, and its name in the rules of the floors below. */
function roomsWithoutFloor(root: string, sources: readonly Source[]): string[] {
  const { overrides } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  const named = new Set<string>(overrides.flatMap(({ includes }: { includes: string[] }) => includes));
  const inSrc = sources.filter(({ path }) => path.startsWith("src/") && !DOOR.includes(path));
  const rooms = new Set(inSrc.map(({ path }) => path.split("/").slice(0, 2).join("/")));
  return [...rooms]
    .filter((room) => !named.has(`${room}/**`))
    .map((room) => `${room}: stands on no floor; biome.json has a rule for each room of src`);
}

function randomness({ path, text }: Source): string[] {
  if (!path.startsWith("src/core/")) return [];
  return text
    .split("\n")
    .flatMap((line, index) =>
      /\bMath\.random\b/.test(line) ? [`${path}:${index + 1}: core is pure, Math.random is not`] : [],
    );
}

function tooFull(sources: readonly Source[]): string[] {
  const sizes = new Map<string, number>();
  for (const { path } of sources) sizes.set(dirname(path), (sizes.get(dirname(path)) ?? 0) + 1);
  return [...sizes]
    .filter(([folder, size]) => folder.startsWith("src") && size > MOST_FILES)
    .map(([folder, size]) => `${folder}: ${size} files; more than ${MOST_FILES} need folders by subject`);
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
