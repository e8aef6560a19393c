"""POST …/dashboards/bulk_update_tags/: the limits on a request, and the number of its statements."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Activity, Dashboard, DashboardTag, Tag
from dashboards.services.bulk import TOO_MANY_TAGS
from tests.api.test_activity import latest_changes
from tests.builders import Person, make_dashboard

PATH = "dashboards/bulk_update_tags/"


def list_tags(dashboard: Dashboard) -> list[str]:
    return sorted(dashboard.tag_links.values_list("tag__name", flat=True))


@pytest.mark.parametrize(
    ("body", "attr", "number"),
    [
        ({"ids": list(range(1, 502)), "tags": ["a"]}, "ids", "500"),
        ({"ids": [1], "tags": [f"t{number}" for number in range(101)]}, "tags", "100"),
        ({"ids": list(range(1, 501)), "tags": [f"{number:0>255}" for number in range(100)]}, "tags", "2,000,000"),
    ],
)
def test_too_large_request_is_refused_with_the_limit(
    alice: Person, body: dict[str, Any], attr: str, number: str
) -> None:
    answer = alice.api.post(PATH, {"action": "add", **body}, documented=False)
    assert answer.error == (400, "validation_error", "max_length", attr)
    assert number in answer.json["detail"]
    assert not Tag.objects.exists()


@pytest.mark.parametrize("action", ["add", "remove", "set"])
def test_query_count_does_not_depend_on_the_number_of_dashboards(alice: Person, action: str) -> None:
    def statements(number: int) -> int:
        ids = [make_dashboard(alice, tags=["old", "t1"]).pk for _ in range(number)]
        body = {"ids": ids, "action": action, "tags": [f"t{each}" for each in range(number)]}
        with CaptureQueriesContext(connection) as queries:
            assert alice.api.post(PATH, body).json["skipped"] == []
        return len(queries)

    statements(1)  # the first use of a key is recorded
    assert statements(2) == statements(30)


def test_links_tags_and_activities_are_consistent(alice: Person) -> None:
    one, other = make_dashboard(alice, tags=["a", "b"]), make_dashboard(alice, tags=["b", "c"])
    alice.api.post(PATH, {"ids": [one.pk, other.pk], "action": "set", "tags": ["c", "d"]})
    for board, before in ((one, ["a", "b"]), (other, ["b", "c"])):
        assert list_tags(board) == ["c", "d"]
        assert Dashboard.objects.get(pk=board.pk).tag_names == ["c", "d"]
        assert latest_changes(alice, board.pk) == {"tags": ("Dashboard", "changed", before, ["c", "d"])}
    alice.api.post(PATH, {"ids": [one.pk, other.pk], "action": "remove", "tags": ["d", "x"]})
    assert (list_tags(one), list_tags(other)) == (["c"], ["c"])
    versions = alice.api.get(f"dashboards/{one.pk}/versions/").json["results"]
    states = [
        alice.api.get(f"dashboards/{one.pk}/versions/{each['version']}/").json["state"]["tags"] for each in versions
    ]
    assert states == [["c"], ["c", "d"], ["a", "b"]]
    restored = alice.api.post(f"dashboards/{one.pk}/versions/{versions[1]['version']}/restore/")
    assert restored.json["tags"] == list_tags(one) == ["c", "d"]


def test_dashboard_cannot_exceed_its_tag_limit(alice: Person) -> None:
    full = make_dashboard(alice, tags=[f"t{number}" for number in range(99)])
    answer = alice.api.post(PATH, {"ids": [full.pk], "action": "add", "tags": ["t0", "x", "y"]})
    assert answer.json == {"updated": [], "skipped": [{"id": full.pk, "reason": TOO_MANY_TAGS}]}
    assert "100" in TOO_MANY_TAGS
    fitting = alice.api.post(PATH, {"ids": [full.pk], "action": "add", "tags": ["t0", "x"]})
    assert len(fitting.json["updated"][0]["tags"]) == len(list_tags(full)) == 100


def test_tags_stored_before_the_limit_can_be_removed(alice: Person) -> None:
    names = [f"t{number:03}" for number in range(150)]
    board = make_dashboard(alice)
    Tag.objects.bulk_create([Tag(project=board.project, name=name) for name in names])
    DashboardTag.objects.bulk_create([DashboardTag(dashboard=board, tag=tag) for tag in Tag.objects.all()])
    Dashboard.objects.filter(pk=board.pk).update(tag_names=names)
    assert alice.api.post(PATH, {"ids": [board.pk], "action": "add", "tags": ["new"]}).json["updated"] == []
    removed = alice.api.post(PATH, {"ids": [board.pk], "action": "remove", "tags": ["t000", "t001"]})
    assert removed.json["updated"] == [{"id": board.pk, "tags": names[2:]}]
    assert list_tags(board) == names[2:]


def test_content_of_dashboards_is_not_read(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    alice.api.post(PATH, {"ids": [board.pk], "action": "add", "tags": ["a"]})
    assert Activity.objects.latest("pk").state is None
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "new"})
    assert latest_changes(alice, board.pk) == {"name": ("Dashboard", "changed", "Board", "new")}
    assert Activity.objects.latest("pk").state["tags"] == ["a"]
