"""Versions: the changes that increase each counter, and the stored total, which equals the length of the list."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from dashboards.changelog.tracking import write_transaction
from dashboards.changelog.versions import recount_dashboards
from dashboards.models import Dashboard, Revision, RevisionKind, Tile
from dashboards.services.dashboards import update_dashboard
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.concurrency import run_concurrently
from users.services.setup import check_setup, complete_setup, create_setup_token


def get_revision(kind: RevisionKind, object_id: int) -> int:
    return next(iter(Revision.objects.of(kind, object_id).values_list("number", flat=True)), 0)


def get_dashboard_revision(board: Dashboard) -> int:
    return get_revision(RevisionKind.DASHBOARD, board.pk)


def get_stored_count(person: Person) -> int:
    return Revision.objects.of(RevisionKind.LIST, person.membership.project_id).get().live


def count_listed(person: Person) -> int:
    return Dashboard.objects.filter(project=person.membership.project_id).not_deleted().listed().count()


class Boards:
    """Three dashboards, of which the first two share an insight."""

    def __init__(self, alice: Person, bob: Person) -> None:
        self.alice, self.bob = alice, bob
        self.first, self.second, self.third = (make_dashboard(alice, name) for name in ("one", "two", "three"))
        self.insight = make_insight(alice, self.first, name="Visits")
        self.tile = Tile.objects.get(insight=self.insight)
        alice.api.patch(f"insights/{self.insight.pk}/", {"dashboards": [self.first.pk, self.second.pk]})
        self.text = make_text_tile(alice, self.first, "hello")

    def patch(self, body: dict[str, Any]) -> Any:
        return self.alice.api.patch(f"dashboards/{self.first.pk}/", body)

    def action(self, name: str, body: dict[str, Any], method: str = "post") -> Any:
        return getattr(self.alice.api, method)(f"dashboards/{self.first.pk}/{name}/", body)


# Writes to the first dashboard or its insight, each with True if the version of the second dashboard changes, too.
CHANGES: dict[str, tuple[Callable[[Boards], Any], bool]] = {
    "name": (lambda b: b.patch({"name": "new"}), False),
    "tags": (lambda b: b.patch({"tags": ["new"]}), False),
    "restriction": (lambda b: b.patch({"restriction_level": 37}), True),
    "deletion": (lambda b: b.patch({"deleted": True}), True),
    "a new text": (lambda b: b.patch({"tiles": [{"text": {"body": "new"}}]}), True),
    "a text": (lambda b: b.patch({"tiles": [{"id": b.text.pk, "text": {"body": "new"}}]}), False),
    "layouts": (lambda b: b.patch({"tiles": [{"id": b.tile.pk, "layouts": {"sm": {"y": 1}}}]}), False),
    "a tile less": (lambda b: b.patch({"tiles": [{"id": b.tile.pk, "deleted": True}]}), True),
    "an insight": (lambda b: b.alice.api.patch(f"insights/{b.insight.pk}/", {"name": "new"}), True),
    "tags of an insight": (lambda b: b.alice.api.patch(f"insights/{b.insight.pk}/", {"tags": ["new"]}), True),
    "where an insight is": (lambda b: b.alice.api.patch(f"insights/{b.insight.pk}/", {"dashboards": []}), True),
    "sharing": (lambda b: b.action("sharing", {"enabled": True}, "patch"), False),
    "a new token": (lambda b: b.action("sharing/refresh", {}), False),
    "tags of many": (
        lambda b: b.alice.api.post(
            "dashboards/bulk_update_tags/", {"ids": [b.first.pk], "action": "add", "tags": ["new"]}
        ),
        False,
    ),
    "a tile moved": (
        lambda b: b.action("move_tile", {"tile": {"id": b.tile.pk}, "toDashboard": b.third.pk}, "patch"),
        True,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_bumps_the_versions_of_affected_dashboards(alice: Person, bob: Person, name: str) -> None:
    boards = Boards(alice, bob)
    change, is_shared = CHANGES[name]
    lists = get_revision(RevisionKind.LIST, boards.first.project_id)
    first, second, third = (get_dashboard_revision(board) for board in (boards.first, boards.second, boards.third))
    answer = change(boards)
    assert answer.status in (200, 201), answer
    assert get_dashboard_revision(boards.first) == first + 1
    assert (get_dashboard_revision(boards.second) > second) is is_shared
    assert (get_dashboard_revision(boards.third) > third) is (name == "a tile moved")
    assert get_revision(RevisionKind.LIST, boards.first.project_id) == lists + 1
    assert get_stored_count(alice) == count_listed(alice)


def test_collaborator_change_bumps_dashboards_with_shared_content(alice: Person, bob: Person) -> None:
    boards = Boards(alice, bob)
    boards.patch({"restriction_level": 37})
    second = get_dashboard_revision(boards.second)
    answer = boards.action("collaborators", {"user_uuid": str(bob.user.uuid), "level": 37})
    assert answer.status == 201
    assert get_dashboard_revision(boards.second) == second + 1


@pytest.mark.parametrize(
    "body", [{}, {"name": "one", "tags": [], "deleted": False}, {"tiles": []}, {"restriction_level": 21}]
)
def test_write_without_changes_bumps_nothing(alice: Person, bob: Person, body: dict[str, Any]) -> None:
    boards = Boards(alice, bob)
    before = list(Revision.objects.order_by("pk").values())
    assert boards.patch(body).status == 200
    assert alice.api.get(f"dashboards/{boards.first.pk}/").status == 200
    assert boards.patch({"name": "x" * 401}).status == 400
    assert list(Revision.objects.order_by("pk").values()) == before


def test_stored_count_equals_the_list(alice: Person) -> None:
    created = [make_dashboard(alice, str(number)) for number in range(4)]
    alice.api.post("dashboards/create_unlisted_dashboard/", {"tag": "hidden"})
    alice.api.post("dashboards/", {"name": "gone", "deleted": True})
    alice.api.patch(f"dashboards/{created[0].pk}/", {"deleted": True})
    alice.api.patch(f"dashboards/{created[1].pk}/", {"deleted": True})
    alice.api.patch(f"dashboards/{created[1].pk}/", {"deleted": False})
    assert (get_stored_count(alice), count_listed(alice), alice.api.get("dashboards/").json["count"]) == (3, 3, 3)
    assert alice.api.get("dashboards/", offset=50).json["count"] == 3


@pytest.mark.django_db(transaction=True)
def test_stored_count_is_correct_after_concurrent_writes(alice: Person) -> None:
    boards = [make_dashboard(alice, str(number)) for number in range(4)]
    project = alice.membership.project

    def create() -> None:
        for _ in range(5):
            make_dashboard(alice, "new")

    def delete(board: Dashboard) -> Callable[[], None]:
        def job() -> None:
            for deleted in (True, False, True):
                with write_transaction(alice.membership) as changes:
                    update_dashboard(changes, board.pk, project=project, content={"deleted": deleted})

        return job

    raised = run_concurrently(
        create, create, *(delete(board) for board in boards), lambda: recount_dashboards(project.pk)
    )
    assert raised == []
    assert get_stored_count(alice) == count_listed(alice) == 10


def test_incorrect_count_is_repaired(alice: Person, capsys: pytest.CaptureFixture[str]) -> None:
    make_dashboard(alice)
    Revision.objects.update(live=7)
    number = get_revision(RevisionKind.LIST, alice.membership.project_id)
    call_command("recount_dashboards")
    assert "the stored count 7 was corrected to 1." in capsys.readouterr().out
    assert get_stored_count(alice) == 1
    assert get_revision(RevisionKind.LIST, alice.membership.project_id) == number + 1


def test_changed_user_name_bumps_dashboards_that_show_it(alice: Person, bob: Person) -> None:
    theirs = make_dashboard(bob, "theirs")
    shared = make_dashboard(alice, "shared")
    other = make_dashboard(alice, "other")
    make_insight(bob, shared, name="Visits")
    before = {board.pk: get_dashboard_revision(board) for board in (theirs, shared, other)}
    lists = get_revision(RevisionKind.LIST, theirs.project_id)
    complete_setup(
        check_setup(
            create_setup_token(bob.user), name="Robert", email="bob@example.com", password="correct horse battery"
        )
    )
    assert (get_dashboard_revision(theirs), get_dashboard_revision(shared), get_dashboard_revision(other)) == (
        before[theirs.pk] + 1,
        before[shared.pk] + 1,
        before[other.pk],
    )
    assert get_revision(RevisionKind.LIST, theirs.project_id) == lists + 1
    assert get_stored_count(alice) == 3
