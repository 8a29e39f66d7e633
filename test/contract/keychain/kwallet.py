"""KWallet as Python keyring sees it: get|set|delete SERVICE ACCOUNT, the value to set on stdin. Prints the value of
`get` as JSON, null for an absent entry. Shares no code with gum-cred."""
import json
import sys

from keyring.backends.kwallet import DBusKeyring

backend = DBusKeyring()
backend.appid = "Python keyring library"
operation, service, account = sys.argv[1:4]
if operation == "get":
    print(json.dumps(backend.get_password(service, account)))
elif operation == "set":
    backend.set_password(service, account, sys.stdin.buffer.read().decode("utf-8"))
else:
    backend.delete_password(service, account)
