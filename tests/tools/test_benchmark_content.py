"""The rows that `make bench` creates equal the rows that the services would have stored."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db.models import Model

from benchmarks.content import Filled, fill
from benchmarks.users import KEYS_PER_USER, USERS
from dashboards.models import Dashboard, Insight, SharingConfiguration, Tag, Tile
from tests.client import Api
from users.models import PersonalAPIKey


@pytest.fixture
def filled_database(db: None) -> Filled:
    return fill(20, tiles=3, small=5)


def list_columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def check_derived(rows: Iterable[Any], derive: Callable[[Any], None]) -> None:
    """Check that deriving the columns again changes nothing."""
    for row in rows:
        stored = list_columns(row)
        derive(row)
        assert list_columns(row) == stored


def list_tags(owner: Dashboard | Insight) -> list[str]:
    return sorted(link.tag.name for link in owner.tag_links.all())


def test_printed_key_lists_the_large_project(filled_database: Filled) -> None:
    api = Api(filled_database.key, filled_database.big)
    live = Dashboard.objects.filter(project_id=filled_database.big, deleted=False)
    page = api.get("dashboards/").json
    assert [row["id"] for row in page["results"]] == list(live.in_list_order().values_list("pk", flat=True))
    assert page["count"] == live.count()
    one = api.get(f"dashboards/{page['results'][0]['id']}/").json
    assert one["effective_privilege_level"] == 37
    assert [tile["order"] for tile in one["tiles"]] == [0, 1, 2]


def test_new_rows_follow_the_filled_ones(filled_database: Filled) -> None:
    last = Dashboard.objects.latest("pk").pk
    created = Api(filled_database.key, filled_database.small).post(
        "dashboards/", {"name": "Mine", "tiles": [{"text": {"body": "x"}}]}
    )
    assert created.status == 201
    assert created.json["id"] == last + 1


def test_derived_columns_are_correct(filled_database: Filled) -> None:
    check_derived(Dashboard.objects.all(), lambda board: board.derive(list_tags(board)))
    check_derived(Insight.objects.all(), lambda insight: insight.derive(list_tags(insight)))
    check_derived(Tile.objects.all(), lambda tile: tile.set_layouts(tile.layouts))
    assert Dashboard.objects.search("tag-").exists()


def test_requested_amounts_are_created(filled_database: Filled) -> None:
    assert Dashboard.objects.filter(project_id=filled_database.big).count() == 20
    assert Dashboard.objects.filter(project_id=filled_database.small).count() == 5
    assert SharingConfiguration.objects.count() == 25
    assert Tile.objects.count() == Insight.objects.count() == 75
    assert PersonalAPIKey.objects.count() == USERS * KEYS_PER_USER
    assert Tag.objects.filter(project_id=filled_database.big).count() == 200
    assert not Tile.objects.exclude(dashboard__deleted=True).filter(deleted=True).exists()
