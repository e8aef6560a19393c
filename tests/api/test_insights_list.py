"""GET /api/projects/:id/insights/"""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import Person, make_dashboard, make_insight


def list_names(person: Person, **query: Any) -> list[str]:
    answer = person.api.get("insights/", **query)
    assert answer.status == 200, answer
    return [row["name"] for row in answer.json["results"]]


def test_list_is_ordered_by_order_then_newest_first(alice: Person, carol: Person) -> None:
    for name, order in [("a", None), ("b", 2), ("c", 1), ("d", None)]:
        make_insight(alice, name=name, order=order)
    make_insight(alice, name="gone", deleted=True)
    make_insight(carol, name="theirs")
    assert list_names(alice) == ["c", "b", "d", "a"]
    page = alice.api.get("insights/", limit=1, offset=1).json
    assert (page["count"], [row["name"] for row in page["results"]]) == (4, ["b"])
    assert "offset=2" in page["next"]


def test_list_can_be_filtered(alice: Person, bob: Person) -> None:
    one, two = make_dashboard(alice), make_dashboard(alice)
    both = make_insight(alice, one, two, name="Both ÄB", tags=["x"])
    make_insight(alice, one, name="One", description="about needles", favorited=True)
    make_insight(bob, name="Saved", saved=True, tags=["y"])
    make_insight(bob, name="Loose", tags=["z"])
    assert list_names(alice, search="äb") == ["Both ÄB"]
    assert list_names(alice, search="NEEDLE") == ["One"]
    assert list_names(alice, search="y") == ["Saved"]
    assert list_names(alice, short_id=both.short_id) == ["Both ÄB"]
    assert list_names(alice, saved="true") == ["Saved", "One", "Both ÄB"]
    assert list_names(alice, saved="false") == ["Loose"]
    assert list_names(alice, favorited="true") == ["One"]
    assert list_names(alice, user="true") == ["One", "Both ÄB"]
    assert list_names(alice, created_by=bob.user.pk) == ["Loose", "Saved"]
    assert list_names(alice, dashboards=f"[{one.pk}]") == ["One", "Both ÄB"]
    assert list_names(alice, dashboards=f"[{one.pk},{two.pk}]") == ["Both ÄB"]
    assert list_names(alice, dashboards=[one.pk, two.pk]) == ["Both ÄB"]
    assert list_names(alice, dashboards=f"[{one.pk},{one.pk},{one.pk}]") == ["One", "Both ÄB"]
    assert list_names(alice, dashboards=f"[{one.pk},999999]") == []
    assert list_names(alice, dashboards="[]") == ["Loose", "Saved", "One", "Both ÄB"]
    assert list_names(alice, tags=["X", "y"]) == ["Saved", "Both ÄB"]
    assert list_names(alice, basic="true", limit="10000") == ["Loose", "Saved", "One", "Both ÄB"]


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"saved": "maybe"}, "saved"),
        ({"created_by": "me"}, "created_by"),
        ({"dashboards": "{"}, "dashboards"),
        ({"dashboards": '["a"]'}, "dashboards"),
        ({"dashboards": "[true]"}, "dashboards"),
        ({"dashboards": '{"a": 1}'}, "dashboards"),
        ({"search": "x" * 201}, "search"),
    ],
)
def test_invalid_filter_is_400_at_its_name(alice: Person, query: dict[str, str], attr: str) -> None:
    status, type_, _, named = alice.api.get("insights/", **query).error
    assert (status, type_, named) == (400, "validation_error", attr)


def test_removed_tiles_are_not_counted(alice: Person) -> None:
    one, two = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, one, two, name="moved")
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [one.pk]})
    assert list_names(alice, dashboards=f"[{one.pk},{two.pk}]") == []
    assert list_names(alice, dashboards=f"[{one.pk}]") == ["moved"]


def test_at_most_100_distinct_dashboards_can_be_named(alice: Person) -> None:
    boards = [make_dashboard(alice).pk for _ in range(3)]
    insight = make_insight(alice, name="on all")
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": boards})
    repeated = str(boards * 34)  # 102 ids of three dashboards
    assert list_names(alice, dashboards=repeated) == ["on all"]
    answer = alice.api.get("insights/", dashboards=str(list(range(1, 102))))
    assert answer.error == (400, "validation_error", "max_length", "dashboards")
    assert "100" in answer.json["detail"]


def test_number_of_subqueries_does_not_depend_on_the_dashboards(alice: Person) -> None:
    """PostgreSQL needed two seconds to plan a subquery for each of 100 dashboards, and ten minutes for 500."""
    make_insight(alice, make_dashboard(alice))

    def selects(number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert list_names(alice, dashboards=str(list(range(1000, 1000 + number)))) == []
        return sum(query["sql"].count("SELECT") for query in captured)

    selects(1)  # the first use of a key is recorded
    assert selects(1) == selects(100)
