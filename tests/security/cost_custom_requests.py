"""Expensive requests that are written by hand."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx

from tests.security.cost_bodies import build_free_json
from tests.security.cost_fixtures import TAGS, TEXT, CostFixtures, build_layouts

P = "projects/{project_id}/"


class ExpensiveRequest(NamedTuple):
    """A request. `body` may be a function, which builds the body before the measurement begins."""

    operation: str
    what: str
    client: httpx.Client
    path: str
    body: bytes | Callable[[], bytes] = b""
    is_taken: bool = True
    times: int = 1
    seconds_max: float | None = None


def iter_reads(fixtures: CostFixtures) -> Iterator[ExpensiveRequest]:
    """Yield requests for lists, dashboards and versions with large responses."""
    full, seen, version = f"dashboards/{fixtures.full}/", f"dashboards/{fixtures.seen}/", "dashboards/{id}/versions/"
    override = json.dumps({"date_from": "-30d", "properties": [{"key": "k", "value": "v" * 500}]})
    numbers = json.dumps(fixtures.boards[:100])
    for operation, what, path in (
        ("dashboards/", "1,000 rows", "dashboards/?limit=1000"),
        ("dashboards/", "a search", f"dashboards/?limit=1000&search={'ﬁ' * 200}&tags={TAGS[0]}"),
        ("insights/", "1,000 rows on many dashboards", "insights/?limit=1000"),
        ("insights/", "on 100 dashboards", f"insights/?dashboards={numbers}"),
        ("dashboard_templates/", "1,000 rows", "dashboard_templates/?limit=1000"),
        ("activity_log/", "a page", "activity_log/"),
        ("dashboards/{id}/", "much JSON", full),
        ("dashboards/{id}/", "large insights on many dashboards", f"{seen}?filters_override={override}"),
        ("dashboards/{id}/stream_tiles/", "large insights on many dashboards", f"{seen}stream_tiles/"),
        ("dashboards/{id}/export/", "much JSON", f"{full}export/"),
        ("dashboards/{id}/export/", "large insights", f"{seen}export/"),
        ("dashboards/{id}/activity/", "a page", f"{full}activity/"),
        (version, "a page", f"{full}versions/"),
        (f"{version}{{version}}/", "much JSON", f"{full}versions/1/"),
        (f"{version}{{version}}/diff/", "much JSON", f"{full}versions/1/diff/?to=1"),
    ):
        yield ExpensiveRequest(f"GET {P}{operation}", what, fixtures.owner, fixtures.root + path)


def iter_writes(fixtures: CostFixtures) -> Iterator[ExpensiveRequest]:
    """Yield writes to full dashboards, to insights on many dashboards, and to many rows."""
    for requests in (_undo, _creates, _changes, _tiles, _insights, _many):
        for operation, what, path, body in requests(fixtures):
            prepared = _serialize(body) if callable(body) else json.dumps(body).encode()
            method, _, rest = operation.partition(" ")
            yield ExpensiveRequest(
                f"{method} {P}{rest}", what, fixtures.owner, fixtures.root + (path or rest), prepared
            )


Written = Iterator[tuple[str, str, str, Any]]


def _serialize(body: Callable[[], Any]) -> Callable[[], bytes]:
    return lambda: json.dumps(body()).encode()


def _undo(fixtures: CostFixtures) -> Written:
    key = fixtures.target.key_ids["admin"]
    body = {"key_id": key, "since": fixtures.since, "until": fixtures.until, "preview": True}
    yield "POST activity_log/undo/", f"a preview of {fixtures.scale.undoable} dashboards", "", body


def _creates(fixtures: CostFixtures) -> Written:
    def stored() -> Any:
        return fixtures.stored_template(f"stored {fixtures.next_turn()}")

    copy = {"use_dashboard": fixtures.seen}
    yield "POST dashboards/", "a full dashboard", "", fixtures.full_board()
    yield "POST dashboards/", "a copy of large insights", "", copy
    yield "POST dashboards/", "a copy with content", "", {**copy, "duplicate_tiles": True}
    yield "POST dashboards/create_from_template_json/", "large insights", "", {"template": fixtures.template()}
    yield "POST dashboard_templates/", "large insights", "", stored
    yield "PATCH dashboard_templates/{id}/", "large insights", f"dashboard_templates/{fixtures.template_id}/", stored


def _changes(fixtures: CostFixtures) -> Written:
    one = "PATCH dashboards/{id}/"
    full, seen, shared = (f"dashboards/{id_}/" for id_ in (fixtures.full, fixtures.seen, fixtures.shared))

    def edits() -> Any:
        turn = fixtures.next_turn()
        return {"tiles": [{"id": each["id"], "text": {"body": f"edit {turn}"}} for each in fixtures.texts]}

    def moves() -> Any:
        turn = fixtures.next_turn()
        return {"tiles": [{"id": each["id"], "layouts": build_layouts(turn + 1)} for each in fixtures.tiles]}

    def deletion() -> Any:
        fixtures.owner.patch(fixtures.root + seen, json={"deleted": False})
        return {"deleted": True, "delete_insights": True}

    def restoration() -> Any:
        fixtures.owner.patch(fixtures.root + seen, json={"deleted": True, "delete_insights": True})
        return {"deleted": False}

    yield one, "the full dashboard, sent back", full, lambda: fixtures.get(full)
    yield "PUT dashboards/{id}/", "the full dashboard, sent back", full, lambda: fixtures.get(full)
    yield one, "one field of a full dashboard", full, lambda: {"name": f"full {fixtures.next_turn()}"}
    yield one, "the placements of all tiles", full, moves
    yield one, "all texts, on many dashboards", shared, edits
    yield one, "deleted with its insights", seen, deletion
    yield one, "restored with its insights", seen, restoration
    sharing = {"settings": {"allow_overrides": ["x" * 200] * 250}}
    yield "PATCH dashboards/{dashboard_id}/sharing/", "of a full dashboard", f"{full}sharing/", sharing
    yield "POST dashboards/{id}/versions/{version}/restore/", "a full dashboard", f"{full}versions/1/restore/", {}


def _tiles(fixtures: CostFixtures) -> Written:
    full, small = f"dashboards/{fixtures.full}/", f"dashboards/{fixtures.boards[0]}/"
    one, other = fixtures.tiles[0]["id"], fixtures.tiles[1]["id"]
    order = {"tile_order": [each["id"] for each in reversed(fixtures.tiles)], "layout": "two_column"}

    def first() -> int:
        found: int = fixtures.get(full)["tiles"][0]["id"]
        return found

    yield (
        "POST dashboards/{id}/update_text_tile/",
        "of a full dashboard",
        f"{full}update_text_tile/",
        {
            "tile_id": one,
            "body": f"{TEXT}new",
        },
    )
    yield (
        "POST dashboards/{id}/copy_tile/",
        "of a full dashboard",
        f"{small}copy_tile/",
        {
            "fromDashboardId": fixtures.full,
            "tileId": other,
        },
    )
    yield "POST dashboards/{id}/reorder_tiles/", "all tiles", f"{full}reorder_tiles/", order
    yield (
        "POST dashboards/{id}/delete_tile/",
        "a tile with 10 breakpoints",
        f"{full}delete_tile/",
        lambda: {"tile_id": first()},
    )
    text = {"text": {"body": TEXT}, "layouts": build_layouts(0)}
    yield "POST dashboards/{id}/tiles/", "to a full dashboard", f"{full}tiles/", text
    yield (
        "POST dashboards/{id}/move_tile/",
        "of a full dashboard",
        f"{full}move_tile/",
        lambda: {
            "tile": {"id": first()},
            "to_dashboard": fixtures.boards[0],
        },
    )


def _insights(fixtures: CostFixtures) -> Written:
    insight = f"insights/{fixtures.insights[0]}/"

    def deletion() -> Any:
        fixtures.owner.patch(fixtures.root + insight, json={"deleted": False})
        return {"deleted": True}

    yield "POST insights/", "on 200 dashboards", "", {"dashboards": fixtures.boards[:200], "query": build_free_json()}
    yield (
        "PATCH insights/{id}/",
        "a larger query, on many dashboards",
        insight,
        lambda: {"query": build_free_json(7_000 + fixtures.next_turn())},
    )
    yield "PATCH insights/{id}/", "deleted from many", insight, deletion


def _many(fixtures: CostFixtures) -> Written:
    boards, insights = fixtures.boards, fixtures.insights[:100]

    def other_tags(ids: list[int]) -> Callable[[], Any]:
        def body() -> Any:
            turn = fixtures.next_turn()
            return {"ids": ids, "action": "set", "tags": [f"{turn}{name}"[:20] for name in TAGS]}

        return body

    def deleted_boards() -> Any:
        for board in boards:
            fixtures.owner.patch(f"{fixtures.root}dashboards/{board}/", json={"deleted": True})
        return {"ids": boards}

    yield "POST dashboards/bulk_update_tags/", "100 new tags", "", other_tags(boards)
    yield "POST dashboards/bulk_restore/", "dashboards with 20 tiles each", "", deleted_boards
    yield "POST insights/bulk_update_tags/", "100 new tags", "", other_tags(insights)
    yield "POST insights/bulk_delete/", "on a full dashboard", "", {"ids": insights}
    yield "POST insights/bulk_restore/", "on a full dashboard", "", {"ids": insights}
