"""`/healthz` and `/readyz`: liveness and readiness."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from dashboards_api.db.schema_state import get_known_migrations
from tests.live.conftest import ROOT

ASK = """
import django, sys
django.setup()
from django.test import Client
for path in ("/healthz", "/readyz"):
    answer = Client(headers={"Host": "localhost"}).get(path)
    print(path, answer.status_code, answer.content.decode())
"""


def ask_readiness(url: str, data: Path) -> str:
    """Return the health and readiness responses of a process with another database."""
    environment = os.environ | {"DATABASE_URL": url, "DATA_DIR": str(data), "LOG_LEVEL": "CRITICAL"}
    environment["DJANGO_SETTINGS_MODULE"] = "dashboards_api.settings"
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db
def test_migrated_database_is_ready_with_one_query(django_assert_num_queries: object) -> None:
    get_known_migrations()
    with django_assert_num_queries(1):  # type: ignore[operator]  # a fixture of pytest-django
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_missing_migration_is_not_ready_and_unknown_one_is() -> None:
    applied = MigrationRecorder(connection)
    applied.record_applied("dashboards", "9999_of_a_newer_release")
    assert Client().get("/readyz").status_code == 200
    applied.record_unapplied("users", "0001_users")
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "reason": "migrations"})
    assert Client().get("/healthz").status_code == 200


def test_empty_database_is_not_ready_because_of_migrations(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    output = ask_readiness(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path)
    assert '/healthz 200 {"status": "ok"}' in output
    assert '/readyz 503 {"status": "unavailable", "reason": "migrations"}' in output


def test_unreachable_database_is_not_ready(tmp_path: Path) -> None:
    output = ask_readiness("postgresql://nobody@127.0.0.1:1/none", tmp_path)
    assert '/healthz 200 {"status": "ok"}' in output
    assert '/readyz 503 {"status": "unavailable", "reason": "database"}' in output


@pytest.mark.django_db
def test_health_check_uses_no_database(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # a fixture of pytest-django
        assert Client().get("/healthz").json() == {"status": "ok"}
