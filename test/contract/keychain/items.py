"""What another program sees: every item of the default collection, or the ones with the attributes given as
JSON, printed as JSON. Uses SecretStorage, the library below Python keyring, and none of the tested code."""
import json
import sys

import secretstorage

wanted = json.loads(sys.argv[1])
collection = secretstorage.get_default_collection(secretstorage.dbus_init())
print(json.dumps([
    {
        "path": item.item_path,
        "label": item.get_label(),
        "attributes": item.get_attributes(),
        "content_type": item.get_secret_content_type(),
        "value": item.get_secret().decode("utf-8"),
        "modified": item.get_modified(),
    }
    for item in collection.search_items(wanted)
]))
