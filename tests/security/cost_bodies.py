"""Bodies that are as long, full and nested as the OpenAPI document allows."""

import json
from collections.abc import Mapping
from typing import Any

from tests.security.writable_fields import VALID

# Bodies above 20 MiB are refused. This smaller size is divided among the lists and strings of a body.
MAX_BODY = 15_000_000
MAX_LIST, MAX_TEXT, DEPTH = 1_000, 10_000, 50
SAMPLES = {"date-time": "2020-01-01T00:00:00Z", "uuid": "00000000-0000-4000-8000-000000000000"}
# The size of free JSON in one field, in characters. The limit of a field is slightly higher.
MAX_FREE = 900_000


def build_largest_body(schema: Mapping[str, Any], components: Mapping[str, Any], known: Mapping[str, Any]) -> bytes:
    """Return the largest body of an operation: every property, full lists, and strings of the maximum length.

    `known` maps names of properties to values, such as ids of existing rows.
    """
    return json.dumps(_Largest(components, known).value(schema, "", MAX_BODY)).encode()


def build_free_json(size: int = MAX_FREE) -> dict[str, Any]:
    """Return JSON of about `size` characters, nested to the limit, with many short values.

    Shorter values would exceed the maximum number of values in a body, since a dashboard that is sent back contains its
    filters and variables twice.
    """
    nested: Any = 1
    for _ in range(DEPTH):
        nested = [nested]
    return {"nested": nested, **{f"k{number}": "x" * 25 for number in range(size // 40)}}


class _Largest:
    def __init__(self, components: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        self.components, self.known = components, known

    def value(self, schema: Mapping[str, Any], name: str, room: int) -> Any:
        schema = self._resolved(schema)
        if name in self.known:
            return self.known[name]
        if "oneOf" in schema:
            options = (self.value(each, name, room) for each in schema["oneOf"])
            return max(options, key=lambda each: len(json.dumps(each)))
        if "enum" in schema:
            return schema["enum"][-1]
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, room)
        if kind == "array":
            return self._array(schema, name, room)
        if kind == "string":
            return self._text(schema, name, room)
        return {"integer": 2**63 - 1, "number": 1e300, "boolean": True}.get(str(kind), VALID.get(name))

    def _object(self, schema: Mapping[str, Any], room: int) -> Any:
        properties = schema.get("properties")
        if not properties:
            return build_free_json(min(MAX_FREE, room))
        return {name: self.value(each, name, room // len(properties)) for name, each in properties.items()}

    def _array(self, schema: Mapping[str, Any], name: str, room: int) -> Any:
        most = min(schema.get("maxItems", MAX_LIST), MAX_LIST)
        item = self.value(schema["items"], "", room // most)
        if isinstance(item, str):
            return [f"{number:04}{item}"[: len(item)] for number in range(most)]
        return [item] * min(most, max(1, room // len(json.dumps(item))))

    def _text(self, schema: Mapping[str, Any], name: str, room: int) -> Any:
        sample = SAMPLES.get(schema.get("format", ""), VALID.get(name))
        return sample or "x" * max(1, min(schema.get("maxLength", MAX_TEXT), room))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema or "allOf" in schema:
            schema = schema["allOf"][0] if "allOf" in schema else self.components[schema["$ref"].rpartition("/")[2]]
        return schema
