import { describe, expect, test } from "bun:test";
import { listeningSockets, mounts } from "./tables.ts";

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
    expect(listeningSockets(HEAD + row("@/tmp/x"))).toEqual([{ path: "@/tmp/x", maybeAbstract: true }]);
  });
});

test.each([
  ["27 1 8:1 / / rw - ext4 /dev/sda rw", { path: "/", maybeShared: false }],
  [
    "28 27 8:1 /run/user/7/bus /host/a\\040bus rw - ext4 /dev/sda rw",
    { path: "/host/a bus", maybeShared: true },
  ],
  ["29 27 0:25 / /dev/shm rw shared:2 - tmpfs tmpfs rw", { path: "/dev/shm", maybeShared: true }],
  ["30 27 0:25 /x /proc/y rw - proc proc rw", { path: "/proc/y", maybeShared: false }],
])("the mount %s", (line, wanted) => {
  expect(mounts(`${line}\n`)).toEqual([wanted]);
});
