/** Processes as the real /proc shows them. */
import { expect, test } from "bun:test";
import { runningProcesses } from "../../../src/os/process/running.ts";

test.skipIf(process.platform !== "linux")(
  "the real one shows a child, its age and its variables",
  async () => {
    const child = Bun.spawn(["sleep", "61.25"], { env: { NAME: "of-the-child" } });
    try {
      const find = () => runningProcesses((argv) => argv.join(" ") === "sleep 61.25");
      await Bun.sleep(300);
      const [found] = find().filter(({ pid }) => pid === child.pid);
      expect(found?.variable("NAME")).toBe("of-the-child");
      expect(found?.ageMs).toBeGreaterThan(200);
      expect(found?.ageMs).toBeLessThan(60_000);
      child.kill();
      await child.exited;
      expect(find().some(({ pid }) => pid === child.pid)).toBe(false);
    } finally {
      child.kill();
    }
  },
);
