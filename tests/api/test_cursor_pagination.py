"""Pages far from the beginning of a list, by `next` and by an offset that the client computed."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard


@pytest.fixture
def names(alice: Person) -> list[str]:
    """Create dashboards, some of them pinned or unnamed, and return their names in list order."""
    wanted = [
        ("Äpfel", True),
        ("b", True),
        ("B", True),
        ("", False),
        ("", False),
        ("", False),
        ("z", False),
        ("y", False),
    ]
    created = [make_dashboard(alice, name, pinned=pinned) for name, pinned in wanted]
    make_dashboard(alice, "gone", deleted=True)
    alice.api.post("dashboards/create_unlisted_dashboard/", {"tag": "hidden"})
    order = ["b", "B", "Äpfel", "", "", "", "y", "z"]
    assert len(created) == len(order)
    return order


def get_page(person: Person, **query: Any) -> Any:
    return person.api.get("dashboards/", **query).json


def follow_next(person: Person, limit: int) -> list[Any]:
    """Return all rows, following `next`."""
    found, path = [], f"dashboards/?limit={limit}"
    while path:
        answer = person.api.get(path).json
        found += answer["results"]
        assert answer["count"] == 8
        path = answer["next"] and answer["next"].removeprefix("http://testserver")
    return found


@pytest.mark.parametrize("limit", range(1, 9))
def test_following_next_returns_each_row_once_in_order(alice: Person, names: list[str], limit: int) -> None:
    rows = follow_next(alice, limit)
    assert [row["name"] for row in rows] == names
    assert len({row["id"] for row in rows}) == 8


@pytest.mark.parametrize("offset", range(10))
def test_offset_pages_are_stable(alice: Person, names: list[str], offset: int) -> None:
    everything = get_page(alice)["results"]
    for limit in (1, 3, 100):
        answer = get_page(alice, offset=offset, limit=limit)
        assert answer["results"] == everything[offset : offset + limit]
        assert answer["count"] == 8


def test_next_keeps_its_position_when_earlier_rows_change(alice: Person, names: list[str]) -> None:
    first = get_page(alice, limit=4)
    make_dashboard(alice, "a", pinned=True)
    Dashboard.objects.filter(name="B").update(deleted=True)
    second = alice.api.get(first["next"].removeprefix("http://testserver")).json
    assert [row["name"] for row in second["results"]] == names[4:]


def test_client_can_compute_offsets_itself(alice: Person, names: list[str]) -> None:
    """Some clients copy all parameters of `next` and change the offset. A cursor for another offset is ignored."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(get_page(alice, limit=2)["next"]).query).items()}
    assert set(query) == {"limit", "offset", "after"}
    assert [row["name"] for row in get_page(alice, **{**query, "offset": "6"})["results"]] == names[6:]
    assert [row["name"] for row in get_page(alice, **{**query, "offset": "0"})["results"]] == names[:2]
    query["after"] = query["after"][:-2]
    assert [row["name"] for row in get_page(alice, **query)["results"]] == names[2:4]


@pytest.mark.parametrize(
    "after", ["", "x", "%00", "W10", "bnVsbA", "WzIsdHJ1ZSwiXHUwMDAwIiwxXQ", "é", "WzIsMSwxLDFd", "="]
)
def test_invalid_cursor_is_ignored(alice: Person, names: list[str], after: str) -> None:
    answer = alice.api.get(f"dashboards/?limit=2&offset=2&after={after}")
    if after == "%00":
        assert answer.status == 400
    else:
        assert [row["name"] for row in answer.json["results"]] == names[2:4]


def test_previous_and_search_links_have_no_cursor(alice: Person, names: list[str]) -> None:
    second = alice.api.get(get_page(alice, limit=2)["next"].removeprefix("http://testserver")).json
    assert "after" not in second["previous"]
    assert "after" not in get_page(alice, search="b", limit=1)["next"]


def test_query_count_does_not_depend_on_the_offset(alice: Person, names: list[str]) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice.api.get(path).status == 200
        return len(captured)

    first = get_page(alice, limit=2)
    path = first["next"].removeprefix("http://testserver")
    assert (cost("dashboards/?limit=1"), cost("dashboards/?limit=1000"), cost(path)) == (2, 2, 2)
    assert (cost("dashboards/?limit=2&offset=4"), cost("dashboards/?offset=50")) == (4, 2)
