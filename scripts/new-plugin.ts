/**
 * `bun scripts/new-plugin.ts mistral`: writes plugins/mistral/ with its test and says what is left to do. What it
 * cannot know it writes as `.invalid` (RFC 2606 §2), and the new test fails until those are facts. Changes no
 * file that exists.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the plugin below `root` and returns what to tell the author. Throws when there is one already. */
export function newPlugin(root: string, id: string): string {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(id) || id.length > 64) {
    throw new Error(`'${id}' is no provider id: lower-case letters, digits and single dashes`);
  }
  const folder = join(root, "plugins", id);
  if (existsSync(folder)) throw new Error(`plugins/${id} exists already; nothing was changed`);
  const name = id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const variable = `${id.replaceAll("-", "_").toUpperCase()}_API_KEY`;
  mkdirSync(folder);
  writeFileSync(join(folder, "index.ts"), plugin(id, name, variable), { flag: "wx" });
  writeFileSync(join(folder, `${id}.test.ts`), table(id, name), { flag: "wx" });
  return steps(id, name);
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

const steps = (id: string, name: string) => `wrote plugins/${id}/index.ts
wrote plugins/${id}/${id}.test.ts

Left to do:
1. Put facts, with their sources, in place of everything that says .invalid, and real answers into the test.
2. Add two lines to src/providers/registry.ts:
     import { ${name} } from "../../plugins/${id}/index.ts";
     ${name},  (in PROVIDERS)
3. bun test plugins/${id} && bun run check
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
