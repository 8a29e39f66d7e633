/**
 * Writes src/providers/registry.ts from the folders in plugins/. `env` prints vendors in the order of
 * plugins/order.json; folders that it does not name come after, by their names.
 * `bun scripts/registry.ts [--check]`; with `--check` it changes nothing and exits 1 when the file is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FILE = "src/providers/registry.ts";
const GUMLOOP = "gumloop";
/** As in biome.json. */
const LINE_WIDTH = 110;

/** A provider's name in TypeScript: `azure-openai` is exported as `azureOpenai`. */
export function exportName(id: string): string {
  return id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The text of the registry for the plugins below `root`, formatted as Biome does. */
export function registrySource(root: string): string {
  const order: string[] = JSON.parse(readFileSync(join(root, "plugins/order.json"), "utf8"));
  const ids = readdirSync(join(root, "plugins"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const place = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length);
  const vendors = ids.filter((id) => id !== GUMLOOP).sort((a, b) => place(a) - place(b));
  const imports = ids.map((id) => `import { ${exportName(id)} } from "../../plugins/${id}/index.ts";`);
  return `/**
 * The providers gum-cred knows, by id. Built-in ones are compiled in; installed ones join here.
 * Written by scripts/registry.ts from the folders in plugins/.
 */
${imports.join("\n")}
import type { Provider } from "./contract.ts";

/** Built-in LLM vendors, in the order \`env\` prints them. */
${list("export const VENDORS: readonly Provider[] = ", vendors.map(exportName))}

/** Built-in providers, Gumloop first. */
export const PROVIDERS: readonly Provider[] = [${GUMLOOP}, ...VENDORS];
`;
}

function list(start: string, names: readonly string[]): string {
  const line = `${start}[${names.join(", ")}];`;
  return line.length <= LINE_WIDTH ? line : `${start}[\n${names.map((name) => `  ${name},\n`).join("")}];`;
}

/** Writes the registry below `root`. */
export function writeRegistry(root: string): void {
  writeFileSync(join(root, FILE), registrySource(root));
}

if (import.meta.main) {
  const root = resolve(import.meta.dir, "..");
  if (process.argv[2] !== "--check") writeRegistry(root);
  else if (readFileSync(join(root, FILE), "utf8") !== registrySource(root)) {
    console.error(`${FILE} is stale: run bun scripts/registry.ts`);
    process.exit(1);
  }
}
