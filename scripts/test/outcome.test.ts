/** What `bun test` printed is read rightly, whatever way it ended. */
import { expect, test } from "bun:test";
import { failuresIn, outcomeOf } from "./outcome.ts";

const FAILED = `bun test v1.4.5

a.test.ts:
(pass) first [0.1ms]
error: expected 1
      at a.test.ts:3
(fail) second [0.2ms]
(pass) third
a daemon ended by itself: SIGSEGV
error: expected 2
(fail) fourth

2 tests failed:
(fail) second [0.2ms]
(fail) fourth

 2 pass
 2 fail
 4 expect() calls
Ran 4 tests across 1 file. [1.00s]
`;

test("passed and failed are the summary's", () => {
  expect(outcomeOf(FAILED, 1)).toEqual({ passed: 2, failed: 2, output: FAILED });
  expect(outcomeOf(" 3 pass\n 0 fail\n", 0)).toMatchObject({ passed: 3, failed: 0 });
});

test.each([
  ["a process that was killed", "(pass) first\n", 137],
  ["an error outside of a test", " 5 pass\n 0 fail\n 1 error\n", 1],
  ["no such file", "The following filters did not match any test files\n", 1],
])("%s is a failure", (_, output, exitCode) => {
  expect(outcomeOf(output, exitCode).failed).toBe(1);
  expect(failuresIn(output)).toContain(output.trim().split("\n")[0] ?? "");
});

test("each failure is shown once, with what was printed since the test before", () => {
  const shown = failuresIn(FAILED);
  expect(shown.match(/\(fail\)/g)).toHaveLength(2);
  expect(shown).toContain("error: expected 1\n      at a.test.ts:3\n(fail) second");
  expect(shown).toContain("a daemon ended by itself: SIGSEGV\nerror: expected 2\n(fail) fourth");
  expect(shown).not.toContain("(pass)");
});
