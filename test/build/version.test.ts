/** What a build calls itself, and what it knows of the machines it is for. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseElf, unwrittenSegments } from "../../scripts/build/elf.ts";
import { findTarget, hostTarget, TARGETS } from "../../scripts/build/targets.ts";
import { readVersion } from "../../scripts/build/version.ts";

async function withPackage(text: string, use: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(`${tmpdir()}/gum-cred-version-`);
  try {
    await Bun.write(`${root}/package.json`, text);
    await use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("the version is package.json's; outside a repository the commit is unknown", async () => {
  await withPackage('{"version":"1.2.3"}', async (root) => {
    expect(await readVersion(root)).toEqual({ version: "1.2.3", commit: "unknown" });
  });
  await withPackage("{}", async (root) => {
    expect(readVersion(root)).rejects.toThrow("no version");
  });
});

test("in a repository the commit is what git says, with a mark for changes", async () => {
  await withPackage('{"version":"1.2.3"}', async (root) => {
    const git = (...args: string[]) => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
      const { success, stdout } = Bun.spawnSync(["git", ...identity, ...args], {
        cwd: root,
        stderr: "ignore",
      });
      expect(success).toBe(true);
      return stdout.toString().trim();
    };
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "first");
    const commit = git("rev-parse", "--short=12", "HEAD");
    expect((await readVersion(root)).commit).toBe(commit);
    await Bun.write(`${root}/package.json`, '{"version":"1.2.4"}');
    expect(await readVersion(root)).toEqual({ version: "1.2.4", commit: `${commit}-dirty` });
    mkdirSync(`${root}/sub`);
    await Bun.write(`${root}/sub/package.json`, '{"version":"9.9.9"}');
    // Unpacked inside somebody else's repository.
    expect((await readVersion(`${root}/sub`)).commit).toBe("unknown");
  });
});

test("what is given out is dated by SOURCE_DATE_EPOCH, or else by the commit", () => {
  const date = (env: Record<string, string>, root: string) => {
    const script = `import { readSourceDate } from "${import.meta.dir}/../../scripts/build/version.ts";
      console.log(readSourceDate(${JSON.stringify(root)}));`;
    const path = { PATH: process.env["PATH"] };
    const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script], { env: { ...path, ...env } });
    return stdout.toString().trim() || stderr.toString();
  };
  expect(date({ SOURCE_DATE_EPOCH: "1750000000" }, "/")).toBe("1750000000");
  expect(date({}, "/")).toContain("set SOURCE_DATE_EPOCH");
  expect(date({ SOURCE_DATE_EPOCH: "yesterday" }, "/")).toContain("set SOURCE_DATE_EPOCH");
});

test("targets have names of their own, and this machine is one of them", () => {
  expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  expect(findTarget(hostTarget().name)).toBe(hostTarget());
  expect(() => findTarget("amiga")).toThrow("no target 'amiga'; there are linux-x64,");
});

test.skipIf(process.platform !== "linux")("an ELF file's sections and imports", () => {
  const elf = parseElf(readFileSync(process.execPath));
  expect(elf.bytesOf(".interp").toString("latin1")).toMatch(/^\/lib.*ld-.*\0$/);
  expect(elf.imports.filter(({ name }) => name === "setrlimit")).toHaveLength(1);
  expect(() => elf.section(".no-such")).toThrow("no section .no-such");
});

test.skipIf(process.platform !== "linux")("what an ELF file maps and never writes is where it says", () => {
  const segments = unwrittenSegments(readFileSync(process.execPath));
  const maps = readFileSync("/proc/self/maps", "latin1").split("\n");
  const mapped = (flags: string) =>
    maps.find((line) => line.includes(flags) && line.endsWith(process.execPath));
  // As the kernel maps them: whole pages, one mapping for what only is read, one for what runs.
  const expected = [mapped(" r--p "), mapped(" r-xp ")].map((line = "") =>
    line.split(" ").slice(0, 3).join(" "),
  );
  expect(segments.map(({ line }) => line)).toEqual(expected.map((line) => `${line} `));
  const movable = readFileSync("/proc/self/exe").subarray(0, 4096);
  movable.writeUInt16LE(3, 16); // ET_DYN
  expect(unwrittenSegments(movable)).toEqual([]);
});
