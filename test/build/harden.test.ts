/** The hardening of a finished file: on a small program that is compiled as gum-cred is, and on every target's Bun. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { compile } from "../../scripts/build/compile.ts";
import { parseElf } from "../../scripts/build/elf.ts";
import { openExecutable } from "../../scripts/build/executable.ts";
import { harden } from "../../scripts/build/harden.ts";
import { CODE, NAMES } from "../../scripts/build/harden-table.ts";
import { hostTarget, TARGETS, type Target } from "../../scripts/build/targets.ts";
import { verify } from "../../scripts/build/verify.ts";

/** Keeps some 3 MB of objects, prints its soft limit of open files, then sleeps as long as it is told. */
const PROBE = `
globalThis.kept = Array.from({ length: 60_000 }, (_, index) => ({ index }));
import { dlopen } from "bun:ffi";
const { symbols } = dlopen("libc.so.6", { getrlimit: { args: ["i32", "buffer"], returns: "i32" } });
const limit = new BigUint64Array(2);
symbols.getrlimit(7, limit);
console.log(String(limit[0]));
await Bun.sleep(Number(process.argv[2] ?? 0));
`;

describe.skipIf(process.platform !== "linux")("a finished Linux file", () => {
  const target = hostTarget();
  let folder = "";
  let original = Buffer.alloc(0);
  const path = (name: "original" | "hardened") => `${folder}/${name}`;

  beforeAll(() => {
    folder = mkdtempSync(`${tmpdir()}/gum-cred-harden-`);
    writeFileSync(`${folder}/probe.ts`, PROBE);
    const version = { version: "0.0.0", commit: "test" };
    compile({ entries: [`${folder}/probe.ts`], outfile: path("original"), target: null, version, folder });
    original = readFileSync(path("original"));
    const hardened = Buffer.from(original);
    harden(hardened, target);
    writeFileSync(path("hardened"), hardened, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("as compiled it fails the verification, hardened it passes", () => {
    expect(() => verify(path("original"), [])).toThrow("obeys");
    verify(path("hardened"), []);
  });

  test("changes single places only: as many as the table says, and nothing grows", () => {
    const hardened = readFileSync(path("hardened"));
    expect(hardened.length).toBe(original.length);
    const places =
      NAMES.reduce((sum, { hits }) => sum + hits, 0) + CODE[`${target.os}-${target.cpu}`].length + 1;
    expect(harden(Buffer.from(original), target)).toBe(places);
    let changed = 0;
    for (let at = 0; at < original.length; at++) if (original[at] !== hardened[at]) changed++;
    expect(changed).toBeLessThanOrEqual(places + 8);
  });

  test.skipIf(!Bun.which("strace"))("keeps its memory to itself before any JavaScript runs", () => {
    const calls = (name: "original" | "hardened") => {
      const traced = Bun.spawnSync(["strace", "-f", "-e", "trace=prctl,close_range", path(name), "0"]);
      return traced.stderr
        .toString()
        .split("\n")
        .filter((line) => /PR_SET_DUMPABLE|close_range\(/.test(line));
    };
    expect(calls("original")).toEqual([
      expect.stringContaining("close_range(4, 4294967295, CLOSE_RANGE_CLOEXEC)"),
    ]);
    expect(calls("hardened")).toEqual([
      expect.stringContaining("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0"),
    ]);
  });

  test("does not warm up memory for a run that needs little", async () => {
    const threads = async (name: "original" | "hardened") => {
      const child = Bun.spawn([path(name), "300"], { stdout: "pipe" });
      await child.stdout.getReader().read(); // it has its objects
      await Bun.sleep(50);
      const tasks = `/proc/${child.pid}/task`;
      const names = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/comm`, "utf8").trim());
      await child.exited;
      return names;
    };
    expect(await threads("original")).toContain("JSCWarmUp"); // or this test could not fail
    expect(await threads("hardened")).not.toContain("JSCWarmUp");
  });

  test("does not listen for a debugger, nor call one", async () => {
    const calls: string[] = [];
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: () => void calls.push("called"), data: () => {} },
    });
    const run = async (name: "original" | "hardened") => {
      const env = { BUN_INSPECT_CONNECT_TO: `tcp://127.0.0.1:${listener.port}` };
      await Bun.spawn([path(name), "300"], { env, stdout: "ignore", stderr: "ignore" }).exited;
    };
    await run("hardened");
    expect(calls).toEqual([]);
    await run("original"); // or this test could not fail
    expect(calls).toEqual(["called"]);
    listener.stop(true);

    const port = listener.port; // free again
    const child = Bun.spawn([path("hardened"), "400"], {
      env: { BUN_INSPECT: `127.0.0.1:${port}` },
      stdout: "pipe",
    });
    await child.stdout.getReader().read(); // it is up
    await Bun.sleep(100);
    expect(await connects(port)).toBe(false);
    await child.exited;
  });

  test("keeps the caller's soft limit of open files, by fork and by exec", () => {
    const limit = (name: "original" | "hardened", how: string) =>
      Bun.spawnSync(["sh", "-c", `ulimit -S -n 500; ${how} ${path(name)}`]).stdout.toString();
    for (const how of ["", "exec"]) expect(limit("hardened", how)).toBe("500\n");
    expect(Number(limit("original", ""))).toBeGreaterThan(500);
  });

  test("is left alone when anything is not as measured", () => {
    const once = Buffer.from(original);
    harden(once, target);
    expect(() => harden(once, target)).toThrow("BUN_BE_BUN is there 0 times, not 1");

    const more = Buffer.from(original);
    const { offset, size } = parseElf(more).section(".rodata");
    more.write("\0BUN_BE_BUN\0", more.indexOf(Buffer.alloc(12), offset), "latin1");
    expect(more.equals(original)).toBe(false);
    const before = Buffer.from(more);
    expect(() => harden(more, target)).toThrow("BUN_BE_BUN is there 2 times, not 1");
    expect(more.equals(before)).toBe(true);
    expect(size).toBeGreaterThan(0);

    expect(() => harden(Buffer.from(original), target, "1.4.6")).toThrow("measured for Bun 1.4.5");
    expect(() => harden(Buffer.from("MZ and the rest of it"), target)).toThrow("not a 64-bit");
  });

  test("a longer name or a sentence that holds the name is not counted", () => {
    const text = Buffer.from(original);
    const { offset } = parseElf(text).section(".rodata");
    for (const words of [
      "\0X_BUN_BE_BUN\0",
      "\0BUN_BE_BUNNY\0",
      "\0BUN_BE_BUN_X\0",
      " BUN_BE_BUN is a sentence",
    ]) {
      text.write(words, text.indexOf(Buffer.alloc(words.length + 2), offset) + 1, "latin1");
    }
    harden(text, target);
  });
});

async function connects(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

for (const target of TARGETS) {
  test(`the Bun for ${target.name} has every place as measured, and none is left`, () => {
    const file = readFileSync(runtimeOf(target));
    const changes = harden(file, target);
    expect(changes).toBe({ linux: 29, darwin: 27, windows: 26 }[target.os]);
    expect(() => harden(file, target)).toThrow("is there 0 times");
    const { strings } = openExecutable(file, target.os);
    for (const { name } of NAMES) {
      for (const { bytes } of strings) {
        // As a whole C string, or in the form that Windows' own functions take.
        expect(bytes.includes(`\0${name}\0`)).toBe(false);
        expect(bytes.includes(Buffer.from(`${name}\0`, "utf16le"))).toBe(false);
      }
    }
  }, 180_000);
}

/** The Bun executable that programs for a target are made from; fetched once, for another machine. */
function runtimeOf(target: Target): string {
  if (target === hostTarget()) return process.execPath;
  const script = `${import.meta.dir}/../../scripts/build/target-bun.sh`;
  const found = Bun.spawnSync([script, target.runtime], { stderr: "inherit" });
  return found.stdout.toString().trim();
}
