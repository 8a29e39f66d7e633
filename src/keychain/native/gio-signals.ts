/**
 * The symbols of GIO by which D-Bus signals are heard, beside those of `gio.ts`. Declarations only.
 * Reference: https://docs.gtk.org/gio/method.DBusConnection.signal_subscribe.html
 */
import type { FFIFunction } from "bun:ffi";
import { GIO_LIBRARY } from "./gio.ts";
import { systemLibrary } from "./library.ts";

/** gdbusconnection.h: GDBusSignalFlags. What is sent to us alone reaches us without a match rule. */
export const NO_MATCH_RULE = 1 << 0;

const SYMBOLS = {
  // connection, sender, interface, member, path, first argument, flags, callback, user data, free function
  g_dbus_connection_signal_subscribe: {
    args: ["ptr", "ptr", "cstring", "cstring", "ptr", "ptr", "i32", "ptr", "ptr", "ptr"],
    returns: "u32",
  },
  g_dbus_connection_signal_unsubscribe: { args: ["ptr", "u32"], returns: "void" },
} as const satisfies Record<string, FFIFunction>;

/** Opens the library; null when this machine has none. */
export const openGioSignals = () => systemLibrary(GIO_LIBRARY, SYMBOLS)?.symbols ?? null;
