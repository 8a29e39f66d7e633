/**
 * The contract's host for Windows: the cross-compiled backend under Wine, whose Credential Manager is real, seen by
 * Python keyring's own Windows backend and by a C program (test/support/wine).
 */

import {
  type CredentialTool,
  openCredentialTool,
  openPythonKeyring,
  openWindowsKeychain,
  type PythonKeyring,
} from "../../support/wine/keychain-proxy.ts";
import { closeWine, openWine } from "../../support/wine/wine.ts";
import type { ForeignItem, Host } from "./suite.ts";

export interface WindowsHost extends Host {
  readonly tool: CredentialTool;
  readonly python: PythonKeyring;
}

export async function startWindowsHost(): Promise<WindowsHost> {
  const wine = await openWine();
  const tool = await openCredentialTool();
  const python = await openPythonKeyring();
  const cannot = async () => {
    throw new Error("Credential Manager is open as long as its user is logged on");
  };
  return {
    tool,
    python,
    open: ({ timeoutMs = 5000 } = {}) => openWindowsKeychain({ timeoutMs }),
    // What a service or a network logon gets.
    openNowhere: () => openWindowsKeychain({ env: { STRICT_ERROR: "1312" } }),
    lock: cannot,
    unlock: cannot,
    async items(service, account): Promise<ForeignItem[]> {
      const targets = [service, `${account}@${service}`];
      const found = (await tool.list()).filter(
        ({ target, userName }) => userName === account && targets.includes(target),
      );
      // Python's "utf-16": little-endian, less one byte order mark.
      const decoder = new TextDecoder("utf-16le", { fatal: true });
      return found.map(({ target, blob }) => ({ identity: target, value: decoder.decode(blob) }));
    },
    async store(service, account, value) {
      await python.set(service, account, value);
    },
    async run(file, ...args) {
      const child = wine.start(await wine.compileBun(file), args);
      child.stdin.end();
      const [log, code] = await Promise.all([child.stderr.text(), child.exited]);
      if (code !== 0) console.error(log);
      return code;
    },
    stop: closeWine,
  };
}
