"""Ids for paths: ids of the caller's project, ids of the project Vault, and missing ids."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.security.access_rules import Cell
from tests.security.accounts import VAULT_QUERY_ID
from tests.security.project_content import create_dashboard, expect_success
from tests.security.service import Target

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
class PathIds:
    """The `own` and `foreign` ids by name, from which the path of each cell is built."""

    own: dict[str, Any]
    foreign: dict[str, Any]

    def path(self, cell: Cell) -> str:
        return "/" + re.sub(r"<(\w+)>", lambda found: str(self._id(cell, found[1])), cell.route)

    def replace_ids(self, cell: Cell, text: str) -> str:
        """Return a response in which the ids of the path are replaced by one placeholder."""
        for name in re.findall(r"<(\w+)>", cell.route):
            text = text.replace(str(self._id(cell, name)), "…")
        return text

    def _id(self, cell: Cell, name: str) -> Any:
        whose, _, part = cell.ids.partition(" ")
        what = _get_kind(cell.route, name)
        if whose == "own" or part != KINDS.get(name, "row"):
            return self.own[what]
        return self.foreign[what] if whose == "foreign" else _missing_id(what)


def _get_kind(route: str, name: str) -> str:
    """Return the kind of object that a parameter identifies. For `<id>`, it is the resource of the route."""
    if name == "id":
        kinds = {"insights": "insight", "dashboard_templates": "template", "personal_api_keys": "key", "query": "query"}
        return next((kind for part, kind in kinds.items() if f"/{part}/" in route), "dashboard")
    return {"dashboard_id": "dashboard", "organization_id": "organization", "project_id": "project"}.get(name, name)


def _missing_id(what: str) -> str:
    if what == "access_token":
        return NO_TOKEN
    return NO_UUID if what in ("template", "organization", "user_uuid") else NO_NUMBER


def create_path_ids(target: Target) -> PathIds:
    """Create dashboards with content in Home and in Vault. Only the link in Home is enabled."""
    own, foreign = _ids(target, "Home", "admin"), _ids(target, "Vault", "vault")
    with target.client("member") as bob:
        own["user"] = expect_success(bob.get("/api/users/@me/"))["uuid"]
    # As in the tables of the suite, no collaborator exists yet, and the password and the key do not belong to Bob.
    own |= {"user_uuid": NO_UUID, "password_id": NO_NUMBER, "key": "unknown"}
    with target.client("admin") as admin:
        _share(admin, target.home(f"dashboards/{own['dashboard']}/sharing/"), enabled=True)
    with target.client("vault") as dave:
        _share(dave, target.home(f"dashboards/{foreign['dashboard']}/sharing/", "Vault"), enabled=False)
    return PathIds(own, foreign)


def create_restricted_content(target: Target) -> PathIds:
    """Create a restricted dashboard and a link with a password, and return the ids for bodies of refused requests."""
    own = _ids(target, "Home", "admin")
    path = target.home(f"dashboards/{own['dashboard']}/")
    with target.client("admin") as admin:
        expect_success(admin.patch(path, json={"restriction_level": 37}))
    with target.client("member") as bob:
        own["user"] = expect_success(bob.get("/api/users/@me/"))["uuid"]
    return PathIds({**own, "key": target.key_ids["spare"]}, {})


def _share(client: Any, path: str, *, enabled: bool) -> None:
    expect_success(client.patch(path, json={"enabled": enabled, "password_required": False}))


def _ids(target: Target, project: str, key: str) -> dict[str, Any]:
    with target.client(key) as client:
        root = target.home(project=project)
        created, other = (create_dashboard(client, root, f"{project} secret {uuid4()}") for _ in range(2))
        boards = [expect_success(client.get(f"{root}dashboards/{each['dashboards']}/")) for each in (created, other)]
        sharing = expect_success(client.get(f"{root}dashboards/{created['dashboards']}/sharing/"))
        of_project = expect_success(client.get(root))
        me = expect_success(client.get("/api/users/@me/"))
    return {
        "project": target.projects[project],
        "organization": of_project["organization"],
        "dashboard": boards[0]["id"],
        "other": boards[1]["id"],
        "tile": _tile(boards[0], "text"),
        "button": _tile(boards[0], "button_tile"),
        "other_tile": _tile(boards[1], "text"),
        "insight": created["insights"],
        "template": created["dashboard_templates"],
        "password_id": created["passwords"],
        "access_token": sharing["access_token"],
        "user_uuid": me["uuid"],
        "version": 1,
        # Without the setting `detailed`, the files of a link return 403.
        "tile_id": next(int(tile["id"]) for tile in boards[0]["tiles"] if tile.get("insight")),
        "format": "csv",
        # In Vault, the id of a stored query. Otherwise the kind of a query, which is not the id of any query, as the
        # table expects.
        "query": VAULT_QUERY_ID if project == "Vault" else "HogQLQuery",
        "key": target.key_ids[key],
    }


def _tile(board: Any, kind: str) -> int:
    return next(int(tile["id"]) for tile in board["tiles"] if tile.get(kind))
