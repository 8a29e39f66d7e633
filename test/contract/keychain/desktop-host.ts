/**
 * The contract's host for a machine whose own keychain may be used: a macOS or Windows runner of CI. "Another
 * program" is a second process here: macOS shows an entry to another program only after a person agreed.
 * On macOS the tests get a keychain of their own, which is the default one until they end.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { openKeychain } from "../../../src/keychain/choose.ts";
import { macosKeychain } from "../../../src/keychain/macos/macos.ts";
import { windowsCredentialManager } from "../../../src/keychain/windows/windows.ts";
import type { Host } from "./suite.ts";

const OPTIONS = { timeoutMs: 5000, mayPrompt: false };
const PEER = `${import.meta.dir}/desktop-peer.ts`;

/** What only one of the systems has. */
interface System {
  readonly openNowhere: Host["openNowhere"];
  readonly lock: Host["lock"];
  readonly unlock: Host["unlock"];
  /** What stays the same as long as an entry is replaced in place. */
  identity(service: string, account: string): string;
  stop(): void;
}

export async function startDesktopHost(): Promise<Host> {
  const system = process.platform === "darwin" ? startMacos() : startWindows();
  const start = (file: string, args: readonly string[]) =>
    Bun.spawn([process.execPath, file, ...args], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const peer = async (...args: readonly string[]) => {
    const child = start(PEER, args);
    const [stdout, code] = await Promise.all([child.stdout.text(), child.exited]);
    if (code !== 0) throw new Error(`the other process ended with ${code}`);
    return stdout;
  };
  return {
    open: (changed = {}) => openKeychain({ ...OPTIONS, ...changed }),
    openNowhere: system.openNowhere,
    lock: system.lock,
    unlock: system.unlock,
    async items(service, account) {
      const values: string[] = JSON.parse(await peer("read", service, account));
      return values.map((value) => ({ identity: system.identity(service, account), value }));
    },
    store: async (service, account, value) => void (await peer("write", service, account, value)),
    run: (file, ...args) => start(file, args).exited,
    stop: async () => system.stop(),
  };
}

function startMacos(): System {
  const security = (...args: readonly string[]): string => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["/usr/bin/security", ...args], { stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`security ${args[0]} ended with ${exitCode}: ${stderr}`);
    return stdout.toString();
  };
  const paths = (text: string) => [...text.matchAll(/"(.+)"/g)].map((match) => match[1] ?? "");
  const before = {
    chosen: paths(security("default-keychain", "-d", "user")),
    searched: paths(security("list-keychains", "-d", "user")),
  };
  const folder = mkdtempSync(`${tmpdir()}/gum-cred-keychain-`);
  const file = `${folder}/contract.keychain-db`;
  const password = "keychain-password-EXAMPLE";
  security("create-keychain", "-p", password, file);
  security("set-keychain-settings", file); // never locks by itself
  security("list-keychains", "-d", "user", "-s", file, ...before.searched);
  security("default-keychain", "-d", "user", "-s", file);
  const unlock = async () => void security("unlock-keychain", "-p", password, file);
  void unlock();
  return {
    openNowhere: () => macosKeychain(OPTIONS, { security: "/nowhere", coreFoundation: "/nowhere" }),
    lock: async () => void security("lock-keychain", file),
    unlock,
    // The attributes, without the value, are shown to everybody. Its creation date, in seconds.
    identity(service, account) {
      const shown = security("find-generic-password", "-s", service, "-a", account, file);
      return shown.match(/"cdat".*"(\d+Z)/)?.[1] ?? "";
    },
    stop() {
      security("default-keychain", "-d", "user", "-s", ...before.chosen);
      security("list-keychains", "-d", "user", "-s", ...before.searched);
      security("delete-keychain", file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startWindows(): System {
  const cannot = async () => {
    throw new Error("Credential Manager is open as long as its user is logged on");
  };
  return {
    openNowhere: () => windowsCredentialManager(OPTIONS, () => null),
    lock: cannot,
    unlock: cannot,
    identity: (_service, account) => account,
    stop() {},
  };
}
