"""Best-effort writes, and their short lock timeout, which ends with the write."""

import pytest
from django.db import connection, transaction

from dashboards_api.db.best_effort import LOCK_TIMEOUT_MS, best_effort_write
from tests.builders import make_project
from users.models import Project

pytestmark = pytest.mark.django_db(transaction=True)


def read_lock_timeout() -> str:
    """Return the lock timeout of the connection in the notation of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout" if connection.vendor == "postgresql" else "PRAGMA busy_timeout")
        return str(cursor.fetchone()[0])


def test_short_timeout_applies_only_to_the_write() -> None:
    before, seen = read_lock_timeout(), []
    project = make_project("Home")

    def write() -> None:
        seen.append(read_lock_timeout())
        Project.objects.filter(pk=project.pk).update(name="Renamed")

    assert best_effort_write(write)
    with transaction.atomic():
        assert best_effort_write(write)
        assert read_lock_timeout() == before
        assert not best_effort_write(lambda: Project.objects.create(pk=project.pk, organization=project.organization))
        assert read_lock_timeout() == before
    assert read_lock_timeout() == before
    assert [text.removesuffix("ms") for text in seen] == [str(LOCK_TIMEOUT_MS)] * 2
    project.refresh_from_db()
    assert project.name == "Renamed"


def test_timeout_of_the_outer_transaction_is_restored() -> None:
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '7s'")
            assert best_effort_write(lambda: None)
            assert read_lock_timeout() == "7s"
    assert read_lock_timeout() in ("0", "10000")
