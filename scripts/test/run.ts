/**
 * Runs the tests, two processes side by side: `bun scripts/test/run.ts [PART…] [PATH…]`. A part is unit, contract,
 * build or e2e; a path chooses the files whose path contains it. Prints what each file printed when it has ended, then
 * every failure again, then `N passed, N failed`; exits 0 only when nothing failed.
 *
 * Nothing is tried twice, but for one reason: GNOME Keyring itself dies now and then under several clients
 * (test/support/private-keyring.ts). A file that failed while a daemon of its own ended by itself runs again, aloud.
 */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { failuresIn, type Outcome, outcomeOf } from "./outcome.ts";

const ROOT = resolve(import.meta.dir, "../..");
const UNIT_FOLDERS = ["./src", "./plugins", "./scripts"];
const PARTS = {
  contract: "./test/contract",
  build: "./test/build",
  e2e: "./test/e2e",
  support: "./test/support",
};

/** These measure the machine, or fill it: they run alone, after all others. */
const ALONE = ["./test/build/bench.test.ts"];

/** The slowest first, so that the end is not one file that everybody waits for. Others follow by name. */
const SLOWEST = ["test/e2e/session-crash", "test/e2e/release", "test/e2e/install", "test/e2e/session"];

/** Generous, because a busy machine is not a failure; every wait inside a test has its own bound. */
const LIMIT_MS = 120_000;

interface Job {
  readonly name: string;
  readonly args: readonly string[];
}

/** What a daemon's end is told with, in test/support/private-bus.ts. */
const DAEMON_ENDED = "a daemon ended by itself";

/** No words: everything. Otherwise the parts that are named, and the files whose path contains a word. */
function jobs(words: readonly string[]): Job[] {
  const wanted = (part: string, path: string) =>
    words.length === 0 || words.some((word) => word === part || (!isPart(word) && path.includes(word)));
  const found: Job[] = [];
  for (const [part, folder] of Object.entries(PARTS)) {
    for (const file of testFiles(folder)) if (wanted(part, file)) found.push({ name: file, args: [file] });
  }
  const rank = ({ name }: Job) => SLOWEST.findIndex((start) => name.includes(start)) >>> 0; // -1 comes last
  found.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const unit = UNIT_FOLDERS.flatMap(testFiles).filter((file) => wanted("unit", file));
  const quick = { name: "unit tests", args: ["--preload", "./test/support/no-programs.ts", ...unit] };
  return unit.length > 0 ? [quick, ...found] : found;
}

const isPart = (word: string) => word === "unit" || word in PARTS;

function testFiles(folder: string): string[] {
  return [...new Bun.Glob("**/*.test.ts").scanSync(`${ROOT}/${folder}`)].map((file) => `${folder}/${file}`);
}

async function run(job: Job): Promise<Outcome> {
  const child = Bun.spawn([process.execPath, "test", "--timeout", String(LIMIT_MS), ...job.args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return outcomeOf(`${out}${err}`, await child.exited);
}

/** Runs the job, and again if it failed because a daemon died under it. */
async function runToTheEnd(job: Job): Promise<Outcome> {
  for (let round = 1; ; round++) {
    const started = performance.now();
    const outcome = await run(job);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      `${outcome.output.trim()}\n== ${job.name}: ${outcome.passed} passed, ${outcome.failed} failed, ${seconds} s\n\n`,
    );
    if (outcome.failed === 0 || round === 3 || !outcome.output.includes(DAEMON_ENDED)) return outcome;
    console.log(`== ${job.name}: a daemon died under it; once more from the start\n`);
  }
}

async function runAll(all: readonly Job[], atOnce: number): Promise<[Job, Outcome][]> {
  const waiting = [...all];
  const done: [Job, Outcome][] = [];
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) done.push([job, await runToTheEnd(job)]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

const all = jobs(process.argv.slice(2));
if (all.length === 0) {
  console.log("no test file has such a path\n0 passed, 1 failed");
  process.exit(1);
}
const isAlone = ({ name }: Job) => ALONE.includes(name);
const atOnce = Number(process.env["GUM_CRED_TEST_JOBS"] ?? Math.min(2, availableParallelism()));
const done = [
  ...(await runAll(
    all.filter((job) => !isAlone(job)),
    atOnce,
  )),
  ...(await runAll(all.filter(isAlone), 1)),
];
// Again at the end, which is what is looked at first.
for (const [{ name }, outcome] of done) {
  if (outcome.failed > 0) console.log(`== failed in ${name}:\n${failuresIn(outcome.output)}`);
}
const sum = (key: "passed" | "failed") => done.reduce((total, [, outcome]) => total + outcome[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exit(sum("failed") > 0 ? 1 : 0);
