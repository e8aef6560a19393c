"""Best-effort writes, and their short lock timeout, which ends with the write."""

import logging
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from dashboards_api.db.best_effort import LOCK_TIMEOUT_MS, best_effort_update, best_effort_write
from tests.builders import make_project
from tests.concurrency import locked_row
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


def test_update_changes_the_columns_of_one_row() -> None:
    project, other = make_project("Home"), make_project("Other")
    with CaptureQueriesContext(connection) as queries:
        assert best_effort_update(Project, project.pk, name="Renamed", timezone="Europe/Berlin")
    project.refresh_from_db()
    other.refresh_from_db()
    assert (project.name, project.timezone) == ("Renamed", "Europe/Berlin")
    assert (other.name, other.timezone) == ("Other", "UTC")
    if connection.vendor == "postgresql":
        assert len(queries) == 1


def test_update_of_a_locked_row_is_skipped_without_waiting() -> None:
    project = make_project("Home")
    with locked_row(project, name="Written"):
        started = time.monotonic()
        assert not best_effort_update(Project, project.pk, name="Renamed")
        waited = time.monotonic() - started
    project.refresh_from_db()
    assert project.name == "Written"
    assert waited < 2  # with the default timeout, SQLite would wait ten seconds for the lock


def test_refused_update_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    project = make_project("Home")
    assert not best_effort_update(Project, project.pk, name=None)
    assert "best-effort write skipped" in caplog.text
    project.refresh_from_db()
    assert project.name == "Home"


def test_refused_update_leaves_the_outer_transaction_usable() -> None:
    project = make_project("Home")
    with transaction.atomic():
        assert not best_effort_update(Project, project.pk, name=None)
        assert best_effort_update(Project, project.pk, name="Renamed")
    project.refresh_from_db()
    assert project.name == "Renamed"
