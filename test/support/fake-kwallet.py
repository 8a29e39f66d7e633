"""KWallet as KDE Frameworks 6 has it, and one that plays faults. Argument 1 is JSON, see fake-kwallet.ts; argument 2 a
file that gets every method that is called, with its last argument but one for `close`. Keeps passwords in memory.
Modelled on src/runtime/kwalletd/kwalletd.cpp of https://invent.kde.org/frameworks/kwallet (6.14 and later)."""
import json
import sys

from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

OPTIONS = json.loads(sys.argv[1])
LOG = open(sys.argv[2], "a", buffering=1)
CLASSIC = OPTIONS.get("keepsItsOwn", False)
folders = {}
handles = {}


def answer(message):
    method = message.header.fields[HeaderFields.member]
    body = message.body
    if method == "Introspect":
        return "s", '<method name="open"/>' + ('<method name="pamOpen"/>' if CLASSIC else "")
    if method == "isEnabled":
        return "b", OPTIONS.get("enabled", True)
    if method == "networkWallet":
        return "s", "Login"
    if method == "open":
        handle = OPTIONS.get("handle", 1000 + len(handles))
        if handle >= 0:
            handles[handle] = body[2]
        return "i", handle
    if method == "isOpen":
        # By name a proxy answers whether somebody holds a handle, which says nothing about the lock.
        return "b", (body[0] in handles if isinstance(body[0], int) else CLASSIC or bool(handles))
    handle, *rest = body
    known = handles.get(handle) == rest[-1]
    if method == "close":
        force = rest[0]
        if known and (force or CLASSIC):
            del handles[handle]
        return "i", 0 if known and force else 1
    return of_wallet(method, rest, folders if known else {})


def of_wallet(method, rest, store):
    folder = store.get(rest[0], {}) if rest else {}
    if method == "hasFolder":
        return "b", rest[0] in store
    if method == "createFolder":
        return "b", store.setdefault(rest[0], {}) == {}
    if method == "entryList":
        return "as", list(folder)
    if method == "hasEntry":
        return "b", rest[1] in folder
    if method == "entryType":
        return "i", 1
    if method == "readPassword":
        return "s", folder.get(rest[1], "")
    if method == "writePassword":
        if OPTIONS.get("full"):
            return "i", -1
        store.setdefault(rest[0], {})[rest[1]] = rest[2]
        return "i", 0
    if method == "removeEntry":
        return "i", 0 if folder.pop(rest[1], None) is not None else -1
    return "", None


connection = open_dbus_connection()
for name in OPTIONS.get("names", ["org.kde.kwalletd6", "org.kde.kwalletd5"]):
    connection.send_and_get_reply(message_bus.RequestName(name))
print("ready", flush=True)
while True:
    incoming = connection.receive()
    if incoming.header.message_type != MessageType.method_call:
        continue
    called = incoming.header.fields[HeaderFields.member]
    LOG.write(called + (f" {incoming.body[1]}" if called == "close" else "") + "\n")
    if called == OPTIONS.get("deafTo"):
        continue
    if called == OPTIONS.get("losesWalletAt"):
        handles.clear()
    if called == OPTIONS.get("nonsenseAt"):
        connection.send(new_method_return(incoming, "(su)", (("nonsense", 7),)))
        continue
    if called == OPTIONS.get("diesAt"):
        sys.exit(1)
    if called == OPTIONS.get("failsAt"):
        connection.send(new_error(incoming, "org.freedesktop.DBus.Error.Failed", "s", ("no",)))
        continue
    kind, value = answer(incoming)
    connection.send(new_method_return(incoming, kind, (value,) if kind else ()))
