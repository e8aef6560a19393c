"""The demo project and the built-in templates."""

import json
from collections import Counter
from datetime import UTC, date, datetime

import orjson
import pytest
from pytest_django import Settings

from dashboards.demo_data import ENGINE_OFF, fill_demo_project
from dashboards.models import Dashboard, Insight, Tile
from dashboards.services.demo import create_demo_project
from dashboards.services.demo_events import generate_day, write_events
from dashboards.template_documents.documents import DEMO_FOLDER, read_builtin_templates
from dashboards.template_documents.placeholders import fill_template
from dashboards_api.environment_reader import StartError
from dashboards_api.management.commands.serve import Command
from tests.builders import Person
from users.models import Membership, MembershipLevel, Project, User
from users.services.initial_data import create_initial_data


@pytest.mark.django_db
def test_demo_creates_three_dashboards_in_project_2_once() -> None:
    create_initial_data()
    project = create_demo_project()
    assert create_demo_project() == project
    assert list(Project.objects.order_by("pk").values_list("name", flat=True)) == ["Default project", "Demo"]
    assert Membership.objects.get(project=project).level == MembershipLevel.OWNER
    assert list(Dashboard.objects.in_list_order().values_list("name", flat=True)) == [
        "Checkout",
        "Website health",
        "Weekly review",
    ]
    for dashboard in Dashboard.objects.all():
        tiles = Tile.objects.on_dashboard(dashboard)
        assert {kind for tile in tiles for kind in tile.content} == {"insight_id", "text_id", "button_id"}
        assert all(tile.layouts["sm"] for tile in tiles)
        assert dashboard.tag_links.exists()
    assert Insight.objects.filter(project=project).count() == 15


@pytest.mark.parametrize("path", sorted(DEMO_FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_demo_tiles_do_not_overlap(path: object) -> None:
    check_placements(json.loads(path.read_text())["tiles"])  # type: ignore[attr-defined]  # a path


@pytest.mark.parametrize("key", ["DEFAULT_APP", "WEBSITE_TRAFFIC"])
def test_built_in_templates_are_valid_without_overlaps(key: str) -> None:
    template = read_builtin_templates()[key]
    assert fill_template(template) == template
    check_placements(template["tiles"])


def check_placements(tiles: list[dict[str, dict[str, dict[str, int]]]]) -> None:
    taken: set[tuple[int, int]] = set()
    for tile in tiles:
        place = tile["layouts"]["sm"]
        assert place["x"] + place["w"] <= 12
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells


@pytest.mark.django_db
def test_demo_project_is_not_current_after_later_starts() -> None:
    create_initial_data()
    home = Project.objects.get()
    create_demo_project()
    assert User.objects.get().current_project == home


@pytest.mark.django_db
def test_demo_project_is_current_after_a_first_start() -> None:
    create_initial_data()
    demo = create_demo_project(is_first=True)
    assert User.objects.get().current_project == demo


@pytest.mark.django_db
def test_first_user_without_a_project_is_reported(bob: Person) -> None:
    Membership.objects.all().delete()
    with pytest.raises(StartError, match=r"the first user, bob@example\.com, is a member of a project"):
        Command().create_initial_rows("http://127.0.0.1:8000", demo=True)
    assert list(Project.objects.values_list("name", flat=True)) == ["Home"]


def test_demo_events_are_plausible_and_the_same_each_time() -> None:
    now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    lines = list(write_events(date(2026, 9, 1), now))
    assert list(write_events(date(2026, 9, 1), now)) == lines
    events = [orjson.loads(line) for line in lines]
    assert len(events) >= 50_000
    assert len({event["uuid"] for event in events}) == len(events)
    assert 2000 < len({event["distinct_id"] for event in events}) < 4000
    assert max(event["timestamp"] for event in events) < "2026-11-30T09:00:01"
    names = Counter(event["event"] for event in events)
    steps = ["$pageview", "cart_viewed", "checkout_started", "payment_entered", "order_paid"]
    assert [name for name, _ in names.most_common() if name in steps] == steps
    assert names["signed_up"] > 100
    assert all(event["properties"]["amount"] > 0 for event in events if event["event"] == "order_paid")
    saturday, monday = (Counter(each["event"] for each in generate_day(date(2026, 11, day))) for day in (28, 30))
    assert saturday["$pageview"] < 0.8 * monday["$pageview"]


@pytest.mark.django_db
def test_demo_without_an_engine_has_its_dashboards_and_says_that_nothing_is_computed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ENGINE = False
    Command().create_initial_rows("http://127.0.0.1:8000", demo=True)
    assert Dashboard.objects.count() == 3
    project = Project.objects.get(name="Demo")
    assert fill_demo_project(project, datetime(2026, 11, 30, tzinfo=UTC)) == ENGINE_OFF
    assert f"The demo is in project {project.pk}, Demo.\n{ENGINE_OFF}\n" in capsys.readouterr().out
