/** What the documents name is there: paths in backquotes, and scripts of package.json. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "..");
const DOCUMENTS = ["*.md", "docs/**/*.md"]
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(ROOT)])
  .sort();
/** The first word of a path; tests are also named from test/ on, sources from src/ on. */
const PATH =
  /`((?:src|test|scripts|docs|plugins|e2e|contract|build|cli|app|core|gumloop|resolve|providers|output|keychain|dbus|net|os)\/[\w./*-]+)`/g;
/** What a new plugin would be called. */
const EXAMPLE = "plugins/heron/";

test.each(DOCUMENTS)("%s names files that are there", async (document) => {
  const text = await Bun.file(`${ROOT}/${document}`).text();
  const named = [...text.matchAll(PATH)].map(([, path = ""]) => path);
  const lost = named.filter((path) => !path.startsWith(EXAMPLE) && !exists(path));
  expect(lost).toEqual([]);
});

function exists(path: string): boolean {
  const options = { cwd: ROOT, onlyFiles: false };
  return ["", "src/", "test/"].some((start) => {
    const pattern = `${start}${path}`.replace(/\/$/, "");
    return [...new Bun.Glob(pattern).scanSync(options)].length > 0;
  });
}

test.each(DOCUMENTS)("%s names scripts of package.json", async (document) => {
  const { scripts } = await Bun.file(`${ROOT}/package.json`).json();
  const text = await Bun.file(`${ROOT}/${document}`).text();
  const named = [...text.matchAll(/\bbun run ([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("decisions are numbered without gaps", () => {
  const numbers = [...new Bun.Glob("*.md").scanSync(`${ROOT}/docs/adr`)].map((name) =>
    Number(name.slice(0, 4)),
  );
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
});
