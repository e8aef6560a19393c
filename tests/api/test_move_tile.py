"""PATCH and POST /api/projects/:id/dashboards/:id/move_tile/"""

from typing import Any

import pytest

from dashboards.models import Dashboard, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile


@pytest.fixture
def source(alice: Person) -> Dashboard:
    return make_dashboard(alice, "source")


@pytest.fixture
def target(alice: Person) -> Dashboard:
    return make_dashboard(alice, "target")


def list_tile_ids(person: Person, dashboard: Dashboard) -> list[int]:
    return [tile["id"] for tile in person.api.get(f"dashboards/{dashboard.pk}/").json["tiles"]]


@pytest.mark.parametrize("method", ["PATCH", "POST"])
@pytest.mark.parametrize("key", ["toDashboard", "to_dashboard"])
@pytest.mark.parametrize("whole", [True, False])
def test_tile_moves_with_its_id_and_content(
    alice: Person, source: Dashboard, target: Dashboard, method: str, key: str, whole: bool
) -> None:
    tile = make_text_tile(alice, source, "moving", color="blue", layouts={"sm": {"x": 1, "y": 2}})
    kept = make_text_tile(alice, source, "kept")
    read = alice.api.get(f"dashboards/{source.pk}/").json["tiles"][0]
    body = {"tile": read if whole else {"id": tile.pk}, key: target.pk}
    answer = alice.api.call(method, f"dashboards/{source.pk}/move_tile/", body, documented=key == "to_dashboard")
    assert answer.status == 200
    assert "Ignored-Fields" not in answer.headers
    assert (answer.json["id"], [each["id"] for each in answer.json["tiles"]]) == (source.pk, [kept.pk])
    [moved] = alice.api.get(f"dashboards/{target.pk}/").json["tiles"]
    assert (moved["id"], moved["text"]["id"], moved["color"]) == (tile.pk, tile.text_id, "blue")
    assert moved["layouts"] == {"sm": {"x": 1, "y": 2}}
    assert moved["text"]["last_modified_by"] is None


def test_insight_moves_with_its_tile(alice: Person, source: Dashboard, target: Dashboard) -> None:
    insight = make_insight(alice, source)
    body = {"tile": {"id": Tile.objects.get().pk}, "to_dashboard": target.pk}
    alice.api.patch(f"dashboards/{source.pk}/move_tile/", body)
    assert alice.api.get(f"insights/{insight.pk}/").json["dashboards"] == [target.pk]


def test_removed_tile_of_the_same_content_is_deleted(alice: Person, source: Dashboard, target: Dashboard) -> None:
    insight = make_insight(alice, source, target)
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [source.pk]})
    [tile_id] = list_tile_ids(alice, source)
    body = {"tile": {"id": tile_id}, "to_dashboard": target.pk}
    assert alice.api.patch(f"dashboards/{source.pk}/move_tile/", body).status == 200
    assert list(Tile.objects.values_list("pk", "dashboard_id")) == [(tile_id, target.pk)]


REFUSED: list[tuple[str, tuple[Any, ...]]] = [
    ("target unknown", (404, "invalid_request", "not_found", None)),
    ("target foreign", (404, "invalid_request", "not_found", None)),
    ("target deleted", (404, "invalid_request", "not_found", None)),
    ("source deleted", (404, "invalid_request", "not_found", None)),
    ("tile unknown", (404, "invalid_request", "not_found", None)),
    ("tile elsewhere", (404, "invalid_request", "not_found", None)),
    ("tile removed", (404, "invalid_request", "not_found", None)),
    ("same dashboard", (400, "validation_error", "unique", "tile")),
    ("content there", (400, "validation_error", "unique", "tile")),
]


@pytest.mark.parametrize(("case", "error"), REFUSED, ids=[each[0] for each in REFUSED])
def test_refused_move_changes_nothing(
    alice: Person, carol: Person, source: Dashboard, target: Dashboard, case: str, error: tuple[Any, ...]
) -> None:
    created = make_insight(alice, source, target) if case == "content there" else make_insight(alice, source)
    tile = Tile.objects.get(insight=created, dashboard=source)
    tile_id, to_dashboard = tile.pk, target.pk
    if case == "target unknown":
        to_dashboard = 999999999
    elif case == "target foreign":
        to_dashboard = make_dashboard(carol).pk
    elif case == "target deleted":
        alice.api.patch(f"dashboards/{target.pk}/", {"deleted": True})
    elif case == "source deleted":
        alice.api.patch(f"dashboards/{source.pk}/", {"deleted": True})
    elif case == "tile unknown":
        tile_id = 999999999
    elif case == "tile elsewhere":
        tile_id = make_text_tile(alice, target).pk
    elif case == "tile removed":
        alice.api.patch(f"dashboards/{source.pk}/", {"tiles": [{"id": tile.pk, "deleted": True}]})
    elif case == "same dashboard":
        to_dashboard = source.pk
    before = list(Tile.objects.order_by("pk").values())
    answer = alice.api.patch(
        f"dashboards/{source.pk}/move_tile/", {"tile": {"id": tile_id}, "to_dashboard": to_dashboard}
    )
    assert answer.error == error
    assert list(Tile.objects.order_by("pk").values()) == before


BAD: list[tuple[Any, str, str | None]] = [
    ({"toDashboard": 1}, "required", "tile"),
    ({"tile": {}, "toDashboard": 1}, "required", "tile__id"),
    ({"tile": {"id": 1}}, "required", "to_dashboard"),
    ({"tile": "x", "toDashboard": 1}, "invalid_input", "tile"),
    ({"tile": {"id": "x"}, "toDashboard": 1}, "invalid_input", "tile__id"),
    ({"tile": {"id": 1}, "toDashboard": "x"}, "invalid_input", "toDashboard"),
    ({"tile": {"id": 2**63}, "toDashboard": 1}, "invalid_input", "tile__id"),
    ([], "invalid_input", None),
]


@pytest.mark.parametrize(("body", "code", "attr"), BAD, ids=[str(each[0]) for each in BAD])
def test_invalid_body_is_400_at_its_key(
    alice: Person, source: Dashboard, body: Any, code: str, attr: str | None
) -> None:
    answer = alice.api.patch(f"dashboards/{source.pk}/move_tile/", body)
    assert answer.error == (400, "validation_error", code, attr)


@pytest.mark.parametrize("closed", ["source", "target"])
def test_both_dashboards_require_the_edit_right(
    alice: Person, bob: Person, source: Dashboard, target: Dashboard, closed: str
) -> None:
    tile = make_text_tile(alice, source)
    Dashboard.objects.filter(name=closed).update(restriction_level=37)
    answer = bob.api.patch(f"dashboards/{source.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": target.pk})
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert list_tile_ids(alice, source) == [tile.pk]


def test_body_of_the_upstream_client_is_refused_with_the_reason(alice: Person, source: Dashboard) -> None:
    answer = alice.api.send_form("PATCH", f"dashboards/{source.pk}/move_tile/", {"name": "string"})
    assert answer.error == (400, "validation_error", "required", "tile")
