"""A hook of schemathesis that replaces half of the generated ids in paths by ids of existing rows.

KNOWN_IDS is a JSON object that maps the name of a collection to ids of its rows. The choice depends on the generated
ids, so that a seed reproduces the requests.
"""

import json
import os
import zlib
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(os.environ.get("KNOWN_IDS", "{}"))
PARAMETERS = {
    "dashboard_id": "dashboards",
    "user_uuid": "users",
    "password_id": "passwords",
}


def find_collection(path: str, name: str) -> str:
    """Return the collection of a parameter. For `id`, it is the preceding segment of the path."""
    if name != "id":
        return PARAMETERS.get(name, "")
    return path.partition("/{id}")[0].rpartition("/")[2]


@schemathesis.hook  # type: ignore[untyped-decorator]  # schemathesis has no types
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    if not path_parameters:
        return path_parameters
    number = zlib.crc32(repr(sorted(path_parameters.items())).encode())
    if number % 2:
        return path_parameters
    found = {name: KNOWN.get(find_collection(context.operation.path, name), []) for name in path_parameters}
    return {
        name: found[name][number // 2 % len(found[name])] if found[name] else value
        for name, value in path_parameters.items()
    }
