"""A read-only database: writes are refused, and reads succeed, even with a rate limit."""

import pytest
from django.test import override_settings

from dashboards.models import Dashboard
from dashboards_api.environment import Rate
from tests.builders import Person, make_dashboard
from tests.read_only import read_only_database


@pytest.mark.django_db(transaction=True)
def test_write_is_503_and_changes_nothing(alice: Person) -> None:
    board = make_dashboard(alice, "before")
    with read_only_database():
        for answer in (
            alice.api.post("dashboards/", {"name": "new"}),
            alice.api.patch(f"dashboards/{board.pk}/", {"name": "after"}),
        ):
            assert (answer.status, answer.json["code"]) == (503, "service_unavailable")
            assert answer.headers["Retry-After"] == "2"
    assert list(Dashboard.objects.values_list("name", flat=True)) == ["before"]


@pytest.mark.django_db(transaction=True)
@override_settings(RATE_LIMITS=[Rate(2, 86400)], RATE_LIMIT_UNIT_SECONDS=60)
def test_reads_succeed_and_are_counted(alice: Person) -> None:
    board = make_dashboard(alice, "before")
    with read_only_database():
        first, second, third = (alice.api.get(f"dashboards/{board.pk}/") for _ in range(3))
    assert (first.status, first.json["name"]) == (200, "before")
    assert (second.status, second.headers["RateLimit-Remaining"]) == (200, "0")
    assert third.status == 429
