/**
 * The everyday lines, answered by the first module alone, against the whole program, which a flag that changes nothing
 * makes answer: the same bytes, the same exit code, over generated environments.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync("/tmp/gum-cred-everyday-");
  for (const name of ["config", "chosen", "dangling", "odd"]) {
    mkdirSync(`${folder}/${name}/gum-cred/plugins`, { recursive: true, mode: 0o700 });
  }
  writeFileSync(`${folder}/chosen/gum-cred/config.json`, '{"default_profile":"work"}', { mode: 0o600 });
  symlinkSync("/nonexistent", `${folder}/dangling/gum-cred/config.json`);
  writeFileSync(`${folder}/odd/gum-cred/config.json`, "nonsense", { mode: 0o666 });
  mkdirSync(`${folder}/file`);
  writeFileSync(`${folder}/file/gum-cred`, "");
  writeFileSync(`${folder}/policy.json`, '{"version":1,"providers":{"gumloop":{"deny":true}}}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A small generator with a seed, so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const LINES: readonly (readonly [command: string, ...rest: string[]])[] = [
  ["env"],
  ["env", "gumloop"],
  ["exec", "gumloop", "--", "sh", "-c", "env | grep ^GUM | sort"],
  ["exec", "--", "sh", "-c", "env | grep ^GUM | sort; exit 9"],
  ["exec", "--", "no-such-program-EXAMPLE"],
];

/** What a variable may hold, the usual first. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  GUMLOOP_ACCESS_TOKEN: ["tok-EXAMPLE", "", "a b", "tok\nEXAMPLE", "'EXAMPLE'", "ä", "t".repeat(3000)],
  GUMLOOP_API_KEY: ["key-EXAMPLE", "", "key EXAMPLE"],
  GUMLOOP_USER_ID: ["user_1", "", "user 1"],
  GUMLOOP_BASE_URL: ["https://eu.gumloop.example/api/v1", "", "nonsense"],
  GUMLOOP_TEAM_ID: ["team_1", ""],
  GUMLOOP_ACCESS_TOKEN_FILE: ["/nonexistent", ""],
  GUM_CRED_PROFILE: ["work", "", "no such name"],
  GUM_CRED_EXPORTED: ["GUMLOOP_ACCESS_TOKEN:0123456789ab", ""],
  GUM_CRED_POLICY: ["FOLDER/policy.json", "/nonexistent"],
  XDG_CONFIG_HOME: ["FOLDER/config", "FOLDER/chosen", "FOLDER/dangling", "FOLDER/odd", "FOLDER/file", "/"],
  XDG_RUNTIME_DIR: ["/nonexistent"],
  DBUS_SESSION_BUS_ADDRESS: ["unix:path=/nonexistent/bus", ""],
  OPENAI_API_KEY: ["sk-EXAMPLE", ""],
  GEMINI_API_KEY: ["g-EXAMPLE"],
  ANTHROPIC_AUTH_TOKEN: ["a-EXAMPLE"],
  GUM_CRED_ORG_OPENAI_API_KEY: ["org-EXAMPLE"],
};

test.skipIf(process.platform !== "linux")("is what the whole program says", async () => {
  const pick = generator(20261127);
  const rounds = Number(process.env["GUM_CRED_TEST_ROUNDS"] ?? 120);
  for (let round = 0; round < rounds; round++) {
    const env: Record<string, string> = {};
    for (const [name, values] of Object.entries(CHOICES)) {
      const likely = /^GUMLOOP_(ACCESS_TOKEN|API_KEY|USER_ID)$/.test(name);
      if (pick(likely || name === "XDG_CONFIG_HOME" ? 2 : 9) > 0) continue;
      env[name] = (values[pick(3) > 0 ? 0 : pick(values.length)] ?? "").replace("FOLDER", folder);
    }
    const [command, ...rest] = LINES[pick(LINES.length)] ?? ["env"];
    const everyday = await run([command, ...rest], { env });
    const whole = await run([command, "--no-color", ...rest], { env });
    expect({ command, rest, env, ...everyday }).toEqual({ command, rest, env, ...whole });
  }
});

test("a full or closed stdout is an error here too, and a closed pipe is none", async () => {
  const sh = (redirection: string) =>
    run([`gum-cred env gumloop ${redirection}`], {
      program: ["sh", "-c"],
      env: { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" },
    });
  for (const redirection of [">/dev/full", ">&-"]) {
    const { code, stderr } = await sh(redirection);
    expect([redirection, code]).toEqual([redirection, 1]);
    expect(stderr).toContain("error[E_OUTPUT]");
  }
  expect(await sh(">/dev/null")).toMatchObject({ code: 0, stderr: "" });
  expect(await sh("| true")).toMatchObject({ stderr: "" });
});

/** Starts the program with a stdout that does not wait for its reader, who comes late. */
const LATE_READER = `import os, subprocess, sys, time
read, write = os.pipe()
os.set_blocking(write, False)
program = subprocess.Popen(sys.argv[1:], stdout=write)
os.close(write)
time.sleep(0.2)
while chunk := os.read(read, 4096):
    os.write(1, chunk)
sys.exit(program.wait())`;

test.each([9, 700, 1_200, 5_000, 100_000])(
  "a value of %d characters arrives once, behind what is there",
  async (length) => {
    const env = { GUMLOOP_ACCESS_TOKEN: "t".repeat(length), OUT: `${folder}/out-${length}` };
    const whole = await run(["env", "--no-color", "gumloop"], { env });
    writeFileSync(env.OUT, "before\n");
    await run(['gum-cred env gumloop >>"$OUT"'], { program: ["sh", "-c"], env });
    expect(await Bun.file(env.OUT).text()).toBe(`before\n${whole.stdout}`);
    const late = await run(["gum-cred", "env", "gumloop"], { program: ["python3", "-c", LATE_READER], env });
    expect(late).toEqual(whole);
  },
);

test("so does the overview", async () => {
  const env = { OUT: `${folder}/out-help` };
  writeFileSync(env.OUT, "before\n");
  await run(['gum-cred --help >>"$OUT"'], { program: ["sh", "-c"], env });
  const whole = await run(["--help", "--no-color"]);
  expect(whole.stdout).toMatch(/^[\n -~]+$/); // start.ts counts on it
  expect(await Bun.file(env.OUT).text()).toBe(`before\n${whole.stdout}`);
});

test.each(["--version", "--help", "env gumloop"])("%s over the limit of a file is an error", async (line) => {
  const env = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE", OUT: `${folder}/out-limit` };
  const over = await run([`ulimit -f 0; gum-cred ${line} >"$OUT"`], { program: ["sh", "-c"], env });
  expect([over.code, over.stderr]).toEqual([1, expect.stringContaining("E_OUTPUT")]);
});
