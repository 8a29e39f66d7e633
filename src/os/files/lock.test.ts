/** Where a lock is: at one place for all that use one keychain. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { lockFolder } from "./lock.ts";

const top = mkdtempSync("/tmp/gum-cred-lock-");
const [runtime, other, open] = [`${top}/run`, `${top}/other`, `${top}/open`];
for (const folder of [runtime, other, open]) mkdirSync(folder, { mode: 0o700 });
chmodSync(open, 0o777);
afterAll(() => rmSync(top, { recursive: true, force: true }));

const STATE = { XDG_STATE_HOME: "/state", HOME: "/home/u" };

test.skipIf(process.platform === "win32").each([
  [{ XDG_RUNTIME_DIR: runtime }, `${runtime}/gum-cred`],
  [{ DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus` }, `${runtime}/gum-cred`],
  [
    { DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus,guid=0`, XDG_RUNTIME_DIR: other },
    `${other}/gum-cred`,
  ],
  [{ DBUS_SESSION_BUS_ADDRESS: `unix:guid=0,path=${runtime}/bus;unix:abstract=x` }, `${runtime}/gum-cred`],
  [{ DBUS_SESSION_BUS_ADDRESS: `unix:path=${open}/bus`, XDG_RUNTIME_DIR: runtime }, `${runtime}/gum-cred`],
  [{ DBUS_SESSION_BUS_ADDRESS: `unix:abstract=${runtime}/bus` }, "/state/gum-cred"],
  [{ DBUS_SESSION_BUS_ADDRESS: "unix:path=bus" }, "/state/gum-cred"],
  [{ XDG_RUNTIME_DIR: open }, "/state/gum-cred"],
  [{ XDG_STATE_HOME: "relative" }, "/home/u/.local/state/gum-cred"],
  [{ XDG_STATE_HOME: "", HOME: "" }, `${userInfo().homedir}/.local/state/gum-cred`],
])("of %p", (env, folder) => {
  expect(lockFolder({ ...STATE, ...env })).toBe(folder);
});
