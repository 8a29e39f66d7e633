/** Our own handling of paths against node:path's. */
import { expect, test } from "bun:test";
import { posix } from "node:path";
import { paths } from "./paths.ts";

const PARTS = [
  "",
  "/",
  "//",
  "a",
  "a/b",
  "/a",
  "/a/",
  "./a",
  "../a",
  "..",
  ".",
  "a/../b",
  "/../..",
  "/a/./b//c/..",
  "ä b",
  "a\\b",
];

test("isAbsolute, resolve, dirname and basename are node:path's, for every pair of paths", () => {
  for (const base of PARTS) {
    expect([base, paths.isAbsolute(base)]).toEqual([base, posix.isAbsolute(base)]);
    for (const path of PARTS) {
      const resolved = paths.resolve(base, path);
      expect([base, path, resolved]).toEqual([base, path, posix.resolve(base, path)]);
      expect([resolved, paths.dirname(resolved)]).toEqual([resolved, posix.dirname(resolved)]);
      expect([resolved, paths.basename(resolved)]).toEqual([resolved, posix.basename(resolved)]);
    }
  }
});
