"""A Secret Service that does what GNOME Keyring never does, to see what becomes of it: argument 1 names the
oddity. Holds one item, `odd` of service `gum-cred-contract`, whose value is `odd-EXAMPLE`."""
import os
import sys

from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

ODDITY = sys.argv[1]
SECRET = "org.freedesktop.Secret."
COLLECTION = "/org/freedesktop/secrets/collection/odd"
ITEM = COLLECTION + "/1"
SESSION = "/org/freedesktop/secrets/session/1"
PROMPT = "/org/freedesktop/secrets/prompt/1"


def answer(message):
    method = message.header.fields[HeaderFields.member]
    if method == "OpenSession":
        algorithm = message.body[0]
        if algorithm != "plain":
            if ODDITY == "bad-key":
                return new_method_return(message, "vo", (("ay", b"\x01"), SESSION))
            if ODDITY == "no-key":
                return new_method_return(message, "vo", (("s", "none"), SESSION))
            return new_error(message, "org.freedesktop.DBus.Error.NotSupported", "s", ("only plain",))
        return new_method_return(message, "vo", (("s", ""), SESSION))
    if method == "ReadAlias":
        return new_method_return(message, "o", (COLLECTION,))
    if method == "SearchItems":
        if ODDITY == "wrong-type":
            return new_method_return(message, "s", ("not a list of paths",))
        if ODDITY == "strange-error":
            return new_error(message, "com.example.StrangeError", "s", ("holds odd-EXAMPLE",))
        return new_method_return(message, "ao", ([ITEM],))
    if method == "GetSecrets":
        if ODDITY == "vanishes":
            os._exit(0)
        if ODDITY == "deaf":
            return None
        if ODDITY in ("item-locked", "item-gone", "item-withheld"):
            return new_method_return(message, "a{o(oayays)}", ({},))
        value = b"\xff\xfe" if ODDITY == "not-text" else b"odd-EXAMPLE"
        return new_method_return(message, "a{o(oayays)}", ({ITEM: (SESSION, b"", value, "text/plain")},))
    if method == "CreateItem":
        if ODDITY == "create-locked":
            return new_error(message, SECRET + "Error.IsLocked", "s", ("locked",))
        return new_method_return(message, "oo", ("/", PROMPT))
    if method == "Delete":
        return new_method_return(message, "o", (PROMPT,))
    if method == "Get":
        locked = ODDITY == "item-locked" and message.header.fields[HeaderFields.path] == ITEM
        if ODDITY == "item-gone" and message.header.fields[HeaderFields.path] == ITEM:
            return new_error(message, SECRET + "Error.NoSuchObject", "s", ("gone",))
        return new_method_return(message, "v", (("b", locked),))
    return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", (method,))


connection = open_dbus_connection()
connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
print("ready", flush=True)
while True:
    incoming = connection.receive()
    if incoming.header.message_type == MessageType.method_call:
        reply = answer(incoming)
        if reply is not None:
            connection.send(reply)
