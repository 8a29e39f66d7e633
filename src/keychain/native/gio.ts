/**
 * The symbols of GLib, GObject and GIO that the D-Bus client needs, with their types and constants.
 * Declarations only: no logic, no memory management. Reference: https://docs.gtk.org/gio/ and
 * https://docs.gtk.org/glib/. All of them resolve through libgio, which links the other two.
 */
import type { FFIFunction, Pointer } from "bun:ffi";
import { systemLibrary } from "./library.ts";

/** The library's name in the system's search path. */
export const GIO_LIBRARY = "libgio-2.0.so.0";

// gdbusconnection.h: GDBusConnectionFlags. Without MESSAGE_BUS_CONNECTION (1 << 3) GIO leaves Hello to us,
// which it would send with a timeout of its own that nobody can shorten.
export const AUTHENTICATION_CLIENT = 1;

/** gioenums.h: GIOErrorEnum, the ones that are told apart. */
export const IO_ERROR = {
  notFound: 1,
  permissionDenied: 14,
  closed: 18,
  cancelled: 19,
  timedOut: 24,
  connectionRefused: 39,
} as const;

/** gerror.h: struct GError { guint32 domain; gint code; gchar *message; } (offsets in bytes). */
export const GERROR = { domain: 0, code: 4 } as const;

const SYMBOLS = {
  // Environment, memory, errors
  g_unsetenv: { args: ["cstring"], returns: "void" },
  g_free: { args: ["ptr"], returns: "void" },
  g_object_unref: { args: ["ptr"], returns: "void" },
  g_error_free: { args: ["ptr"], returns: "void" },
  g_io_error_quark: { args: [], returns: "u32" },
  g_dbus_error_get_remote_error: { args: ["ptr"], returns: "ptr" },

  // Main loop
  g_main_context_new: { args: [], returns: "ptr" },
  g_main_context_push_thread_default: { args: ["ptr"], returns: "void" },
  g_main_context_pop_thread_default: { args: ["ptr"], returns: "void" },
  g_main_context_iteration: { args: ["ptr", "i32"], returns: "i32" },
  g_timeout_source_new: { args: ["u32"], returns: "ptr" },
  g_source_set_callback: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "void" },
  g_source_attach: { args: ["ptr", "ptr"], returns: "u32" },
  g_source_destroy: { args: ["ptr"], returns: "void" },
  g_source_unref: { args: ["ptr"], returns: "void" },
  g_cancellable_new: { args: [], returns: "ptr" },
  g_cancellable_cancel: { args: ["ptr"], returns: "void" },

  // D-Bus connection
  g_dbus_connection_new_for_address: {
    args: ["cstring", "i32", "ptr", "ptr", "ptr", "usize"],
    returns: "void",
  },
  g_dbus_connection_new_for_address_finish: { args: ["ptr", "ptr"], returns: "ptr" },
  g_dbus_connection_call: {
    // connection, destination, path, interface, method, parameters, reply type, flags, ms, cancellable,
    // callback, user data
    args: [
      "ptr",
      "cstring",
      "cstring",
      "cstring",
      "cstring",
      "ptr",
      "cstring",
      "i32",
      "i32",
      "ptr",
      "ptr",
      "usize",
    ],
    returns: "void",
  },
  g_dbus_connection_call_finish: { args: ["ptr", "ptr", "ptr"], returns: "ptr" },

  // Values: building
  g_variant_builder_new: { args: ["cstring"], returns: "ptr" },
  g_variant_builder_open: { args: ["ptr", "cstring"], returns: "void" },
  g_variant_builder_close: { args: ["ptr"], returns: "void" },
  g_variant_builder_add_value: { args: ["ptr", "ptr"], returns: "void" },
  g_variant_builder_end: { args: ["ptr"], returns: "ptr" },
  g_variant_builder_unref: { args: ["ptr"], returns: "void" },
  g_variant_new_string: { args: ["cstring"], returns: "ptr" },
  g_variant_new_object_path: { args: ["cstring"], returns: "ptr" },
  g_variant_new_boolean: { args: ["i32"], returns: "ptr" },
  g_variant_new_int32: { args: ["i32"], returns: "ptr" },
  g_variant_new_uint32: { args: ["u32"], returns: "ptr" },
  g_variant_new_int64: { args: ["i64"], returns: "ptr" },
  g_variant_new_uint64: { args: ["u64"], returns: "ptr" },
  g_variant_new_fixed_array: { args: ["cstring", "ptr", "usize", "usize"], returns: "ptr" },
  g_variant_ref_sink: { args: ["ptr"], returns: "ptr" },
  g_variant_unref: { args: ["ptr"], returns: "void" },

  // Values: reading
  g_variant_get_type_string: { args: ["ptr"], returns: "cstring" },
  g_variant_n_children: { args: ["ptr"], returns: "usize" },
  g_variant_get_child_value: { args: ["ptr", "usize"], returns: "ptr" },
  g_variant_get_string: { args: ["ptr", "ptr"], returns: "cstring" },
  g_variant_get_boolean: { args: ["ptr"], returns: "i32" },
  g_variant_get_int32: { args: ["ptr"], returns: "i32" },
  g_variant_get_uint32: { args: ["ptr"], returns: "u32" },
  g_variant_get_int64: { args: ["ptr"], returns: "i64" },
  g_variant_get_uint64: { args: ["ptr"], returns: "u64" },
  g_variant_get_size: { args: ["ptr"], returns: "usize" },
  g_variant_get_data: { args: ["ptr"], returns: "ptr" },
} as const satisfies Record<string, FFIFunction>;

/** Opens the library; null when this machine has none. */
export const openGio = () => systemLibrary(GIO_LIBRARY, SYMBOLS)?.symbols ?? null;

/** The opened functions. */
export type Gio = NonNullable<ReturnType<typeof openGio>>;

/** An address in native memory, as bun:ffi returns it. */
export type Address = Pointer | bigint;
