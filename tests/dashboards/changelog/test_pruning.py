"""manage.py prune_history: the activities that are deleted, and the versions that are kept."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dashboards.changelog import pruning
from dashboards.models import Activity
from tests.builders import Person, make_dashboard, make_insight


def age_activities(days: int) -> None:
    Activity.objects.update(created_at=timezone.now() - timedelta(days=days))


def test_old_activities_are_deleted_and_the_latest_version_is_kept(
    alice: Person, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "ROWS_AT_ONCE", 2)
    board, quiet = make_dashboard(alice, "first"), make_dashboard(alice, "quiet")
    insight = make_insight(alice, board)
    for name in ("second", "third"):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": name})
    alice.api.post(f"dashboards/{board.pk}/sharing/refresh/", {})
    age_activities(31)
    alice.api.patch(f"insights/{insight.pk}/", {"name": "new"})
    assert Activity.objects.count() == 8
    call_command("prune_history", older_than=30)
    assert capsys.readouterr().out == "5 activities were deleted.\n"
    left = Activity.objects.order_by("pk").values_list("scope", "item_id", "activity", "name")
    assert list(left) == [
        ("Dashboard", quiet.pk, "created", "quiet"),
        ("Dashboard", board.pk, "updated", "third"),
        ("Insight", insight.pk, "updated", "new"),
    ]


def test_next_activity_is_a_diff_from_the_kept_version(alice: Person) -> None:
    board = make_dashboard(alice, "first")
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "second"})
    age_activities(31)
    call_command("prune_history", older_than=30)
    alice.api.patch(f"dashboards/{board.pk}/", {"description": "new"})
    latest, stayed = alice.api.get(f"dashboards/{board.pk}/activity/").json["results"]
    assert [each["field"] for each in latest["detail"]["changes"]] == ["description"]
    restored = alice.api.post(f"dashboards/{board.pk}/versions/{stayed['version']}/restore/")
    assert (restored.json["name"], restored.json["description"]) == ("second", "")


@pytest.mark.parametrize("days", ["0", "-1", "36501", "x", "", "9" * 30])
def test_invalid_days_are_refused(alice: Person, days: str) -> None:
    make_dashboard(alice)
    age_activities(40_000)
    with pytest.raises(CommandError, match="--older-than"):
        call_command("prune_history", "--older-than", days)
    assert Activity.objects.count() == 1
