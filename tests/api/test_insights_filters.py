"""GET /api/projects/:id/insights/ by kind and by dates."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.state import ProjectState
from django.utils import timezone

from dashboards.models import Insight
from tests.api.test_insights_list import list_names
from tests.builders import Person, make_dashboard, make_insight

SOURCES = {
    "TRENDS": "TrendsQuery",
    "FUNNELS": "FunnelsQuery",
    "RETENTION": "RetentionQuery",
    "PATHS": "PathsQuery",
    "JOURNEYS": "PathsV2Query",
    "LIFECYCLE": "LifecycleQuery",
    "STICKINESS": "StickinessQuery",
    "SQL": "HogQLQuery",
    "JSON": "EventsQuery",
}
OLDER = {"TRENDS", "FUNNELS", "RETENTION", "PATHS", "LIFECYCLE", "STICKINESS"}
ODD: list[dict[str, Any]] = [
    {"query": {"kind": ["TrendsQuery"]}},
    {"query": {"kind": "InsightVizNode"}},
    {"query": {"kind": "InsightVizNode", "source": [{"kind": "TrendsQuery"}]}},
    {"query": {"kind": "DataTableNode", "source": {"kind": "ActorsQuery", "source": {"kind": "TrendsQuery"}}}},
    {"query": {"other": 1}},
]


@pytest.mark.parametrize("kind", SOURCES)
def test_list_is_filtered_by_kind(alice: Person, kind: str) -> None:
    for name, source in SOURCES.items():
        make_insight(alice, name=name, query={"kind": "InsightVizNode", "source": {"kind": source}})
        make_insight(alice, name=f"bare {name}", query={"kind": source})
        if name in OLDER:
            make_insight(alice, name=f"old {name}", query=None, filters={"insight": name})
    make_insight(alice, name="none", query=None)
    old = [f"old {kind}"] if kind in OLDER else []
    assert list_names(alice, insight=kind) == [*old, f"bare {kind}", kind]


def test_other_queries_are_json_and_missing_ones_have_no_kind(alice: Person) -> None:
    for number, content in enumerate(ODD):
        make_insight(alice, name=str(number), **content)
    empty = make_insight(alice, name="empty", query={})
    older = make_insight(alice, name="older", query=None, filters={"insight": ["TRENDS"]})
    assert list_names(alice, insight="JSON") == ["4", "3", "2", "1", "0"]
    assert (empty.kind, older.kind) == ("", "")


def test_kind_is_derived_from_the_query(alice: Person) -> None:
    insight = make_insight(alice, name="x", query={"kind": "TrendsQuery"})
    alice.api.patch(f"insights/{insight.pk}/", {"query": {"kind": "HogQLQuery", "query": "SELECT 1"}})
    assert (list_names(alice, insight="TRENDS"), list_names(alice, insight="SQL")) == ([], ["x"])
    alice.api.patch(f"insights/{insight.pk}/", {"query": None, "filters": {"insight": "PATHS"}})
    assert (list_names(alice, insight="SQL"), list_names(alice, insight="PATHS")) == ([], ["x"])


def test_copies_and_template_insights_have_a_kind(alice: Person) -> None:
    board = make_dashboard(alice)
    make_insight(alice, board, name="x", query={"kind": "FunnelsQuery"})
    alice.api.post("dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True})
    document = alice.api.get(f"dashboards/{board.pk}/export/").json
    alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert list_names(alice, insight="FUNNELS") == ["x", "x (Copy)", "x"]


def test_unknown_kind_is_400(alice: Person) -> None:
    answer = alice.api.get("insights/", insight="FUNNEL")
    assert answer.error == (400, "validation_error", "invalid_choice", "insight")
    assert 'Did you mean "FUNNELS"?' in answer.json["detail"]


@pytest.mark.parametrize(
    ("column", "start", "end"),
    [("created_at", "created_date_from", "created_date_to"), ("last_modified_at", "date_from", "date_to")],
)
def test_list_is_filtered_by_dates(alice: Person, column: str, start: str, end: str) -> None:
    days = {"first": datetime(2026, 1, 1, tzinfo=UTC), "second": datetime(2026, 1, 2, 12, tzinfo=UTC)}
    for name, moment in days.items():
        Insight.objects.filter(pk=make_insight(alice, name=name).pk).update(**{column: moment})
    make_insight(alice, name="now")
    assert list_names(alice, **{start: "2026-01-02"}) == ["now", "second"]
    assert list_names(alice, **{start: "2026-01-01T00:00:00Z"}) == ["now", "second", "first"]
    assert list_names(alice, **{start: "2026-01-01T00:00:01Z"}) == ["now", "second"]
    assert list_names(alice, **{end: "2026-01-02"}) == ["second", "first"]
    assert list_names(alice, **{end: "2026-01-02T11:00:00"}) == ["first"]
    assert list_names(alice, **{start: "2026-01-02", end: "2026-01-02"}) == ["second"]
    assert list_names(alice, **{start: "-7d"}) == ["now"]
    assert list_names(alice, **{end: "-7d"}) == ["second", "first"]
    assert list_names(alice, **{start: "all", end: ""}) == ["now", "second", "first"]
    assert list_names(alice, **{start: "2030-01-01"}) == []


def test_relative_dates_count_from_now(alice: Person) -> None:
    insight = make_insight(alice, name="x")
    Insight.objects.filter(pk=insight.pk).update(created_at=timezone.now() - timedelta(hours=5))
    assert list_names(alice, created_date_from="-6h") == ["x"]
    assert list_names(alice, created_date_from="-4h") == []
    assert list_names(alice, created_date_to="-4h") == ["x"]


def test_viewed_insights_are_always_empty(alice: Person) -> None:
    make_insight(alice, name="x")
    assert list_names(alice, last_viewed_date_from="2020-01-01") == []
    assert list_names(alice, last_viewed_date_to="2040-01-01") == []
    assert list_names(alice, last_viewed_date_from="all") == ["x"]


@pytest.mark.parametrize("prefix", ["created_date", "date", "last_viewed_date"])
@pytest.mark.parametrize("end", ["from", "to"])
@pytest.mark.parametrize("value", ["yesterday", "-7", "2026-02-30", "-99999y", "0001-01-01T00:00:00+14:00"])
def test_invalid_date_is_400_at_its_name(alice: Person, prefix: str, end: str, value: str) -> None:
    answer = alice.api.get("insights/", **{f"{prefix}_{end}": value})
    assert answer.error == (400, "validation_error", "invalid_input", f"{prefix}_{end}")


def test_filters_are_combined(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice)
    wanted = make_insight(bob, board, name="wanted", tags=["t"], query={"kind": "FunnelsQuery"})
    make_insight(alice, board, name="other user", tags=["t"], query={"kind": "FunnelsQuery"})
    make_insight(bob, board, name="other kind", tags=["t"])
    make_insight(bob, name="elsewhere", tags=["t"], query={"kind": "FunnelsQuery"})
    make_insight(bob, board, name="no tag", query={"kind": "FunnelsQuery"})
    query = {"insight": "FUNNELS", "created_by": bob.user.pk, "tags": "t", "dashboards": f"[{board.pk}]"}
    assert list_names(alice, **query, created_date_from="-1d", date_to="all", search="want") == [wanted.name]


def test_migration_sets_the_kind_of_stored_insights(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    contents: list[dict[str, Any]] = [
        *({"query": {"kind": "InsightVizNode", "source": {"kind": source}}} for source in SOURCES.values()),
        *({"query": {"kind": source}} for source in SOURCES.values()),
        *({"query": None, "filters": {"insight": kind}} for kind in SOURCES),
        *ODD,
        {"query": {}},
        {"query": None, "filters": {"insight": [1]}},
    ]
    kinds = {created.pk: created.kind for created in (make_insight(alice, **content) for content in contents)}
    damaged = make_insight(alice)
    Insight.objects.update(kind="")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dashboards_insight SET query = '{oops' WHERE id = %s", [damaged.pk])
    migration = import_module("dashboards.migrations.0020_fill_insight_kinds")
    monkeypatch.setattr(migration, "AT_ONCE", 4)
    migration.fill(ProjectState.from_apps(apps).apps, connection.schema_editor())
    stored = dict(Insight.objects.values_list("pk", "kind"))
    assert stored == {**kinds, damaged.pk: ""}
