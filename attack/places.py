<<<<<<< HEAD
"""Ids to put into paths: a caller's own, those of the project Vault, and those that nothing has."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from attack.access import Cell
from attack.content import make_board, sent
from attack.service import Target

NO_NUMBER = "999999999"
NO_UUID = "00000000-0000-4000-8000-000000000000"
NO_TOKEN = "A" * 32
KINDS = {
    "organization_id": "organization",
    "project_id": "project",
    "access_token": "token",
    "user_uuid": "part",
    "password_id": "part",
    "version": "part",
}


@dataclass(frozen=True)
class Places:
    """`own` and `foreign` ids by name; with both a path is made for each cell."""

    own: dict[str, Any]
    foreign: dict[str, Any]

    def path(self, cell: Cell) -> str:
        return "/" + re.sub(r"<(\w+)>", lambda found: str(self._id(cell, found[1])), cell.route)

    def without_ids(self, cell: Cell, text: str) -> str:
        """An answer in which the ids of the path are all written alike."""
        for name in re.findall(r"<(\w+)>", cell.route):
            text = text.replace(str(self._id(cell, name)), "…")
        return text

    def _id(self, cell: Cell, name: str) -> Any:
        whose, _, part = cell.ids.partition(" ")
        what = _what(cell.route, name)
        if whose == "own" or part != KINDS.get(name, "row"):
            return self.own[what]
        return self.foreign[what] if whose == "foreign" else _missing(what)


def _what(route: str, name: str) -> str:
    """`<id>` is an id of what the route is about."""
    if name == "id":
        kinds = {"insights": "insight", "dashboard_templates": "template", "personal_api_keys": "key"}
        return next((kind for part, kind in kinds.items() if f"/{part}/" in route), "dashboard")
    return {"dashboard_id": "dashboard", "organization_id": "organization", "project_id": "project"}.get(name, name)


def _missing(what: str) -> str:
    if what == "access_token":
        return NO_TOKEN
    return NO_UUID if what in ("template", "organization", "user_uuid") else NO_NUMBER


def furnished(target: Target) -> Places:
    """New boards with content in Home and in Vault, whose link is closed."""
    own, foreign = _ids(target, "Home", "admin"), _ids(target, "Vault", "vault")
    with target.client("member") as bob:
        own["user"] = sent(bob.get("/api/users/@me/"))["uuid"]
    # As in the tables of the suite: nobody is a collaborator yet, and these are no ids of Bob's.
    own |= {"user_uuid": NO_UUID, "password_id": NO_NUMBER, "key": "unknown"}
    with target.client("admin") as admin:
        _share(admin, target.home(f"dashboards/{own['dashboard']}/sharing/"), enabled=True)
    with target.client("vault") as dave:
        _share(dave, target.home(f"dashboards/{foreign['dashboard']}/sharing/", "Vault"), enabled=False)
    return Places(own, foreign)


def refused_content(target: Target) -> Places:
    """Such boards as each body that was refused can be about: restricted, its link behind a password; and a key."""
    own = _ids(target, "Home", "admin")
    path = target.home(f"dashboards/{own['dashboard']}/")
    with target.client("admin") as admin:
        sent(admin.patch(path, json={"restriction_level": 37}))
    with target.client("member") as bob:
        own["user"] = sent(bob.get("/api/users/@me/"))["uuid"]
    return Places({**own, "key": target.key_ids["spare"]}, {})


def _share(client: Any, path: str, *, enabled: bool) -> None:
    sent(client.patch(path, json={"enabled": enabled, "password_required": False}))


def _ids(target: Target, project: str, key: str) -> dict[str, Any]:
    with target.client(key) as client:
        root = target.home(project=project)
        made, other = (make_board(client, root, f"{project} secret {uuid4()}") for _ in range(2))
        boards = [sent(client.get(f"{root}dashboards/{each['dashboards']}/")) for each in (made, other)]
        sharing = sent(client.get(f"{root}dashboards/{made['dashboards']}/sharing/"))
        of_project = sent(client.get(root))
        me = sent(client.get("/api/users/@me/"))
    return {
        "project": target.projects[project],
        "organization": of_project["organization"],
        "dashboard": boards[0]["id"],
        "other": boards[1]["id"],
        "tile": _tile(boards[0], "text"),
        "button": _tile(boards[0], "button_tile"),
        "other_tile": _tile(boards[1], "text"),
        "insight": made["insights"],
        "template": made["dashboard_templates"],
        "password_id": made["passwords"],
        "access_token": sharing["access_token"],
        "user_uuid": me["uuid"],
        "version": 1,
        "key": target.key_ids[key],
    }


def _tile(board: Any, kind: str) -> int:
    return next(int(tile["id"]) for tile in board["tiles"] if tile.get(kind))
=======
"""Every place of every request body of the API document where something can be written, nested ones too."""

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from attack.content import QUERY

Pointer = tuple[str | int, ...]
METHODS = ("post", "patch")  # PUT takes the body of PATCH
ALIAS = "/api/environments/"
HERE = "@@here@@"

# What free objects hold, so that what is written into them is looked at as what it says it is.
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
    "query": {**QUERY, "source": {**QUERY["source"], "query": "select {variables.country}"}},  # type: ignore[dict-item]
    "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}},
    "breakdown_colors": [{"breakdownValue": "v", "colorToken": "preset-1"}],
    "template": DOCUMENT,
}
# What must stand beside a place so that it is read: by the name of the object around it.
BESIDE: dict[str, dict[str, Any]] = {
    "text": {"body": "text"},
    "button_tile": {"url": "/a", "text": "text"},
    "move_tile": {"tile": {"id": "tile"}, "to_dashboard": "other"},
    "copy_tile": {"from_dashboard_id": "other", "tile_id": "tile of other"},
    "dashboard_templates": DOCUMENT,
    "personal_api_keys": {"label": "attack", "scopes": ["dashboard:read"]},
}
OTHER_NAMES = {"toDashboard": "to_dashboard", "fromDashboardId": "from_dashboard_id", "tileId": "tile_id"}
CONTENT_OF_TILE = {"id", "text", "button_tile", "insight", "insight_id"}
# Of required fields: what is right.
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


class Place(NamedTuple):
    """Where in the body of an operation. `body` has HERE in it, as a value or a key, and names of rows."""

    method: str
    path: str
    pointer: Pointer
    body: Any

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path} {'.'.join(map(str, self.pointer))}"

    @property
    def name(self) -> str:
        """The last word of its path: a collection, or an action."""
        return [step for step in self.path.split("/") if step and not step.startswith("{")][-1]


def places(document: dict[str, Any]) -> list[Place]:
    found = []
    for path, methods in document["paths"].items():
        for method in METHODS:
            content = methods.get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" not in content or path.startswith(ALIAS):
                continue
            name = Place(method, path, (), None).name
            walk = _Walk(document["components"]["schemas"])
            needs = method == "post" or name in ("move_tile", "dashboard_templates")
            bodies = walk.inside(content["application/json"]["schema"], (), name if needs else "")
            found += [Place(method, path, pointer, body) for pointer, body in bodies]
    return found


class _Walk:
    """Gives (pointer, value with HERE in it) for each place in a schema."""

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
            yield from _leaves(SAMPLES.get(name, {"k": "v"}), pointer)
        elif schema.get("type") == "array":
            yield from self._array(schema, pointer, name)

    def _object(self, schema: Any, pointer: Pointer, name: str) -> Iterator[tuple[Pointer, Any]]:
        properties = schema["properties"]
        beside = {required: VALID.get(required, "text") for required in schema.get("required", [])}
        beside |= BESIDE.get(name, {})
        for key, inner in properties.items():
            others = {each: value for each, value in beside.items() if each not in (key, OTHER_NAMES.get(key))}
            if "button_tile" in properties and key not in CONTENT_OF_TILE:
                others["text"] = {"body": "text"}
            for place, value in self.inside(inner, (*pointer, key), key):
                yield place, {**others, key: value}

    def _array(self, schema: Any, pointer: Pointer, name: str) -> Iterator[tuple[Pointer, Any]]:
        items = self._resolve(schema["items"])
        if items.get("type") == "object" and "properties" not in items:
            # Free objects in a list are parts of a template document.
            yield from _leaves(DOCUMENT.get(name, SAMPLES.get(name, [{"k": "v"}])), pointer)
            return
        for place, value in self.inside(items, (*pointer, 0), name):
            yield place, [value]

    def _resolve(self, schema: Any) -> Any:
        while "$ref" in schema or "allOf" in schema:
            schema = schema["allOf"][0] if "allOf" in schema else schema
            schema = self.components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return schema


def _leaves(sample: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    """Each value of a sample in turn replaced, and a key added to the sample itself."""
    if isinstance(sample, dict):
        yield (*pointer, HERE), {**sample, HERE: "v"}
    for path in _paths(sample):
        whole = copy.deepcopy(sample)
        _put(whole, path, HERE)
        yield (*pointer, *path), whole


def _paths(value: Any) -> Iterator[Pointer]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (key,)
        yield from ((key, *rest) for rest in _paths(each))


def _put(whole: Any, path: Pointer, value: Any) -> None:
    for step in path[:-1]:
        whole = whole[step]
    whole[path[-1]] = value


def is_key(place: Place) -> bool:
    return place.pointer[-1] == HERE


def written(place: Place, payload: str, known: dict[str, Any]) -> str:
    """The body as JSON, with the payload in its place and the ids of rows that exist."""
    return json.dumps(_known(place.body, known)).replace(f'"{HERE}"', payload)


def _known(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _known(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value
>>>>>>> 1fa9717 (attack: Put what is hostile into every place that can be written.)
