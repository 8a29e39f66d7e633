/** Processes as a /proc of our own shows them. The real one: test/contract/os/running.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Looker, runningProcesses } from "./running.ts";

let root = "";
beforeAll(() => {
  root = mkdtempSync(`${tmpdir()}/gum-cred-proc-`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Shown {
  readonly parent?: number;
  readonly state?: string;
  /** Hundredths of a second after the machine's start. */
  readonly start?: number;
  readonly name?: string;
  readonly argv?: readonly string[];
  readonly environ?: readonly string[];
}

function show(entry: string, pid: number, shown: Shown): void {
  const { parent = 1, state = "S", start = 1_000, name = "python", argv = ["wanted"], environ = [] } = shown;
  const folder = `${root}/${entry}`;
  mkdirSync(folder, { recursive: true });
  const words = (list: readonly string[]) => list.map((word) => `${word}\0`).join("");
  writeFileSync(`${folder}/stat`, `${pid} (${name}) ${state} ${parent}${" 7".repeat(17)} ${start} 0 0\n`);
  writeFileSync(`${folder}/cmdline`, words(argv));
  writeFileSync(`${folder}/environ`, words(environ));
}

/** Shows this process as 500, child of 400, and the others; finds what has the word `wanted`. */
function find(others: Readonly<Record<number, Shown>>, looker: Partial<Looker> = {}) {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  show("self", 500, { parent: 400, start: 2_000 });
  const all: Record<number, Shown> = { 1: { parent: 0, argv: ["init"] }, 500: { parent: 400 }, ...others };
  for (const [pid, shown] of Object.entries(all)) show(pid, Number(pid), shown);
  const here = { root, uid: process.geteuid?.(), elapsedMs: 300, ...looker };
  return runningProcesses((argv) => argv.includes("wanted"), here);
}

describe("a process is found, or is not", () => {
  test.each<[string, Shown, boolean]>([
    ["asleep", {}, true],
    ["running", { state: "R" }, true],
    ["in a system call", { state: "D" }, true],
    ["stopped by Ctrl-Z", { state: "T" }, false],
    ["traced", { state: "t" }, false],
    ["ended and not waited for", { state: "Z", argv: [] }, false],
    ["with other words", { argv: ["other"] }, false],
    ["with the word in the middle", { argv: ["a", "wanted", "b"] }, true],
    ["with the word as a part", { argv: ["wanted-else"] }, false],
    ["with a name that looks like fields", { name: "a) Z 1 (b" }, true],
    ["a child of this one", { parent: 500 }, true],
    ["a sibling", { parent: 400 }, true],
  ])("%s", (_, shown, found) => {
    expect(find({ 700: shown }).map(({ pid }) => pid)).toEqual(found ? [700] : []);
  });

  test("unless it is this one, or an ancestor of it that waits for it", () => {
    const found = find({ 400: { parent: 300 }, 300: { parent: 1 }, 301: { parent: 300 } });
    expect(found.map(({ pid }) => pid)).toEqual([301]);
  });

  test("unless it is another user's", () => {
    expect(find({ 700: {} }, { uid: (process.geteuid?.() ?? 0) + 1 })).toEqual([]);
  });

  test.each([
    ["before this one", 1_000, 10_300],
    ["together with it", 2_000, 300],
    ["after it", 2_020, 100],
    ["after it, by a clock that stood still meanwhile", 9_000, 0],
  ])("started %s, with its age", (_, start, ageMs) => {
    expect(find({ 700: { start } })[0]?.ageMs).toBe(ageMs);
  });

  test.each([
    ["what it holds", ["A=x", "NAME=value=1"], "value=1"],
    ["nothing", ["NAME=", "A=x"], ""],
    ["a name that only begins alike", ["NAME_2=x"], ""],
    ["no environment", [], ""],
  ])("and its variable: %s", (_, environ, value) => {
    expect(find({ 700: { environ } })[0]?.variable("NAME")).toBe(value);
  });
});

describe("nothing is found, and nothing thrown", () => {
  test("without /proc", () => {
    expect(runningProcesses(() => true, { root: `${root}/none`, uid: 0, elapsedMs: 0 })).toEqual([]);
  });

  test.each(["stat", "cmdline"])("where %s is gone by then", (file) => {
    find({ 700: {} });
    rmSync(`${root}/700/${file}`);
    const here = { root, uid: process.geteuid?.(), elapsedMs: 0 };
    expect(runningProcesses((argv) => argv.includes("wanted"), here)).toEqual([]);
  });

  test("where the numbers are none", () => {
    find({ 700: {} });
    writeFileSync(`${root}/700/stat`, "700 (python) S\n");
    const here = { root, uid: process.geteuid?.(), elapsedMs: 0 };
    expect(runningProcesses((argv) => argv.includes("wanted"), here)).toEqual([]);
  });
});
