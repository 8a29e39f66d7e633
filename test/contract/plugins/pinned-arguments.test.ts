/** Pins cover what a program is given: every way to name a file among its arguments, on real files. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { GumCredError } from "../../../src/core/errors.ts";
import { checkProgramPin, pinOf } from "../../../src/providers/installed/pins.ts";

const folder = mkdtempSync("/tmp/gum-cred-words-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MANIFEST = new TextEncoder().encode("{}");
const isRoot = process.geteuid?.() === 0;

function file(name: string): string {
  const path = `${folder}/${name}`;
  writeFileSync(path, "one");
  chmodSync(path, 0o700);
  return path;
}

function outcome(work: () => void): string {
  try {
    work();
    return "fine";
  } catch (error) {
    if (error instanceof GumCredError) return error.code;
    throw error;
  }
}

const program = file("program");
const script = file("script");
const forms: [name: string, word: string][] = [
  ["an absolute path", script],
  ["relative to the root, where programs run", script.slice(1)],
  ["with dots", `.${script}`],
  ["through a parent", `${folder}/../${script.split("/").slice(-2).join("/")}`],
  ["behind =", `--script=${script}`],
  ["relative behind =", `--script=${script.slice(1)}`],
  ["behind an option's letter", `-I${script}`],
  ["behind @", `@${script}`],
  ["within a word of several", `load ${script} now`],
  ["in a list", `a:${script}:b`],
];

test.each(forms)("%s: refused after it changed", (_name, word) => {
  writeFileSync(script, "one");
  const command = [program, word];
  const pin = pinOf(MANIFEST, command);
  expect(outcome(() => checkProgramPin("x", command, pin))).toBe("fine");
  writeFileSync(script, "two");
  expect(outcome(() => checkProgramPin("x", command, pin))).toBe("E_PLUGIN_CHANGED");
});

test.each(forms)(
  "%s: refused where others can write it, or it is somebody else's, or a link",
  (_name, word) => {
    const command = [program, word];
    chmodSync(script, 0o722);
    expect(outcome(() => pinOf(MANIFEST, command))).toBe("E_UNSAFE_FILE");
    chmodSync(script, 0o700);
    if (isRoot) {
      chownSync(script, 65_534, 65_534);
      expect(outcome(() => pinOf(MANIFEST, command))).toBe("E_UNSAFE_FILE");
      chownSync(script, 0, 0);
    }
    rmSync(script);
    symlinkSync(program, script);
    expect(outcome(() => pinOf(MANIFEST, command))).toBe("E_UNSAFE_FILE");
    rmSync(script);
    file("script");
  },
);

test.each([
  ["a folder", (path: string) => path],
  ["a folder with a slash behind", (path: string) => `${path}/`],
  ["a folder behind =", (path: string) => `--lib=${path}`],
  ["a folder relative to the root", (path: string) => path.slice(1)],
  ["a link to a folder", () => `${folder}/link`],
  ["the root", () => "/"],
])("%s is refused", (_name, word) => {
  const pkg = `${folder}/pkg`;
  mkdirSync(pkg, { recursive: true });
  rmSync(`${folder}/link`, { force: true });
  symlinkSync(pkg, `${folder}/link`);
  expect(outcome(() => pinOf(MANIFEST, [program, word(pkg)]))).toBe("E_PLUGIN_REFUSED");
});

test("what is no file is no part of the pin, and a file that appears later was not trusted", () => {
  const later = `${folder}/later`;
  const command = [program, later, "--fast", "https://api.acme.example/v1", "/dev/null"];
  const pin = pinOf(MANIFEST, command);
  expect([...pin.files.keys()]).toEqual([program]);
  file("later");
  expect(outcome(() => checkProgramPin("x", command, pin))).toBe("E_PLUGIN_CHANGED");
});
