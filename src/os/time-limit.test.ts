/** Waits end in time, and leave no timer behind. */
import { expect, test } from "bun:test";
import { startTimeLimit, within } from "./time-limit.ts";

const never = new Promise<never>(() => {});

test("within: the work's result, its failure, or what late says", async () => {
  expect(await within(1_000, Promise.resolve(1), () => 2)).toBe(1);
  expect(await within(5, never, () => 2)).toBe(2);
  const late = () => {
    throw new Error("late");
  };
  expect(within(5, never, late)).rejects.toThrow("late");
  expect(within(1_000, Promise.reject(new Error("broken")), late)).rejects.toThrow("broken");
});

test("within: work that fails after the time is up is no unhandled rejection", async () => {
  const failing = Bun.sleep(20).then(() => {
    throw new Error("after");
  });
  expect(await within(1, failing, () => "late")).toBe("late");
  await Bun.sleep(40);
});

test("a limit stops by time or by interrupt, whichever comes first", async () => {
  const byTime = startTimeLimit(5);
  expect([await byTime.stopped, byTime.stoppedBy(), byTime.signal.aborted]).toEqual(["limit", "limit", true]);

  const controller = new AbortController();
  const interrupted = startTimeLimit(10_000, controller.signal);
  expect(interrupted.stoppedBy()).toBeNull();
  controller.abort();
  expect([await interrupted.stopped, interrupted.signal.aborted]).toEqual(["interrupt", true]);
  interrupted.clear();

  const before = startTimeLimit(10_000, AbortSignal.abort());
  expect(before.stoppedBy()).toBe("interrupt");
  before.clear();
});

test("a cleared limit keeps no process alive and never stops", async () => {
  const limit = startTimeLimit(5);
  limit.clear();
  await Bun.sleep(20);
  expect([limit.stoppedBy(), limit.signal.aborted]).toEqual([null, false]);
});
