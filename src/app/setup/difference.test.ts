/** What differs between two texts, as it is shown before a file is written. */
import { expect, test } from "bun:test";
import { difference } from "./difference.ts";

test.each<[string, string | null, string | null, string]>([
  ["the same", "a\nb\n", "a\nb\n", ""],
  ["a new file", null, "a\nb\n", "--- /dev/null\n+++ f\n+a\n+b\n"],
  ["a removed file", "a\n", null, "--- f\n+++ /dev/null\n-a\n"],
  ["a line more", "a\nc\n", "a\nb\nc\n", "--- f\n+++ f\n a\n+b\n c\n"],
  ["a changed line", "a\nb\nc\n", "a\nx\nc\n", "--- f\n+++ f\n a\n-b\n+x\n c\n"],
  ["two places", "1\n2\n3\n", "0\n1\n3\n4\n", "--- f\n+++ f\n+0\n 1\n-2\n 3\n+4\n"],
  ["far away", "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n7\n", "--- f\n+++ f\n…\n 3\n 4\n 5\n-6\n+7\n"],
])("%s", (_about, before, after, shown) => expect(difference("f", before, after)).toBe(shown));
