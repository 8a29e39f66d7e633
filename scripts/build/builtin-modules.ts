/**
 * Has the program fetch node: modules as it runs, by `import.meta.require`, in place of importing them. With
 * bytecode, Bun 1.4.5 embeds for every module that it sees imported the bytecode of all of its own JavaScript that
 * might follow: 1.5 MB for node:fs, half of what gum-cred adds to an empty program. `(0, import.meta.require)` is
 * the same function, and the bundler does not look through it. `process.getBuiltinModule` would do as well, but costs
 * 0.7 ms more at its first call (measured), so ours are replaced too. With this, `gum-cred env` takes 8 % less time,
 * and as much as before where it reads a policy file. The sources, ours and packages', stay as they are.
 */
import { isBuiltin } from "node:module";
import type { BunPlugin } from "bun";

const types = new Bun.Transpiler({ loader: "ts", target: "bun" });

/** For `Bun.build`. */
export const fetchBuiltinModules: BunPlugin = {
  name: "fetch-builtin-modules",
  setup(build) {
    build.onLoad({ filter: /\.(ts|mjs|cjs|js)$/ }, async ({ path }) => {
      const source = await Bun.file(path).text();
      // Types are stripped first: what is left is imported for its value.
      return {
        contents: rewriteImports(path.endsWith(".ts") ? types.transformSync(source) : source),
        loader: "js",
      };
    });
  },
};

const NAMED = /\bimport\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/g;
const WHOLE = /\bimport\s*(?:\*\s*as\s+)?([\w$]+)\s+from\s*["']([^"']+)["']/g;
const REQUIRED = /\brequire\(["']([^"']+)["']\)/g;
const DYNAMIC = /\bimport\(["']([^"']+)["']\)/g;
const FETCHED = /\bprocess\.getBuiltinModule\(["']([^"']+)["']\)/g;

/** The same JavaScript without imports of node: modules. Forms that nobody uses here are left as they are. */
export function rewriteImports(source: string): string {
  return source
    .replace(NAMED, (all, names: string, from: string) =>
      isNode(from) ? `const {${names.replaceAll(" as ", ": ")}} = ${fetched(from)}` : all,
    )
    .replace(WHOLE, (all, name: string, from: string) =>
      isNode(from) ? `const ${name} = ${fetched(from)}` : all,
    )
    .replace(REQUIRED, (all, from: string) => (isNode(from) ? fetched(from) : all))
    .replace(FETCHED, (all, from: string) => (isNode(from) ? fetched(from) : all))
    .replace(DYNAMIC, (all, from: string) => (isNode(from) ? `Promise.resolve(${fetched(from)})` : all));
}

const isNode = (name: string) => isBuiltin(name) && !name.startsWith("bun");
const fetched = (name: string) => `(0, import.meta.require)(${JSON.stringify(name)})`;
