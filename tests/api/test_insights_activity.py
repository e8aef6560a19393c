"""GET …/insights/:id/activity/ and GET …/insights/activity/."""

from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Activity
from tests.builders import Person, make_dashboard, make_insight, make_key
from tests.client import Api


def test_activity_of_one_insight(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice)
    insight, other = make_insight(alice, board, name="old"), make_insight(alice)
    bob.api.patch(f"insights/{insight.pk}/", {"name": "new"})
    alice.api.patch(f"insights/{other.pk}/", {"name": "other"})
    for reference in (insight.pk, insight.short_id):
        page = alice.api.get(f"insights/{reference}/activity/").json
        assert (page["total_count"], page["next"], page["previous"]) == (2, None, None)
        latest, first = page["results"]
        assert (latest["activity"], latest["user"]["email"], first["activity"]) == (
            "updated",
            bob.user.email,
            "created",
        )
        assert latest["detail"]["changes"] == [
            {"type": "Insight", "action": "changed", "field": "name", "before": "old", "after": "new"}
        ]
        assert (latest["item_id"], latest["scope"]) == (str(insight.pk), "Insight")


def test_activity_of_all_insights_of_a_project(alice: Person, carol: Person) -> None:
    one, two = make_insight(alice, make_dashboard(alice)), make_insight(alice)
    make_insight(carol)
    alice.api.patch(f"insights/{one.pk}/", {"deleted": True})
    page = alice.api.get("insights/activity/").json
    assert [(each["item_id"], each["activity"]) for each in page["results"]] == [
        (str(one.pk), "deleted"),
        (str(two.pk), "created"),
        (str(one.pk), "created"),
    ]
    assert page["total_count"] == 3


def test_pages_are_contiguous(alice: Person) -> None:
    insight = make_insight(alice, name="0")
    for number in range(1, 13):
        alice.api.patch(f"insights/{insight.pk}/", {"name": str(number)})
    path = f"insights/{insight.pk}/activity/"
    first = alice.api.get(path).json
    assert (len(first["results"]), first["total_count"], first["previous"]) == (10, 13, None)
    assert urlsplit(first["next"]).query == "page=2"
    second = alice.api.get(first["next"].partition("testserver")[2]).json
    assert (len(second["results"]), second["next"]) == (3, None)
    assert urlsplit(second["previous"]).query == "page=1"
    everything = alice.api.get(path, limit=100).json["results"]
    assert everything == first["results"] + second["results"]
    assert alice.api.get(path, limit=5, page=2).json["results"] == everything[5:10]
    assert urlsplit(alice.api.get(path, limit=5, page=2).json["next"]).query == "limit=5&page=3"


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"limit": 0}, {"limit": "-1"}, {"limit": 101}])
def test_invalid_page_parameters_are_defaulted(alice: Person, query: dict[str, object]) -> None:
    make_insight(alice)
    answer = alice.api.get("insights/activity/", **query)
    assert (answer.status, len(answer.json["results"])) == (200, 1)


@pytest.mark.parametrize("page", [2, 2**40, 2**63 - 1])
def test_page_beyond_the_last_is_empty(alice: Person, page: int) -> None:
    make_insight(alice)
    answer = alice.api.get("insights/activity/", page=page, limit=100).json
    assert (answer["results"], answer["next"], answer["total_count"]) == ([], None, 1)


def test_too_large_response_is_refused(alice: Person) -> None:
    for _ in range(3):
        make_insight(alice)
    Activity.objects.update(size=3_000_000)
    answer = alice.api.get("insights/activity/")
    assert answer.error == (400, "validation_error", "too_large", "limit")
    assert len(alice.api.get("insights/activity/", limit=1).json["results"]) == 1


def test_deleted_foreign_or_unknown_insight_is_404(alice: Person, carol: Person) -> None:
    gone, theirs = make_insight(alice, deleted=True), make_insight(carol)
    for reference in (gone.pk, theirs.pk, theirs.short_id, 999999, "nonsense"):
        assert alice.api.get(f"insights/{reference}/activity/").status == 404


def test_activity_log_scope_is_required(alice: Person) -> None:
    insight = make_insight(alice)
    key = make_key(alice.user, "insight:read")
    answer = Api(key, alice.membership.project_id).get(f"insights/{insight.pk}/activity/")
    assert answer.json["detail"] == "API key missing required scope 'activity_log:read'"


def test_query_count_does_not_depend_on_the_page(alice: Person) -> None:
    insight = make_insight(alice)
    alice.api.patch(f"insights/{insight.pk}/", {"name": "1"})

    def cost(limit: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            alice.api.get("insights/activity/", limit=limit)
        return len(captured)

    cost(1)  # the first use of a key is recorded
    assert cost(1) == cost(2) == 4
