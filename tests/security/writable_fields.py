"""Every writable field of every request body of the OpenAPI document, including nested fields."""

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.security.project_content import QUERY

Pointer = tuple[str | int, ...]
METHODS = ("post", "patch")  # PUT has the body of PATCH
ALIAS = "/api/environments/"
HERE = "@@here@@"

# Samples of free objects. A payload inside a sample is interpreted as a part of such an object.
FILTERS: Any = {"date_from": "-7d", "properties": [{"key": "k", "type": "event", "value": ["v"], "operator": "exact"}]}
DOCUMENT: dict[str, Any] = {
    "template_name": "Attack",
    "dashboard_description": "d",
    "dashboard_filters": FILTERS,
    "tags": ["t"],
    "variables": [{"id": "A", "name": "n", "default": "v"}],
    "tiles": [
        {"type": "TEXT", "body": "{A}", "layouts": {"sm": {"x": 0}}, "color": "blue"},
        {"type": "BUTTON", "url": "/a", "text": "t", "placement": "left", "style": "primary"},
        {"type": "INSIGHT", "name": "n", "description": "d", "query": QUERY, "filters_overrides": FILTERS},
    ],
}
SAMPLES: dict[str, Any] = {
    **dict.fromkeys(("filters", "filters_overrides", "dashboard_filters"), FILTERS),
    **{name: {"v1": {"code_name": "country", "value": "x"}} for name in ("variables", "dashboard_variables")},
    "query": {**QUERY, "source": {**QUERY["source"], "query": "select {variables.country}"}},  # type: ignore[dict-item]  # a free JSON object
    "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}},
    "breakdown_colors": [{"breakdownValue": "v", "colorToken": "preset-1"}],
    "template": DOCUMENT,
}
# Fields that must be sent with each field of an object, by the name of the object.
REQUIRED_BESIDE: dict[str, dict[str, Any]] = {
    "text": {"body": "text"},
    "button_tile": {"url": "/a", "text": "text"},
    "move_tile": {"tile": {"id": "tile"}, "to_dashboard": "other"},
    "copy_tile": {"fromDashboardId": "other", "tileId": "tile of other"},
    "dashboard_templates": DOCUMENT,
    "personal_api_keys": {"label": "attack", "scopes": ["dashboard:read"]},
}
TILE_CONTENT = {"id", "text", "button_tile", "insight", "insight_id"}
# Valid values of required fields.
VALID: dict[str, Any] = {
    "tile_id": "tile",
    "tile_order": ["tile"],
    "ids": ["board"],
    "action": "add",
    "tags": ["a"],
    "body": "text",
    "level": 37,
    "user_uuid": "collaborator",
    "tag": "attack",
    "tile": {"id": "tile"},
    "template": DOCUMENT,
    "email": "nobody@attack.example.com",
    "password": "wrong password",
    "id": "tile",
    "breakdownValue": "v",
    "colorToken": "preset-1",
    "key_id": "key",
    "since": "2026-01-01T00:00:00Z",
}


class FieldPosition(NamedTuple):
    """A field in the body of an operation.

    `body` contains HERE as a value or a key, and names of existing rows, which `build_body` replaces by ids.
    """

    method: str
    path: str
    pointer: Pointer
    body: Any

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path} {'.'.join(map(str, self.pointer))}"

    @property
    def name(self) -> str:
        """Return the last segment of the path that is not a parameter: a collection or an action."""
        return [step for step in self.path.split("/") if step and not step.startswith("{")][-1]


def find_places(document: dict[str, Any]) -> list[FieldPosition]:
    found = []
    for path, methods in document["paths"].items():
        for method in METHODS:
            content = methods.get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" not in content or path.startswith(ALIAS):
                continue
            name = FieldPosition(method, path, (), None).name
            walk = _Walk(document["components"]["schemas"])
            needs = method == "post" or name in ("move_tile", "dashboard_templates")
            bodies = walk.inside(content["application/json"]["schema"], (), name if needs else "")
            found += [FieldPosition(method, path, pointer, body) for pointer, body in bodies]
    return found


class _Walk:
    """A traversal of a schema, which yields a pointer and a value with HERE for each field."""

    def __init__(self, components: dict[str, Any]) -> None:
        self.components = components

    def inside(self, schema: Any, pointer: Pointer, name: str) -> Iterator[tuple[Pointer, Any]]:
        schema = self._resolve(schema)
        if pointer:
            yield pointer, HERE
        for option in schema.get("oneOf", []):
            yield from (each for each in self.inside(option, pointer, name) if each[0] != pointer)
        if "properties" in schema:
            yield from self._object(schema, pointer, name)
        elif schema.get("type") == "object":
            yield from _iter_leaves(SAMPLES.get(name, {"k": "v"}), pointer)
        elif schema.get("type") == "array":
            yield from self._array(schema, pointer, name)

    def _object(self, schema: Any, pointer: Pointer, name: str) -> Iterator[tuple[Pointer, Any]]:
        properties = schema["properties"]
        beside = {required: VALID.get(required, "text") for required in schema.get("required", [])}
        beside |= REQUIRED_BESIDE.get(name, {})
        for key, inner in properties.items():
            others = {each: value for each, value in beside.items() if each != key}
            if "button_tile" in properties and key not in TILE_CONTENT:
                others["text"] = {"body": "text"}
            for place, value in self.inside(inner, (*pointer, key), key):
                yield place, {**others, key: value}

    def _array(self, schema: Any, pointer: Pointer, name: str) -> Iterator[tuple[Pointer, Any]]:
        items = self._resolve(schema["items"])
        if items.get("type") == "object" and "properties" not in items:
            # Free objects in a list are parts of a template document.
            yield from _iter_leaves(DOCUMENT.get(name, SAMPLES.get(name, [{"k": "v"}])), pointer)
            return
        for place, value in self.inside(items, (*pointer, 0), name):
            yield place, [value]

    def _resolve(self, schema: Any) -> Any:
        while "$ref" in schema or "allOf" in schema:
            schema = schema["allOf"][0] if "allOf" in schema else schema
            schema = self.components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return schema


def _iter_leaves(sample: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    """Yield a copy of a sample for each value that HERE replaces, and for an object, a copy with HERE as a key."""
    if isinstance(sample, dict):
        yield (*pointer, HERE), {**sample, HERE: "v"}
    for path in _iter_paths(sample):
        sample_copy = copy.deepcopy(sample)
        _put(sample_copy, path, HERE)
        yield (*pointer, *path), sample_copy


def _iter_paths(value: Any) -> Iterator[Pointer]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (key,)
        yield from ((key, *rest) for rest in _iter_paths(each))


def _put(sample_copy: Any, path: Pointer, value: Any) -> None:
    for step in path[:-1]:
        sample_copy = sample_copy[step]
    sample_copy[path[-1]] = value


def is_key(place: FieldPosition) -> bool:
    return place.pointer[-1] == HERE


def build_body(place: FieldPosition, payload: str, known: dict[str, Any]) -> str:
    """Return the body as JSON, with the payload instead of HERE and with the ids of existing rows."""
    return json.dumps(_fill_known(place.body, known)).replace(f'"{HERE}"', payload)


def _fill_known(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _fill_known(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill_known(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value
