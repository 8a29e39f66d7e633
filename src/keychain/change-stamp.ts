/**
 * A file that changes whenever gum-cred stores or removes a credential, so that other programs can watch for it
 * (direnv's `watch_file`). It holds a time and nothing else. Where it cannot be written, nothing is said: whoever
 * watches it then notices a change later.
 */
import type { RawEnvironment } from "../core/environment.ts";
import type { Keychain } from "./keychain.ts";

/** Notes about a key, such as when it was verified, are no change of it. */
const NOTE = ":note";

/** The stamp's path; null where there is no home folder. */
export function changeStampPath(raw: RawEnvironment): string | null {
  const folder = stateFolder(raw);
  return folder && `${folder}/changed`;
}

/** Where gum-cred keeps what it notes about a keychain; null where there is no home folder. */
export function stateFolder(raw: RawEnvironment): string | null {
  const state = absolute(raw["XDG_STATE_HOME"]);
  const home = absolute(raw["HOME"] ?? raw["USERPROFILE"]);
  const folder = state ?? (home && `${home}/.local/state`);
  return folder && `${folder}/gum-cred`;
}

/** The same keychain, which renews the stamp after every change. */
export function withChangeStamp(keychain: Keychain, path: string): Keychain {
  const stamp = async (account: string): Promise<void> => {
    if (account.endsWith(NOTE)) return;
    try {
      const { makeOwnFolder, replaceFile } = await import("../os/files/replace-file.ts");
      makeOwnFolder(path.slice(0, path.lastIndexOf("/")));
      replaceFile(path, new TextEncoder().encode(`${new Date().toISOString()}\n`));
    } catch {
      // read-only home, full disk: the credential itself is stored
    }
  };
  return {
    get backend() {
      return keychain.backend;
    },
    state: () => keychain.state(),
    read: (service, accounts) => keychain.read(service, accounts),
    foresee: (service, accounts) => keychain.foresee(service, accounts),
    modifiedAt: (service, accounts) => keychain.modifiedAt(service, accounts),
    list: (service) => keychain.list(service),
    listFew: (service, most) => keychain.listFew(service, most),
    close: () => keychain.close(),
    write: async (service, account, value) => {
      await keychain.write(service, account, value);
      await stamp(account);
    },
    remove: async (service, account) => {
      const removed = await keychain.remove(service, account);
      if (removed) await stamp(account);
      return removed;
    },
  };
}

function absolute(path: string | undefined): string | null {
  if (path?.startsWith("/")) return path;
  return process.platform === "win32" && path && /^[A-Za-z]:[\\/]/.test(path) ? path : null;
}
