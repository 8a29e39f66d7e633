/** Files that steer gum-cred: what is read, what is refused, and that nothing hangs. Real files, real owners. */

import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { type ErrorCode, GumCredError } from "../../../src/core/errors.ts";
import { replaceFile } from "../../../src/os/files/replace-file.ts";
import {
  checkTrustedFile,
  checkTrustedFolder,
  hashTrustedFile,
  type Owner,
  readTrustedFile,
} from "../../../src/os/files/safe-file.ts";
import { SOON_MS } from "../../support/patience.ts";

const root = mkdtempSync("/tmp/gum-cred-safe-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;

/** A fresh folder with one good file in it. */
function place(): { folder: string; file: string } {
  const folder = mkdtempSync(`${root}/`);
  const file = `${folder}/file.json`;
  writeFileSync(file, "{}", { mode: 0o600 });
  return { folder, file };
}

function read(path: string, owner: Owner = "user", limitBytes = 100): string | null {
  const bytes = readTrustedFile(path, { owner, limitBytes });
  return bytes && new TextDecoder().decode(bytes);
}

function failure(work: () => unknown): GumCredError {
  try {
    work();
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("what is trusted", () => {
  test("a file of one's own, byte for byte, also an empty one and one of exactly the limit", () => {
    const { file } = place();
    expect(read(file)).toBe("{}");
    writeFileSync(file, "");
    expect(read(file)).toBe("");
    writeFileSync(file, "x".repeat(100));
    expect(read(file)).toHaveLength(100);
    expect(checkTrustedFile(file, { owner: "user", limitBytes: 100 })).toBe(true);
  });
  test("a missing file, and one below a missing folder or below a file, are absent", () => {
    const { folder, file } = place();
    for (const path of [`${folder}/no`, `${folder}/no/no`, `${file}/no`, "/nonexistent/a/b"]) {
      expect(read(path)).toBeNull();
      expect(hashTrustedFile(path, { owner: "user", limitBytes: 9 })).toBeNull();
      expect(checkTrustedFile(path, { owner: "user", limitBytes: 9 })).toBe(false);
    }
  });
  test("the hash is the SHA-256 of the bytes", () => {
    const { file } = place();
    const bytes = new Uint8Array(700_000).fill(7);
    writeFileSync(file, bytes);
    const expected = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    expect(hashTrustedFile(file, { owner: "user", limitBytes: 1_000_000 })).toBe(expected);
  });
  test("a folder may be a link, when link and target are one's own", () => {
    const { folder } = place();
    symlinkSync(folder, `${folder}-link`);
    expect(read(`${folder}-link/file.json`)).toBe("{}");
    symlinkSync(folder.split("/").at(-1) ?? "", `${folder}-relative`);
    expect(read(`${folder}-relative/../${folder.split("/").at(-1)}/file.json`)).toBe("{}");
  });
  test("a sticky folder that all may write, such as /tmp, with a file of one's own in it", () => {
    const { folder, file } = place();
    chmodSync(folder, 0o1777);
    expect(read(file)).toBe("{}");
  });
});

describe("what is refused", () => {
  type Case = [name: string, spoil: (at: { folder: string; file: string }) => unknown, code: ErrorCode];
  const cases: Case[] = [
    ["writable by the group", ({ file }) => chmodSync(file, 0o660), "E_UNSAFE_FILE"],
    ["writable by all", ({ file }) => chmodSync(file, 0o602), "E_UNSAFE_FILE"],
    ["in a folder writable by the group", ({ folder }) => chmodSync(folder, 0o770), "E_UNSAFE_FILE"],
    ["in a folder writable by all", ({ folder }) => chmodSync(folder, 0o777), "E_UNSAFE_FILE"],
    [
      "below a folder writable by all",
      ({ folder }) => {
        mkdirSync(`${folder}/below`, { mode: 0o700 });
        writeFileSync(`${folder}/below/f`, "{}", { mode: 0o600 });
        chmodSync(folder, 0o777);
        return `${folder}/below/f`;
      },
      "E_UNSAFE_FILE",
    ],
    [
      "missing, in a folder writable by all",
      ({ folder }) => {
        chmodSync(folder, 0o777);
        return `${folder}/no`;
      },
      "E_UNSAFE_FILE",
    ],
    [
      "behind a linked folder whose target all may write",
      ({ folder }) => {
        symlinkSync(folder, `${folder}-l`);
        chmodSync(folder, 0o777);
        return `${folder}-l/file.json`;
      },
      "E_UNSAFE_FILE",
    ],
    [
      "a link, though to a good file",
      ({ folder, file }) => {
        symlinkSync(file, `${folder}/link`);
        return `${folder}/link`;
      },
      "E_UNSAFE_FILE",
    ],
    [
      "a dangling link",
      ({ folder }) => {
        symlinkSync("/nonexistent", `${folder}/link`);
        return `${folder}/link`;
      },
      "E_UNSAFE_FILE",
    ],
    [
      "in a loop of links",
      ({ folder }) => {
        symlinkSync("loop", `${folder}/loop`);
        return `${folder}/loop/x`;
      },
      "E_UNSAFE_FILE",
    ],
    ["a folder", ({ folder }) => folder, "E_UNSAFE_FILE"],
    ["a device", () => "/dev/null", "E_UNSAFE_FILE"],
    [
      "a pipe that nobody writes to, at once",
      ({ folder }) => {
        Bun.spawnSync(["mkfifo", "-m", "600", `${folder}/pipe`]);
        return `${folder}/pipe`;
      },
      "E_UNSAFE_FILE",
    ],
    [
      "a socket",
      ({ folder }) => {
        Bun.listen({ unix: `${folder}/socket`, socket: { data() {} } }).unref();
        chmodSync(`${folder}/socket`, 0o600);
        return `${folder}/socket`;
      },
      "E_UNSAFE_FILE",
    ],
    ["a relative path", () => "file.json", "E_UNSAFE_FILE"],
    ["one byte too long", ({ file }) => truncateSync(file, 101), "E_MALFORMED"],
  ];
  for (const [name, spoil, code] of cases) {
    test(name, () => {
      const at = place();
      const made = spoil(at);
      const path = typeof made === "string" ? made : at.file;
      const started = performance.now();
      expect(failure(() => read(path)).code).toBe(code);
      expect(failure(() => hashTrustedFile(path, { owner: "user", limitBytes: 100 })).code).toBe(code);
      expect(performance.now() - started).toBeLessThan(SOON_MS);
    });
  }
  test("the hint for a file of one's private group is the command to run, safe to paste", () => {
    const folder = `${place().folder}/it's`;
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(`${folder}/f`, "{}");
    chmodSync(`${folder}/f`, 0o664);
    const { hint } = failure(() => read(`${folder}/f`));
    expect(hint).toContain("umask 002");
    const command = hint.slice(hint.indexOf("chmod"));
    expect(Bun.spawnSync(["sh", "-c", command]).exitCode).toBe(0);
    expect(read(`${folder}/f`)).toBe("{}");
  });
});

describe.if(isRoot)("owners", () => {
  test("somebody else's file or folder is refused, whatever its mode", () => {
    for (const owner of ["user", "root-or-user", "root"] as const) {
      const { file } = place();
      chownSync(file, NOBODY, 0);
      expect(failure(() => read(file, owner)).code).toBe("E_UNSAFE_FILE");
      const other = place();
      chownSync(other.folder, NOBODY, 0);
      expect(failure(() => read(other.file, owner)).code).toBe("E_UNSAFE_FILE");
      expect(failure(() => checkTrustedFolder(other.folder, owner)).code).toBe("E_UNSAFE_FILE");
    }
  });
  test("as another user: root's file is right where root is, one's own where one's own is", () => {
    const { folder, file } = place();
    chmodSync(root, 0o755);
    chmodSync(folder, 0o755);
    chmodSync(file, 0o644);
    mkdirSync(`${folder}/own`);
    writeFileSync(`${folder}/own/f`, "{}");
    for (const path of [`${folder}/own`, `${folder}/own/f`]) chownSync(path, NOBODY, NOBODY);
    writeFileSync(`${folder}/own/secret`, "{}", { mode: 0o600 });
    const script = `
      import { readTrustedFile } from "${resolve("src/os/files/safe-file.ts")}";
      const ask = (path, owner) => {
        try { return readTrustedFile(path, { owner, limitBytes: 9 })?.length } catch (error) { return error.code }
      };
      console.log(JSON.stringify(["user", "root-or-user", "root"].map((owner) =>
        ["${file}", "${folder}/own/f", "${folder}/own/secret"].map((path) => ask(path, owner)))));
    `;
    // A copy, because this user may not be allowed to look into the folder of the one that runs the tests.
    const bun = `${folder}/bun`;
    Bun.spawnSync(["cp", process.execPath, bun]);
    const setpriv = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const child = Bun.spawnSync([...setpriv, bun, "-e", script], { cwd: "/", env: { HOME: "/nonexistent" } });
    expect(child.stderr.toString()).toBe("");
    expect(JSON.parse(child.stdout.toString())).toEqual([
      ["E_UNSAFE_FILE", 2, "E_FILE_UNREADABLE"],
      [2, 2, "E_FILE_UNREADABLE"],
      [2, "E_UNSAFE_FILE", "E_UNSAFE_FILE"],
    ]);
  });
});

describe("replaceFile", () => {
  test("writes whole files for this user alone, through no link, and leaves nothing beside them", () => {
    const { folder, file } = place();
    chmodSync(file, 0o666);
    replaceFile(file, new TextEncoder().encode("new"));
    expect(read(file)).toBe("new");
    const outside = place().file;
    symlinkSync(outside, `${folder}/link`);
    replaceFile(`${folder}/link`, new TextEncoder().encode("mine"));
    expect(read(`${folder}/link`)).toBe("mine");
    expect(read(outside)).toBe("{}");
    expect([...new Bun.Glob("**").scanSync({ cwd: folder, dot: true })].sort()).toEqual([
      "file.json",
      "link",
    ]);
  });
  test("a write that fails leaves the old file", () => {
    const { folder } = place();
    mkdirSync(`${folder}/taken`);
    expect(failure(() => replaceFile(`${folder}/taken`, new Uint8Array(3))).code).toBe("E_FILE_UNREADABLE");
    expect([...new Bun.Glob("**").scanSync({ cwd: folder, dot: true })]).toEqual(["file.json"]);
  });
});
