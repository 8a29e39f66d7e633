/**
 * KWallet's methods as D-Bus calls. Builds calls; sends nothing.
 * Reference: https://invent.kde.org/frameworks/kwallet/-/blob/master/src/api/KWallet/org.kde.KWallet.xml
 */
import type { Call } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import { collectionLocked, readDefaultAlias } from "../secret-service/calls.ts";

/** A daemon that speaks KWallet's interface. */
export interface Daemon {
  readonly destination: string;
  readonly path: string;
}

/** The newer one first: where KDE Frameworks 5 and 6 are both installed, it is the one that runs. */
export const KWALLETD_6: Daemon = { destination: "org.kde.kwalletd6", path: "/modules/kwalletd6" };
export const KWALLETD_5: Daemon = { destination: "org.kde.kwalletd5", path: "/modules/kwalletd5" };

/** The name by which KWallet's dialogs, and its lists of allowed and refused applications, call us. */
export const APPLICATION = "gum-cred";

/** KWallet::Wallet::EntryType of what writePassword stores; the others are maps and bytes. */
export const PASSWORD_TYPE = 1;

/** The calls of one daemon. Their replies are tuples of one value. */
export function daemonCalls(daemon: Daemon) {
  const call = (method: string, signature: string, args: readonly Value[], reply: string): Call => ({
    ...daemon,
    interface: "org.kde.KWallet",
    method,
    signature,
    args,
    reply,
  });
  return {
    /** False when the user has switched KWallet off. */
    isEnabled: call("isEnabled", "()", [], "(b)"),
    /** The name of the wallet that Python keyring uses. */
    networkWallet: call("networkWallet", "()", [], "(s)"),
    isOpen: (wallet: string) => call("isOpen", "(s)", [wallet], "(b)"),
    /** A handle, or -1. Waits for the user where the wallet is closed, or where every application is asked for. */
    open: (wallet: string) => call("open", "(sxs)", [wallet, 0n, APPLICATION], "(i)"),
    /** Opens the wallet for everybody, as PAM does: with the key made of its password. A negative number when wrong. */
    pamOpen: (wallet: string, key: Uint8Array) => call("pamOpen", "(sayi)", [wallet, key, 0], "()"),
    /** What the daemon can do, as XML. */
    introspect: { ...call("Introspect", "()", [], "(s)"), interface: "org.freedesktop.DBus.Introspectable" },
  };
}

/** The calls of one opened wallet. Their replies are tuples of one value. */
export function walletCalls(daemon: Daemon, handle: number) {
  const call = (method: string, types: string, args: readonly Value[], reply: string): Call => ({
    ...daemon,
    interface: "org.kde.KWallet",
    method,
    signature: `(i${types}s)`,
    args: [handle, ...args, APPLICATION],
    reply,
  });
  return {
    /** Whether the handle is still good. Without one every answer looks as if the wallet were empty. */
    isOpen: { ...call("isOpen", "", [], "(b)"), signature: "(i)", args: [handle] },
    /** With `force` KWallet 5 closes the wallet for everybody. */
    close: (force: boolean) => call("close", "b", [force], "(i)"),
    hasFolder: (folder: string) => call("hasFolder", "s", [carried(folder)], "(b)"),
    createFolder: (folder: string) => call("createFolder", "s", [carried(folder)], "(b)"),
    entryList: (folder: string) => call("entryList", "s", [carried(folder)], "(as)"),
    hasEntry: (folder: string, key: string) => call("hasEntry", "ss", [carried(folder), carried(key)], "(b)"),
    entryType: (folder: string, key: string) =>
      call("entryType", "ss", [carried(folder), carried(key)], "(i)"),
    /** The password; empty for what is absent or no password. */
    readPassword: (folder: string, key: string) =>
      call("readPassword", "ss", [carried(folder), carried(key)], "(s)"),
    /** 0 when it is done. */
    writePassword: (folder: string, key: string, value: string) =>
      call("writePassword", "sss", [carried(folder), carried(key), carried(value)], "(i)"),
    /** 0 when it is done. */
    removeEntry: (folder: string, key: string) =>
      call("removeEntry", "ss", [carried(folder), carried(key)], "(i)"),
    /** Writes the wallet to disk now instead of some seconds later. */
    sync: call("sync", "", [], "()"),
  };
}

/** The calls of the Secret Service that a proxy keeps its entries in, of which only the lock is asked about. */
export const storeCalls = (destination: string) => ({
  defaultAlias: { ...readDefaultAlias, destination },
  isLocked: (collection: string) => ({ ...collectionLocked(collection), destination }),
});

/** Who has a bus name: `[unique name]`, or an error when it has no owner. */
export const nameOwner = (name: string): Call => ({
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  method: "GetNameOwner",
  signature: "(s)",
  args: [name],
  reply: "(s)",
});

/** Qt takes a byte order mark at the beginning of what it receives for its own, and drops it: then send two. */
function carried(text: string): string {
  return text.startsWith("\ufeff") ? `\ufeff${text}` : text;
}
