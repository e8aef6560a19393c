"""Size limits on fields: the error names the limit, and larger stored values stay readable and writable."""

from typing import Any

import pytest

from dashboards.models import Activity, Dashboard, DashboardTag, DashboardTemplate, Insight, Tag, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_template
from tests.client import Answer

LARGE = {"k": "x" * 1_000_000}
TEMPLATE = {
    "template_name": "T",
    "dashboard_description": "",
    "dashboard_filters": {},
    "tiles": [{"type": "TEXT", "body": "b"}],
}


def assert_too_large(answer: Answer, attr: str | None, number: str) -> None:
    assert answer.error == (400, "validation_error", "max_length", attr)
    assert number in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "field", "body"),
    [
        ("dashboards/", "description", {}),
        ("insights/", "description", {}),
        ("dashboard_templates/", "dashboard_description", TEMPLATE),
    ],
)
def test_description_length_is_limited(alice: Person, path: str, field: str, body: dict[str, Any]) -> None:
    assert_too_large(alice.api.post(path, {**body, field: "x" * 10_001}), field, "10,000")
    created = alice.api.post(path, {**body, field: "ü" * 10_000})
    assert (created.status, len(created.json[field])) == (201, 10_000)
    row = f"{path}{created.json['id']}/"
    assert_too_large(alice.api.patch(row, {field: "x" * 10_001}), field, "10,000")
    assert alice.api.get(row).json[field] == "ü" * 10_000


@pytest.mark.parametrize(
    ("path", "field", "value", "body"),
    [
        ("dashboards/", "filters", LARGE, {}),
        ("dashboards/", "variables", LARGE, {}),
        ("dashboards/", "breakdown_colors", [{"breakdownValue": "x" * 1_000_000, "colorToken": "preset-1"}], {}),
        ("insights/", "query", LARGE, {}),
        ("insights/", "filters", LARGE, {}),
        ("dashboard_templates/", "dashboard_filters", LARGE, TEMPLATE),
        ("dashboard_templates/", "dashboard_variables", LARGE, TEMPLATE),
    ],
)
def test_free_json_size_is_limited(alice: Person, path: str, field: str, value: Any, body: dict[str, Any]) -> None:
    assert_too_large(alice.api.post(path, {**body, field: value}), field, "1,000,000")
    created = alice.api.post(path, body)
    assert_too_large(alice.api.patch(f"{path}{created.json['id']}/", {field: value}), field, "1,000,000")


@pytest.mark.parametrize("field", ["layouts", "filters_overrides"])
def test_free_json_size_of_a_tile_is_limited(alice: Person, field: str) -> None:
    large = {"sm": LARGE}
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    path, tile = f"dashboards/{board.pk}/", Tile.objects.get()
    new, known = {"text": {"body": "t"}, field: large}, {"id": tile.pk, field: large}
    assert_too_large(alice.api.post("dashboards/", {"tiles": [new]}), f"tiles__0__{field}", "1,000,000")
    assert_too_large(
        alice.api.patch(path, {"tiles": [{"text": {"body": "t"}}, known]}), f"tiles__1__{field}", "1,000,000"
    )
    assert_too_large(alice.api.post(f"{path}tiles/", new), field, "1,000,000")
    assert_too_large(alice.api.post(f"{path}update_tile/", {"tile_id": tile.pk, field: large}), field, "1,000,000")
    assert Tile.objects.get() == tile
    assert insight.pk == tile.insight_id


def test_total_free_json_size_of_a_dashboard_is_limited(alice: Person) -> None:
    part = {"k": "x" * 900_000}
    tiles = [{"text": {"body": "t"}, "filters_overrides": part} for _ in range(3)]
    created = alice.api.post("dashboards/", {"tiles": tiles, "filters": part}).json
    path = f"dashboards/{created['id']}/"
    assert_too_large(alice.api.patch(path, {"variables": part}), None, "4,000,000")
    assert_too_large(alice.api.post(f"{path}tiles/", tiles[0]), None, "4,000,000")
    copy = {"id": created["tiles"][0]["id"], "layouts": {}}
    assert_too_large(alice.api.patch(path, {"duplicate_tiles": [copy]}), None, "4,000,000")
    assert alice.api.patch(path, {"filters": {}, "variables": part}).status == 200
    assert Dashboard.objects.get().variables == part
    assert Tile.objects.count() == 3


def test_size_of_insights_of_a_dashboard_is_limited(alice: Person) -> None:
    board = make_dashboard(alice)
    path = f"dashboards/{board.pk}/"
    query = {"kind": "x" * 900_000}
    insights = [make_insight(alice, board, query=query) for _ in range(4)]
    make_insight(alice, board, query={"kind": "x" * 200_000})
    other = make_insight(alice, query=query)
    assert_too_large(alice.api.patch(f"insights/{other.pk}/", {"dashboards": [board.pk]}), None, "4,000,000")
    assert_too_large(alice.api.patch(path, {"tiles": [{"insight": other.pk}]}), None, "4,000,000")
    larger = {"query": {"kind": "x" * 960_000}}
    grown = [alice.api.patch(f"insights/{insight.pk}/", larger).status for insight in insights]
    assert grown == [200] * 3 + [400]
    small = make_insight(alice)
    assert alice.api.patch(f"insights/{small.pk}/", {"dashboards": [board.pk]}).status == 200
    assert Tile.objects.filter(dashboard=board).count() == 6


