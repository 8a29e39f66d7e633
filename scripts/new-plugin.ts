/**
 * `bun scripts/new-plugin.ts heron`: writes plugins/heron/ with its test, adds it to the registry and says what is
 * left to do. What it cannot know it writes as `.invalid` (RFC 2606 §2), and the new test fails until those are facts.
 * Of the files that exist it changes the registry only.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportName, writeRegistry } from "./registry.ts";

/** Writes the plugin below `root` and returns what to tell the author. Throws when there is one already. */
export function newPlugin(root: string, id: string): string {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(id) || id.length > 64) {
    throw new Error(`'${id}' is not a provider id: use lower-case letters, digits and single dashes`);
  }
  const folder = join(root, "plugins", id);
  if (existsSync(folder)) throw new Error(`plugins/${id} exists already; nothing was changed`);
  const name = exportName(id);
  const variable = `${id.replaceAll("-", "_").toUpperCase()}_API_KEY`;
  mkdirSync(folder);
  writeFileSync(join(folder, "index.ts"), plugin(id, name, variable), { flag: "wx" });
  writeFileSync(join(folder, `${id}.test.ts`), table(id, name), { flag: "wx" });
  writeRegistry(root);
  return steps(id);
}

const plugin = (id: string, name: string, variable: string) => `/**
 * ${id}. Sources: (where the variable, the base URL, the request and its answers are documented; the vendor's own
 * SDK and API reference first). Say why the request costs nothing.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const ${name} = llmProvider({
  id: "${id}",
  title: "${id}",
  variables: ["${variable}"],
  hosts: ["api.${id}.invalid"],
  setupUrl: "https://console.${id}.invalid/api-keys",
  keyShape: null,
  baseUrlVariable: null,
  baseUrl: "https://api.${id}.invalid/v1",
  path: "/models",
  auth: "authorization",
  proof: "data",
  rules: [],
});
`;

const table = (id: string, name: string) => `import { testVendor } from "../../test/support/plugin-table.ts";
import { ${name} } from "./index.ts";

const KEY = "sk-EXAMPLE-0123456789";

// The vendor's real answers, word for word, with the fake key where it echoes one.
testVendor(${name}, KEY, [
  ["a good key", 200, { data: [{ id: "model" }] }, "valid"],
  ["a wrong key, echoed", 401, { error: { message: \`${id} does not know \${KEY}\` } }, "rejected", "***"],
]);
`;

const steps = (id: string) => `wrote plugins/${id}/index.ts
wrote plugins/${id}/${id}.test.ts
added it to src/providers/registry.ts

Left to do:
1. In plugins/${id}/, put facts, with their sources, in place of everything that says .invalid, and the vendor's real
   answers into the test.
2. Where another place than the last suits it better in the output of env: add "${id}" to plugins/order.json and run
   bun scripts/registry.ts
3. bun test plugins/${id} && bun run check
4. Name the vendor in README.md and CHANGELOG.md.
`;

if (import.meta.main) {
  const [id, ...more] = process.argv.slice(2);
  if (id === undefined || more.length > 0) {
    console.error("usage: bun scripts/new-plugin.ts ID");
    process.exit(2);
  }
  try {
    console.log(newPlugin(join(import.meta.dir, ".."), id));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
