"""Filters and ranking of the list, unlisted dashboards, and tags of many dashboards."""

from typing import Any

import pytest

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard


def list_names(person: Person, **query: Any) -> list[str]:
    answer = person.api.get("dashboards/", **query)
    assert answer.status == 200, answer
    return [row["name"] for row in answer.json["results"]]


def test_exact_name_is_first_in_a_search(alice: Person) -> None:
    boards: list[tuple[str, dict[str, Any]]] = [
        ("Weekly review", {}),
        ("weekly", {}),
        ("A weekly", {"pinned": True}),
        ("b", {"tags": ["weekly"]}),
    ]
    for name, more in boards:
        make_dashboard(alice, name, **more)
    answer = alice.api.get("dashboards/", search="WEEKLY").json
    assert [(row["name"], row["search_match_type"]) for row in answer["results"]] == [
        ("weekly", "exact"),
        ("A weekly", "similar"),
        ("b", "similar"),
        ("Weekly review", "similar"),
    ]


def test_list_can_be_filtered(alice: Person, bob: Person) -> None:
    make_dashboard(alice, "one", tags=["a", "b"])
    make_dashboard(bob, "two", tags=["b"])
    copy = alice.api.post("dashboards/", {"name": "three", "use_dashboard": make_dashboard(bob, "four").pk})
    assert copy.status == 201
    assert list_names(alice, tags=["A ", "b"]) == ["one", "two"]
    assert list_names(alice, tags="a") == ["one"]
    assert list_names(alice, tags="nothing") == []
    assert list_names(alice, creation_mode="duplicate") == ["three"]
    assert list_names(alice, created_by=bob.user.pk) == ["four", "two"]
    assert list_names(alice, created_by=bob.user.pk, tags="b") == ["two"]


@pytest.mark.parametrize(
    ("query", "code"), [({"creation_mode": "own"}, "invalid_choice"), ({"created_by": "me"}, "invalid_input")]
)
def test_invalid_filter_is_400_at_its_name(alice: Person, query: dict[str, str], code: str) -> None:
    assert alice.api.get("dashboards/", **query).error == (400, "validation_error", code, next(iter(query)))


def test_unlisted_dashboard_is_listed_only_on_request(alice: Person, carol: Person) -> None:
    answer = alice.api.post("dashboards/create_unlisted_dashboard/", {"tag": " Feature-1 "})
    assert (answer.status, answer.json["creation_mode"], answer.json["tags"]) == (201, "unlisted", ["feature-1"])
    created = answer.json["id"]
    assert alice.api.get("dashboards/").json["count"] == 0
    assert list_names(alice, search="feature") == []
    rows = alice.api.get("dashboards/", creation_mode="unlisted", tags="feature-1").json["results"]
    assert [row["id"] for row in rows] == [created]
    assert alice.api.get(f"dashboards/{created}/").status == 200
    again = alice.api.post("dashboards/create_unlisted_dashboard/", {"tag": "feature-1"})
    assert again.error == (409, "invalid_request", "conflict", "tag")
    assert Dashboard.objects.count() == 1
    assert carol.api.post("dashboards/create_unlisted_dashboard/", {"tag": "feature-1"}).status == 201
    alice.api.patch(f"dashboards/{created}/", {"deleted": True})
    assert alice.api.post("dashboards/create_unlisted_dashboard/", {"tag": "feature-1"}).status == 201


@pytest.mark.parametrize(("body", "code"), [({}, "required"), ({"tag": " "}, "blank"), ({"tag": 5}, "invalid_input")])
def test_unlisted_dashboard_requires_a_tag(alice: Person, body: dict[str, Any], code: str) -> None:
    answer = alice.api.post("dashboards/create_unlisted_dashboard/", body)
    assert answer.error == (400, "validation_error", code, "tag")


@pytest.mark.parametrize(
    ("action", "tags", "after"),
    [
        ("add", ["New ", "old"], [["new", "old"], ["new", "old"]]),
        ("remove", ["OLD"], [[], []]),
        ("set", ["x"], [["x"], ["x"]]),
        ("set", [], [[], []]),
    ],
)
def test_tags_of_many_dashboards_are_updated(
    alice: Person, action: str, tags: list[str], after: list[list[str]]
) -> None:
    boards = [make_dashboard(alice, "b", tags=["old"]), make_dashboard(alice, "c")]
    ids = [board.pk for board in boards]
    answer = alice.api.post("dashboards/bulk_update_tags/", {"ids": [*ids, ids[0]], "action": action, "tags": tags})
    assert answer.json == {
        "updated": [{"id": id_, "tags": each} for id_, each in zip(ids, after, strict=True)],
        "skipped": [],
    }
    assert [row["tags"] for row in alice.api.get("dashboards/").json["results"]] == after
    for tag in {*after[0]}:
        assert list_names(alice, search=tag) == ["b", "c"]


def test_dashboards_without_the_edit_right_are_skipped_and_reported(alice: Person, bob: Person, carol: Person) -> None:
    mine, closed, gone, foreign = (
        make_dashboard(bob),
        make_dashboard(alice, restriction_level=37),
        make_dashboard(alice, deleted=True),
        make_dashboard(carol),
    )
    ids = [mine.pk, closed.pk, gone.pk, foreign.pk, 999999]
    answer = bob.api.post("dashboards/bulk_update_tags/", {"ids": ids, "action": "add", "tags": ["x"]})
    assert answer.json["updated"] == [{"id": mine.pk, "tags": ["x"]}]
    assert [(each["id"], each["reason"]) for each in answer.json["skipped"]] == [
        (closed.pk, "no edit permission"),
        *((id_, "not found") for id_ in (gone.pk, foreign.pk, 999999)),
    ]
    assert not foreign.tag_links.exists()


@pytest.mark.parametrize(
    ("changes", "code", "attr"),
    [
        ({"ids": []}, "empty", "ids"),
        ({"ids": ["x"]}, "invalid_input", "ids__0"),
        ({"action": "toggle"}, "invalid_choice", "action"),
        ({"tags": []}, "empty", "tags"),
        ({"tags": [5]}, "invalid_input", "tags__0"),
    ],
)
def test_invalid_bulk_update_is_400(alice: Person, changes: dict[str, Any], code: str, attr: str) -> None:
    body = {"ids": [1], "action": "add", "tags": ["x"], **changes}
    answer = alice.api.post("dashboards/bulk_update_tags/", body)
    assert answer.error == (400, "validation_error", code, attr)
