"""A Secret Service that plays faults and other services' ways. Argument 1 is JSON, see fake-secret-service.ts;
argument 2 a file that gets the name of every method that is called, one a line. Holds its items in memory and
speaks `plain` sessions only."""
import json
import os
import sys

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

OPTIONS = json.loads(sys.argv[1])
LOG = open(sys.argv[2], "a", buffering=1)
ROOT = "/org/freedesktop/secrets"
PROMPT = ROOT + "/prompt/1"
SESSION = ROOT + "/session/1"
SECRET = "org.freedesktop.Secret."
DBUS_ERROR = "org.freedesktop.DBus.Error."


class Collection:
    def __init__(self, name, locked):
        self.path = f"{ROOT}/collection/{name}"
        self.locked = locked
        self.items = {}
        self.last = 0

    def search(self, wanted):
        if self.locked:
            return []  # as KeePassXC does; GNOME Keyring finds them locked
        return [path for path, item in self.items.items() if wanted.items() <= item["attributes"].items()]

    def store(self, attributes, value, replace):
        path = next(iter(self.search(attributes)), None) if replace else None
        if path is None:
            self.last += 1
            path = f"{self.path}/{self.last}"
        extra = OPTIONS.get("extraAttributes", {})
        self.items[path] = {"attributes": {**extra, **attributes}, "value": value}
        return path


collections = {}
for name, content in OPTIONS.get("collections", {"login": {}}).items():
    made = Collection(name, content.get("locked", False))
    collections[made.path] = made
    for entry in content.get("items", []):
        made.last += 1
        made.items[f"{made.path}/{made.last}"] = {
            "attributes": entry["attributes"],
            "value": entry["value"].encode(),
        }
default = OPTIONS.get("default", "login")
default = f"{ROOT}/collection/{default}" if default else "/"
wanted_by_prompt = None


def answer(message):
    global wanted_by_prompt, default
    fields = message.header.fields
    method, path = fields[HeaderFields.member], fields[HeaderFields.path]
    body = message.body
    if method == "ReadAlias":
        return new_method_return(message, "o", (default if default in collections else "/",))
    if method == "OpenSession":
        if body[0] != "plain":
            return new_error(message, DBUS_ERROR + "NotSupported", "s", ("only plain",))
        return new_method_return(message, "vo", (("s", ""), SESSION))
    if method in ("Unlock", "CreateCollection"):
        wanted_by_prompt = body[0][0] if method == "Unlock" else "new"
        if wanted_by_prompt in collections and not collections[wanted_by_prompt].locked:
            return new_method_return(message, "aoo", ([wanted_by_prompt], "/"))
        if method == "Unlock":
            return new_method_return(message, "aoo", ([], PROMPT))
        return new_method_return(message, "oo", ("/", PROMPT))
    if method == "Prompt":
        return prompt(message)
    if method == "Dismiss":
        return new_method_return(message)
    if method == "GetSecrets":
        found = {
            item: (SESSION, b"", owner.items[item]["value"], "text/plain")
            for item in body[0]
            for owner in collections.values()
            if item in owner.items and not owner.locked
        }
        return new_method_return(message, "a{o(oayays)}", (found,))
    if method == "Get" and body[1] == "Collections":
        return new_method_return(message, "v", (("ao", list(collections)),))
    if path in collections:
        return of_collection(message, collections[path], method, body)
    for owner in collections.values():
        if path in owner.items:
            return of_item(message, owner, path, method, body)
    return new_error(message, DBUS_ERROR + "UnknownObject", "s", (path,))


def of_collection(message, owner, method, body):
    if method == "SearchItems":
        return new_method_return(message, "ao", (owner.search(body[0]),))
    if method == "CreateItem":
        if owner.locked:
            return new_error(message, SECRET + "Error.IsLocked", "s", ("locked",))
        properties, (_session, _parameters, value, _type), replace = body
        attributes = properties[SECRET + "Item.Attributes"][1]
        return new_method_return(message, "oo", (owner.store(attributes, value, replace), "/"))
    if method == "Get" and body[1] == "Locked":
        return new_method_return(message, "v", (("b", owner.locked),))
    return new_error(message, DBUS_ERROR + "UnknownMethod", "s", (method,))


def of_item(message, owner, path, method, body):
    if method == "Delete":
        del owner.items[path]
        return new_method_return(message, "o", ("/",))
    if method == "Get":
        value = {
            "Attributes": ("a{ss}", owner.items[path]["attributes"]),
            "Locked": ("b", owner.locked),
            "Modified": ("t", 0),
        }[body[1]]
        return new_method_return(message, "v", (value,))
    return new_error(message, DBUS_ERROR + "UnknownMethod", "s", (method,))


def prompt(message):
    """The user, played: `accepts`, `dismisses`, or never looks at the dialog."""
    global default
    user = OPTIONS.get("user", "away")
    connection.send(new_method_return(message))
    if user == "away":
        return None
    if user == "accepts":
        if wanted_by_prompt == "new":
            made = Collection("login", False)
            collections[made.path] = made
            default = made.path
        else:
            collections[wanted_by_prompt].locked = False
    emitter = DBusAddress(PROMPT, interface=SECRET + "Prompt")
    completed = new_signal(emitter, "Completed", "bv", (user == "dismisses", ("ao", [])))
    completed.header.fields[HeaderFields.destination] = message.header.fields[HeaderFields.sender]
    return completed


connection = open_dbus_connection()
connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
print("ready", flush=True)
while True:
    incoming = connection.receive()
    if incoming.header.message_type != MessageType.method_call:
        continue
    called = incoming.header.fields[HeaderFields.member]
    LOG.write(called + "\n")
    if called == OPTIONS.get("deafTo") or OPTIONS.get("deafTo") == "everything":
        continue
    if called == OPTIONS.get("diesAt"):
        os._exit(1)
    if called == OPTIONS.get("nonsenseAt"):
        kind, value = OPTIONS["nonsense"]
        times = OPTIONS.get("nonsenseTimes", 1)
        if times > 1:
            value[0] = value[0] * times if kind[0] == "a" else (value[0][0], value[0][1] * times)
        connection.send(new_method_return(incoming, kind, tuple(value)))
        continue
    reply = answer(incoming)
    if reply is not None:
        connection.send(reply)
