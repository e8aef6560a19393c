"""The demo project, and the templates that come with the service."""

import json

import pytest

from dashboards.models import Dashboard, Insight, Tile
from dashboards.services.demo import create_demo_project
from dashboards.template_documents.documents import DEMO_FOLDER, builtin_templates
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
    assert Insight.objects.filter(project=project).count() == 10


@pytest.mark.parametrize("path", sorted(DEMO_FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_demo_tiles_do_not_overlap(path: object) -> None:
    check_placements(json.loads(path.read_text())["tiles"])  # type: ignore[attr-defined]  # a path


@pytest.mark.parametrize("key", ["DEFAULT_APP", "WEBSITE_TRAFFIC"])
def test_built_in_templates_are_valid_without_overlaps(key: str) -> None:
    template = builtin_templates()[key]
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
    with pytest.raises(StartError, match=r"a project of the first user, bob@example\.com, who is a member of none"):
        Command().fill("http://127.0.0.1:8000", demo=True)
    assert list(Project.objects.values_list("name", flat=True)) == ["Home"]
