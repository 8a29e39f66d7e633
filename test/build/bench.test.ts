/** The instrument itself: what counts as a broken promise, what the page says of it, and that times are taken. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { COPIES, fairCopies, measure, median } from "../../scripts/bench/measure.ts";
import { asPage, asText } from "../../scripts/bench/page.ts";
import { absentRow, missed, type Row, timeRow, type Verdict, verdict } from "../../scripts/bench/rows.ts";

const row = (ratio: number | null, limit: number | null): Row => ({ ...absentRow("x", "y"), ratio, limit });

test("a promise is kept up to its limit, and one that was not measured is not kept", () => {
  const cases: [Row, Verdict, boolean][] = [
    [row(1.5, 1.5), "kept", false],
    [row(1.51, 1.5), "MISSED", true],
    [row(null, 1.5), "not measured", true],
    [row(9, null), "", false],
    [row(null, null), "", false],
  ];
  for (const [one, word, isMissed] of cases) {
    expect([verdict(one), missed([{ title: "", about: "", rows: [one] }]).length]).toEqual([
      word,
      isMissed ? 1 : 0,
    ]);
  }
});

test("the median is the value in the middle", () => {
  expect([median([3]), median([9, 1, 5]), median([4, 1, 2, 9])]).toEqual([3, 5, 3]);
});

test("times of whole processes: the slower command takes longer, and one that fails stops everything", async () => {
  let prepared = 0;
  const timing = await measure(
    [
      { name: "fast", command: ["true"], before: () => void prepared++ },
      { name: "slow", command: ["sleep", "0.05"] },
      { name: "served", command: ["sleep", "0.05"], served: true },
      { name: "reads", command: ["grep", "-q", "root"], input: "/etc/passwd" },
    ],
    3,
  );
  expect(prepared).toBe(6);
  for (const name of ["slow", "served"]) expect(timing(name).least).toBeGreaterThan(45);
  expect(timing("fast").least).toBeLessThan(timing("slow").least);
  expect(timeRow(timing("slow"), timing("fast")).ratio).toBeGreaterThan(1);
  expect(() => timing("other")).toThrow("was not measured");
  expect(measure([{ name: "bad", command: ["false"] }], 1)).rejects.toThrow("bad ended with 1");
});

test("a command gets no variables but PATH and its own", async () => {
  process.env["BENCH_TEST_EXAMPLE"] = "x";
  const check = `[ "$OWN" = 1 ] && [ -z "$BENCH_TEST_EXAMPLE" ]`;
  await measure([{ name: "clean", command: ["sh", "-c", check], env: { OWN: "1" } }], 1);
});

test("the page names what was not kept, and every row", () => {
  const sections = [
    { title: "Start", about: "About it.", rows: [row(2, 1.5), row(1, 1.5), absentRow("gh", "no gh")] },
  ];
  const page = asPage(sections, ["gum-cred 1"], 60);
  expect(page).toContain("1 of 2 promises were kept");
  expect(page).toContain("- Start: x: 2.00, promised 1.5");
  expect(page).toContain("| gh | not here: no gh |");
  expect(page).not.toContain(process.env["HOSTNAME"] || "/work");
  expect(asPage([{ title: "", about: "", rows: [row(1, 1.5)] }], [], 60)).toContain(
    "All 1 promises were kept.",
  );
  for (const section of sections) expect(asText(section)).toContain("MISSED");
});

test("fair copies are byte for byte the program, and take turns", async () => {
  const folder = mkdtempSync("/tmp/gum-cred-bench-");
  const [program, log] = [`${folder}/program`, `${folder}/log`];
  writeFileSync(`${folder}/source`, `#!/bin/sh\necho "$0" >>${log}\n`, { mode: 0o755 });
  const first = fairCopies(`${folder}/source`, program);
  expect(first).toBe(program);
  expect(readFileSync(first, "utf8")).toBe(readFileSync(`${folder}/source`, "utf8"));
  const timing = await measure([{ name: "x", command: [first] }], COPIES * 2);
  const counts = new Map<string, number>();
  for (const path of readFileSync(log, "utf8").trim().split("\n"))
    counts.set(path, (counts.get(path) ?? 0) + 1);
  // Three rounds to warm up are the first one's.
  expect([...counts.values()]).toEqual([5, ...Array(COPIES - 1).fill(2)]);
  expect(timing("x").byCopy).toHaveLength(COPIES);
  rmSync(folder, { recursive: true });
});
