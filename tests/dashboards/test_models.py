"""Database constraints, and derived columns for searching and sorting."""

import os
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from dashboards.models import Activity, Button, Dashboard, Insight, Tag, Text, Tile, fold
from dashboards.readers import dashboards_list
from tests.builders import Person, make_dashboard, make_text_tile


@pytest.mark.parametrize(
    ("one", "other"),
    [("ÜBER", "über"), ("u\u0308", "ü"), ("ﬁ", "FI"), ("Straße", "STRASSE"), ("\u017f", "S"), ("\uff21", "a")],
)
def test_folding_equates_equivalent_texts(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_names_with_long_folded_keys_can_be_sorted(alice: Person) -> None:
    board = make_dashboard(alice, "\ufdfa" * 400)
    row = Dashboard.objects.get(pk=board.pk)
    assert (len(row.name), len(row.name_key)) == (400, 400)


@pytest.mark.parametrize("contents", ["none", "both"])
def test_tile_has_exactly_one_content(alice: Person, contents: str) -> None:
    dashboard = make_dashboard(alice)
    common = {"project_id": dashboard.project_id, "dashboard": dashboard}
    content = {}
    if contents == "both":
        content = {
            "text": Text.objects.create(project_id=dashboard.project_id),
            "button": Button.objects.create(project_id=dashboard.project_id, url="/", text="b"),
        }
    with pytest.raises(IntegrityError), transaction.atomic():
        Tile.objects.create(**common, **content)


def test_content_is_unique_on_a_dashboard(alice: Person) -> None:
    dashboard = make_dashboard(alice)
    tile = make_text_tile(alice, dashboard)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tile.objects.create(project_id=dashboard.project_id, dashboard=dashboard, text=tile.text, deleted=True)


def test_tag_is_unique_in_a_project(alice: Person) -> None:
    make_dashboard(alice, tags=["a"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(project=alice.membership.project, name="a")


def test_free_json_is_stored_as_the_text_that_was_sent(alice: Person) -> None:
    make_dashboard(alice, filters={"b": 1.0, "a": [None, "ü"]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT filters FROM dashboards_dashboard")
        assert cursor.fetchone() == ('{"b":1.0,"a":[null,"ü"]}',)


LISTS = {
    "first": dashboards_list._FIRST.query,
    "after pinned ones": dashboards_list._AFTER_PINNED.query,
    "after others": dashboards_list._AFTER_OTHERS.query,
    "ids": dashboards_list._IDS,
    "ids from the end": dashboards_list._IDS_FROM_THE_END,
}


@pytest.mark.parametrize("name", LISTS)
def test_list_query_uses_its_index(alice: Person, name: str) -> None:
    values: dict[str, Any] = {"project": 1, "viewer": 1, "name_key": "a", "id": 1}
    LISTS[name].rows(**values, limit=100)
    compiled = LISTS[name]._compilations[connection.vendor]
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Sequential scans are disabled, so that the planner treats the small table like a large one.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"{explain} {compiled.sql} LIMIT 100", [values[each.name] for each in compiled.parameters])
        plan = str(cursor.fetchall())
    assert "dashboards_in_list_order" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.skipif("postgresql" not in os.environ.get("DATABASE_URL", ""), reason="SQLite compares by code point")
def test_postgresql_compares_names_by_code_point_in_any_locale(alice: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, collation_name FROM information_schema.columns"
            " WHERE (table_name, column_name) IN (('dashboards_dashboard', 'name_key'), ('dashboards_tag', 'name'))"
        )
        assert dict(cursor.fetchall()) == {"dashboards_dashboard": "C", "dashboards_tag": "C"}


@pytest.mark.skipif("postgresql" not in os.environ.get("DATABASE_URL", ""), reason="SQLite has no trigram index")
def test_postgresql_search_uses_an_index(alice: Person) -> None:
    make_dashboard(alice, "needle")
    found = Dashboard.objects.search("needle")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    assert "dashboards_search" in found.explain()
    assert found.count() == 1


@pytest.mark.skipif("postgresql" in os.environ.get("DATABASE_URL", ""), reason="PostgreSQL plans by row counts")
def test_sqlite_reads_only_requested_rows(alice: Person) -> None:
    board = make_dashboard(alice, tags=["a"])
    project = board.project
    few: dict[str, QuerySet[Any]] = {
        "insights of one dashboard": Insight.objects.in_project(project).only_on_dashboard(board),
        "insights that went with it": Insight.objects.restorable_with(
            [Dashboard(pk=board.pk, project=project, deletion_id=uuid4())]
        ),
        "insights with a tag": Insight.objects.in_project(project).with_any_tag(["a"], project),
        "dashboards with a tag": Dashboard.objects.in_project(project).with_any_tag(["a"], project),
    }
    for name, found in few.items():
        [search] = [line for line in found.explain().splitlines() if f"SEARCH {found.model._meta.db_table} " in line]
        assert "rowid=?)" in search, name
    acts = Activity.objects.in_project(project).filter(key_id="k").order_by("-id")
    assert "USING INDEX activity_of_key" in acts.explain()
