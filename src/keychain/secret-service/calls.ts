/**
 * The Secret Service's methods as D-Bus calls, and the fixed texts of Python keyring's layout. Builds calls
 * and reads names; sends nothing.
 * Reference: https://specifications.freedesktop.org/secret-service-spec/latest/, and for the layout
 * https://github.com/jaraco/keyring/blob/main/keyring/backends/SecretService.py.
 */
import type { Call } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import type { Sealed } from "./dh-session.ts";

/** The name that a Secret Service owns on the bus. */
export const SERVICE_NAME = "org.freedesktop.secrets";
const SERVICE_PATH = "/org/freedesktop/secrets";
const SERVICE = "org.freedesktop.Secret.Service";
const COLLECTION = "org.freedesktop.Secret.Collection";
const ITEM = "org.freedesktop.Secret.Item";

/** The path that stands for "no object": no prompt is needed, no such alias. */
export const NOTHING = "/";

/** The attribute by which Python keyring marks what it wrote. */
export const APPLICATION = "Python keyring library";

/** The D-Bus errors that decide something. */
export const ERROR = {
  isLocked: "org.freedesktop.Secret.Error.IsLocked",
  noSuchObject: "org.freedesktop.Secret.Error.NoSuchObject",
  unknownMethod: "org.freedesktop.DBus.Error.UnknownMethod", // GNOME Keyring's for an item that is gone
  unknownObject: "org.freedesktop.DBus.Error.UnknownObject",
  notSupported: "org.freedesktop.DBus.Error.NotSupported",
} as const;

/** Attributes of an item. */
export type Attributes = ReadonlyMap<string, string>;

/** What Python keyring searches by: without an account, every entry of the service. */
export function query(service: string, account?: string): Attributes {
  const attributes = new Map([["service", service]]);
  if (account !== undefined) attributes.set("username", account);
  return attributes;
}

/** A call of any interface of the service. */
export const call = (
  path: string,
  iface: string,
  method: string,
  signature: string,
  args: readonly Value[],
  reply: string,
): Call => ({
  destination: SERVICE_NAME,
  path,
  interface: iface,
  method,
  signature,
  args,
  reply,
});

/** The same text for the same call; of calls whose arguments are texts and attributes. */
export function keyOfCall({ path, method, args }: Call): string {
  let key = `${path} ${method}`;
  for (const arg of args) {
    if (arg instanceof Map) for (const [name, value] of arg) key += ` ${name}=${value}`;
    else key += ` ${arg}`;
  }
  return key;
}

const property = (path: string, iface: string, name: string) =>
  call(path, "org.freedesktop.DBus.Properties", "Get", "(ss)", [iface, name], "(v)");

/** Whether a collection is locked: `[boolean]`. */
export const collectionLocked = (collection: string) => property(collection, COLLECTION, "Locked");

/**
 * The default collection's path, or {@link NOTHING}: `[path]`. The collection is always addressed by it and
 * never as `/org/freedesktop/secrets/aliases/default`: GNOME Keyring (42 to 50 at least) resolves that path on
 * one thread while the first message of a client makes another replace what it reads, so that some of several
 * calls sent together go astray.
 */
export const readDefaultAlias = call(SERVICE_PATH, SERVICE, "ReadAlias", "(s)", ["default"], "(o)");

/** Every collection's path: `[paths]`. */
export const allCollections = property(SERVICE_PATH, SERVICE, "Collections");

/** GNOME Keyring's, in memory only; it is there when nothing else is. */
export const SESSION_COLLECTION = "/org/freedesktop/secrets/collection/session";

/** An encrypted session: `[their public key, session path]`. */
export const openEncryptedSession = (publicKey: Uint8Array) =>
  call(
    SERVICE_PATH,
    SERVICE,
    "OpenSession",
    "(sv)",
    ["dh-ietf1024-sha256-aes128-cbc-pkcs7", { signature: "ay", value: publicKey }],
    "(vo)",
  );

/** A session in the clear: `["", session path]`. */
export const openPlainSession = call(
  SERVICE_PATH,
  SERVICE,
  "OpenSession",
  "(sv)",
  ["plain", { signature: "s", value: "" }],
  "(vo)",
);

/** The collection's items with at least these attributes: `[paths]`. */
export const searchItems = (collection: string, attributes: Attributes) =>
  call(collection, COLLECTION, "SearchItems", "(a{ss})", [attributes], "(ao)");

/** The secrets of the items that are not locked: `[path -> [session, parameters, value, content type]]`. */
export const getSecrets = (items: readonly string[], session: string) =>
  call(SERVICE_PATH, SERVICE, "GetSecrets", "(aoo)", [items, session], "(a{o(oayays)})");

/** Creates an item as Python keyring does, or replaces the one with these attributes: `[item, prompt]`. */
export const createItem = (
  collection: string,
  service: string,
  account: string,
  sealed: Sealed,
  session: string,
) =>
  call(
    collection,
    COLLECTION,
    "CreateItem",
    "(a{sv}(oayays)b)",
    [
      new Map<string, Value>([
        [`${ITEM}.Label`, { signature: "s", value: `Password for '${account}' on '${service}'` }],
        [
          `${ITEM}.Attributes`,
          { signature: "a{ss}", value: new Map([...query(service, account), ["application", APPLICATION]]) },
        ],
      ]),
      [session, sealed.parameters, sealed.value, "text/plain"],
      true,
    ],
    "(oo)",
  );

/** Deletes an item: `[prompt]`. */
export const deleteItem = (item: string) => call(item, ITEM, "Delete", "()", [], "(o)");

/** One property of an item: `[value]`. */
export const itemProperty = (item: string, name: "Attributes" | "Modified" | "Locked") =>
  property(item, ITEM, name);

/**
 * All properties of an item that can be read at this moment: `[name -> value]`. Not one by one where another program
 * may be writing the item: GNOME Keyring (42 at least) then has no value for a moment, and GLib ends a process that
 * has neither value nor error for a `Get` (gdbusconnection.c, invoke_get_property_in_idle_cb). `GetAll` leaves it out.
 */
export const itemProperties = (item: string) =>
  call(item, "org.freedesktop.DBus.Properties", "GetAll", "(s)", [ITEM], "(a{sv})");