def test_copy_above_the_limit_is_refused(alice: Person) -> None:
    board = make_dashboard(alice)
    for _ in range(9):
        insight = make_insight(alice)
        Insight.objects.filter(pk=insight.pk).update(query={"kind": "x" * 900_000})
        Tile.objects.create(project=board.project, dashboard=board, insight=insight)
    for body in ({}, {"duplicate_tiles": True}):
        assert_too_large(alice.api.post("dashboards/", {"use_dashboard": board.pk, **body}), None, "4,000,000")
    assert (Dashboard.objects.count(), Insight.objects.count()) == (1, 9)


@pytest.mark.parametrize("path", ["dashboards/", "insights/", "dashboard_templates/"])
def test_number_of_tags_is_limited(alice: Person, path: str) -> None:
    body = TEMPLATE if path == "dashboard_templates/" else {}
    names = [f"t{number:03}" for number in range(101)]
    assert_too_large(alice.api.post(path, {**body, "tags": names}), "tags", "100")
    created = alice.api.post(path, {**body, "tags": names[:100]}).json
    assert_too_large(alice.api.patch(f"{path}{created['id']}/", {"tags": names}), "tags", "100")
    assert alice.api.get(f"{path}{created['id']}/").json["tags"] == names[:100]


def test_dashboard_stored_before_the_limits_is_read_changed_and_sent_back(alice: Person) -> None:
    names = [f"t{number:03}" for number in range(150)]
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    Tag.objects.bulk_create([Tag(project=board.project, name=name) for name in names])
    DashboardTag.objects.bulk_create([DashboardTag(dashboard=board, tag=tag) for tag in Tag.objects.all()])
    Dashboard.objects.filter(pk=board.pk).update(
        description="d" * 50_000, filters=LARGE, variables={"v": "x" * 5_000_000}, tag_names=names
    )
    Tile.objects.update(filters_overrides={**LARGE, "other": 1})
    Activity.objects.all().delete()  # it was created before the activity log existed
    path = f"dashboards/{board.pk}/"
    read = alice.api.get(path).json
    assert (len(read["description"]), len(read["tags"])) == (50_000, 150)
    assert alice.api.patch(path, {"name": "new"}).json["name"] == "new"
    back = alice.api.patch(path, {**read, "name": "new"}, documented=False)
    assert (back.status, back.json["description"], back.json["filters"]) == (200, read["description"], LARGE)
    assert "Ignored-Fields" not in back.headers
    assert_too_large(alice.api.patch(path, {"description": "d" * 50_001}), "description", "10,000")
    assert_too_large(alice.api.patch(path, {"filters": {"k": "x" * 1_000_001}}), "filters", "1,000,000")
    assert_too_large(alice.api.patch(path, {"tags": [*names, "one more"]}), "tags", "100")
    smaller = {"description": "d" * 40_000, "tags": names[1:], "filters": {"k": "y" * 900_000}}
    assert alice.api.patch(path, smaller).status == 200
    row = Dashboard.objects.get()
    assert (row.description, row.tag_names, row.filters) == (smaller["description"], names[1:], smaller["filters"])
    assert alice.api.patch(f"{path}sharing/", {"enabled": True}).status == 200


def test_insight_stored_before_the_limits_is_read_changed_and_sent_back(alice: Person) -> None:
    insight = make_insight(alice, make_dashboard(alice))
    Insight.objects.update(description="d" * 50_000, query={"kind": "x" * 9_000_000})
    path = f"insights/{insight.pk}/"
    read = alice.api.get(path).json
    assert alice.api.patch(path, {"name": "new"}).status == 200
    assert alice.api.patch(path, {**read, "name": "newer"}).status == 200
    assert_too_large(alice.api.patch(path, {"description": "d" * 50_001}), "description", "10,000")
    row = Insight.objects.get()
    assert (row.name, len(row.description or ""), row.query) == ("newer", 50_000, {"kind": "x" * 9_000_000})


def test_template_stored_before_the_limits_is_read_changed_and_sent_back(alice: Person) -> None:
    template = make_template(alice.membership.project)
    DashboardTemplate.objects.update(dashboard_description="d" * 50_000, tags=[f"t{number}" for number in range(150)])
    path = f"dashboard_templates/{template.pk}/"
    read = alice.api.get(path).json
    assert alice.api.patch(path, {**read, "template_name": "New"}).status == 200
    assert_too_large(alice.api.patch(path, {"dashboard_description": "d" * 50_001}), "dashboard_description", "10,000")
    assert len(DashboardTemplate.objects.get().dashboard_description) == 50_000


def test_too_large_text_is_refused_with_the_limit(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"tiles": [{"text": {"body": "x" * 4001}}]}, documented=False)
    assert_too_large(answer, "text__body", "4000")
    assert not Text.objects.exists()
