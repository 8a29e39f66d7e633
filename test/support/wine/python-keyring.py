"""Python keyring's own Windows backend, unmodified, on this system's Python.

The class keyring.backends.Windows.WinVaultKeyring runs on Linux, and the module it calls Windows by
(win32ctypes.pywin32) is replaced by one that passes each call on to credential-tool.exe under Wine. What is tested is thus keyring's real rules against Credential Manager's real
entries; what is not is pywin32-ctypes, whose encoding of a str (UTF-16-LE, no terminator) is done here instead.

Argument: the path of credential-tool.exe. JSON lines on stdin: [method, argument...]; on stdout: {"result": ...}.
"""

import json
import subprocess
import sys
import types

tool = subprocess.Popen(
    ["wine", sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
)


class error(Exception):
    """pywintypes.error: the number, the function's name and a text."""

    def __init__(self, winerror, funcname):
        super().__init__(winerror, funcname, "")
        self.winerror, self.funcname = winerror, funcname


def hexadecimal(text):
    return text.encode("utf-16-le", "surrogatepass").hex() or "-"


def call(funcname, *fields):
    tool.stdin.write(" ".join(fields) + "\n")
    answer = tool.stdout.readline().split()
    if answer[0] != "ok":
        raise error(int(answer[1]), funcname)
    return [bytes.fromhex(field.replace("-", "")) for field in (answer[1:4] + answer[6:])]


def CredRead(TargetName, Type):
    assert Type == 1
    target, user, comment, blob = call("CredRead", "read", hexadecimal(TargetName))
    return {
        "TargetName": target.decode("utf-16-le"),
        "UserName": user.decode("utf-16-le"),
        "Comment": comment.decode("utf-16-le"),
        "CredentialBlob": blob,
    }


def CredWrite(Credential, Flags):
    assert Credential["Type"] == 1 and Credential["Persist"] == 3 and Flags == 0
    texts = [Credential[field] for field in ("TargetName", "UserName", "Comment")]
    call("CredWrite", "write", *map(hexadecimal, texts), "3", hexadecimal(Credential["CredentialBlob"]))


def CredDelete(TargetName, Type):
    assert Type == 1
    call("CredDelete", "delete", hexadecimal(TargetName))


pywintypes = types.SimpleNamespace(error=error)
win32cred = types.ModuleType("win32cred")
win32cred.CRED_TYPE_GENERIC = 1
win32cred.CRED_PERSIST_ENTERPRISE = 3
win32cred.CredRead, win32cred.CredWrite, win32cred.CredDelete = CredRead, CredWrite, CredDelete
pywin32 = types.ModuleType("win32ctypes.pywin32")
pywin32.pywintypes, pywin32.win32cred = pywintypes, win32cred
sys.modules["win32ctypes"] = types.ModuleType("win32ctypes")
sys.modules["win32ctypes.pywin32"] = pywin32

from keyring.backends.Windows import WinVaultKeyring  # noqa: E402

keyring = WinVaultKeyring()
for line in sys.stdin:
    method, *arguments = json.loads(line)
    try:
        result = getattr(keyring, method)(*arguments)
        result = {"result": getattr(result, "password", result)}
    except Exception as problem:
        result = {"error": repr(problem)}
    print(json.dumps(result), flush=True)
