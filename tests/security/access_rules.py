"""The expected status of each cell, from the access tables of the test suite and the rules of expected_access.toml."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pages import urls as pages_urls
from tests.api.access_table import CALLERS, METHODS, PUBLIC, SIGNED_IN, TABLE
from tests.api.test_access_table import iter_routes

FILE = Path(__file__).with_name("expected_access.toml")
RULES: dict[str, Any] = tomllib.loads(FILE.read_text())
ROWS = frozenset({"id", "dashboard_id"})
PARTS = frozenset({"password_id", "user_uuid", "version"})


def format_route(route: str) -> str:
    """Return a route in readable form, without the regular expressions of its parameters."""
    return re.sub(r"\(\?P<(\w+)>.*?\)", r"<\1>", route).removeprefix("^").removesuffix("\\Z").replace("\\.", ".")


PUBLIC_ROWS = {format_route(route) for route in (*PUBLIC, *iter_routes(pages_urls.shared))}


class Cell(NamedTuple):
    """A request. `ids` is `own`, or the part of the path with foreign or missing ids, such as `foreign row`."""

    route: str
    method: str
    caller: str
    ids: str

    @property
    def row(self) -> str:
        """Return the name of the route in the tables, which use one name for both prefixes."""
        return self.route.replace("api/environments/<", "api/projects/<")


def list_served_routes() -> list[str]:
    """Return the routes of the service, except pages of the console, redirects to the console, and dead links."""
    left_out = [*pages_urls.console, *pages_urls.posthog_addresses, *pages_urls.dead_links]
    return [format_route(route) for route in sorted(set(iter_routes()) - set(iter_routes(left_out)))]


def generate_cells() -> Iterator[Cell]:
    for route in list_served_routes():
        for ids in get_kinds(route):
            for method in METHODS:
                for caller in RULES["columns"]:
                    yield Cell(route, method, caller, ids)


def get_kinds(route: str) -> list[str]:
    """Return the kinds of ids in requests for a route: the caller's own ids, then foreign and missing ids."""
    names = set(re.findall(r"<(\w+)>", route))
    parts = {"organization": {"organization_id"}, "project": {"project_id"}, "row": ROWS, "part": PARTS}
    parts["token"] = {"access_token"}
    found = [part for part, of_part in parts.items() if names & of_part]
    kinds = [f"{whose} {part}" for part in found for whose in ("foreign", "missing")]
    return ["own", *(kind for kind in kinds if not ("version" in names and kind == "foreign part"))]


def find_expected_status(cell: Cell) -> int | None:
    """Return the expected status of a cell, or None if no rule covers the cell."""
    if cell.row in PUBLIC_ROWS:
        return _public_status(cell)
    table = "project" if cell.row in TABLE else "signed in"
    own = _own_status(cell)
    if own is None:
        return None
    rule = next(rule for rule in RULES["rules"] if _rule_matches(rule, cell, table, own))
    return int(rule.get("status", own))


def _public_status(cell: Cell) -> int | None:
    answers: dict[str, int] = RULES["public"].get(cell.route, {})
    whose = cell.ids.partition(" ")[0]
    if cell.method == "GET":
        return answers.get(whose)
    with_session = answers.get("session") if cell.caller == "session" else None
    return answers.get(f"{cell.method} {whose}") or answers.get(cell.method) or with_session or answers.get("other")


def _own_status(cell: Cell) -> int | None:
    column = RULES["columns"][cell.caller]
    if cell.row in TABLE:
        return TABLE[cell.row][cell.method][CALLERS.index(column)]
    if cell.row in SIGNED_IN:
        is_session = cell.caller.startswith("session")
        return SIGNED_IN[cell.row][cell.method][0 if column == "nobody" else 2 if is_session else 1]
    return None


def _rule_matches(rule: dict[str, Any], cell: Cell, table: str, own: int) -> bool:
    of_cell = {"callers": cell.caller, "methods": cell.method, "ids": cell.ids, "table": table, "own": own}
    if "routes" in rule and not any(cell.row.startswith(route) for route in rule["routes"]):
        return False
    return all(value in rule[name] for name, value in of_cell.items() if name in rule)


def is_body_optional(cell: Cell, status: int) -> bool:
    """Return whether the OpenAPI document allows an error of this cell to have no body."""
    return status == 405 and any(matches_operation(name, cell) for name in RULES["without_body"])


def build_body(cell: Cell, status: int, own_ids: dict[str, Any]) -> Any:
    """Return the body of a cell: a valid body if the caller is refused, or else an empty body as in the tables."""
    if cell.method in ("GET", "DELETE"):
        return None
    if status not in (401, 403, 404):
        return {}
    fitting = [body for name, body in RULES["bodies"].items() if matches_operation(name, cell)]
    return _fill_ids(max(fitting, key=len), own_ids) if fitting else {}


def matches_operation(name: str, cell: Cell) -> bool:
    """Return whether an operation, given as a method and the end of a route (`PATCH sharing/`), matches a cell."""
    method, _, end = name.partition(" ")
    return method == cell.method and cell.route.endswith(f"/{end}")


def _fill_ids(value: Any, own_ids: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _fill_ids(inner, own_ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [_fill_ids(inner, own_ids) for inner in value]
    return own_ids[value[1:]] if isinstance(value, str) and value.startswith("$") else value
