/** What counts as "nothing there": a dangling link does not. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mayExist } from "./may-exist.ts";

test("a file, a folder and a link to nowhere may exist; nothing does not", () => {
  const folder = mkdtempSync("/tmp/gum-cred-exist-");
  try {
    writeFileSync(`${folder}/file`, "");
    symlinkSync("/nowhere", `${folder}/link`);
    for (const name of ["", "/file", "/link"]) expect(mayExist(folder + name)).toBe(true);
    for (const name of ["/none", "/file/below", "/none/below"]) expect(mayExist(folder + name)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
