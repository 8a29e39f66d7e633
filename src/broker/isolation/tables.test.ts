import { describe, expect, test } from "bun:test";
import { isRemote, listeningSockets, mounts } from "./tables.ts";

const row = (path: string, flags = "00010000") =>
  `00000000f41212eb: 00000002 00000000 ${flags} 0001 01 3608288${path === "" ? "" : ` ${path}`}\n`;
const HEAD = "Num       RefCount Protocol Flags    Type St Inode Path\n";

describe("listening sockets", () => {
  test.each([
    ["a path", row("/tmp/bus"), ["/tmp/bus"]],
    ["a relative path", row("bus"), ["bus"]],
    ["a newline in a path", row("/tmp/a\nb/bus"), ["/tmp/a\nb/bus"]],
    ["a newline at the end", row("/tmp/a\n") + row("/tmp/b"), ["/tmp/a\n", "/tmp/b"]],
    ["spaces", row("/tmp/a  b"), ["/tmp/a  b"]],
    ["other flags beside", row("/tmp/bus", "00030000"), ["/tmp/bus"]],
    ["one that is connected", row("/tmp/bus", "00000000"), []],
    ["one without a name", row(""), []],
  ])("%s", (_what, rows, wanted) => {
    expect(listeningSockets(HEAD + rows).map(({ path }) => path)).toEqual(wanted);
  });

  test("a name that begins with @ may be abstract or relative", () => {
    expect(listeningSockets(HEAD + row("@/tmp/x"))).toEqual([
      { path: "@/tmp/x", maybeAbstract: true, inode: 3608288 },
    ]);
  });
});

test.each([
  ["27 1 8:1 / / rw - ext4 /dev/sda rw", { path: "/", maybeShared: false, isRemote: false }],
  [
    "28 27 8:1 /run/user/7/bus /host/a\\040bus rw - ext4 /dev/sda rw",
    { path: "/host/a bus", maybeShared: true, isRemote: false },
  ],
  [
    "29 27 0:25 / /dev/shm rw shared:2 - tmpfs tmpfs rw",
    { path: "/dev/shm", maybeShared: true, isRemote: false },
  ],
  ["30 27 0:25 /x /proc/y rw - proc proc rw", { path: "/proc/y", maybeShared: false, isRemote: false }],
  ["31 27 0:31 / /net/a rw - nfs4 a:/ rw", { path: "/net/a", maybeShared: false, isRemote: true }],
  ["32 27 0:32 / /mnt/s rw - fuse.sshfs a: rw", { path: "/mnt/s", maybeShared: false, isRemote: true }],
])("the mount %s", (line, wanted) => {
  expect(mounts(`${line}\n`)).toEqual([wanted]);
});

test("a path is remote where the innermost mount around it is", () => {
  const lines = [
    "1 0 8:1 / / rw - ext4 a rw",
    "2 1 0:2 / /net rw - nfs4 a:/ rw",
    "3 2 8:2 / /net/disk rw - xfs b rw",
  ];
  const all = mounts(lines.join("\n"));
  const found = ["/", "/network/x", "/net", "/net/x/y", "/net/disk/x", "/home"].filter((path) =>
    isRemote(path, all),
  );
  expect(found).toEqual(["/net", "/net/x/y"]);
});
