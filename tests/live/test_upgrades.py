"""Upgraded databases of all earlier releases, whose rows are read as before."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.live.conftest import Service
from tests.releases import FIXTURES, read_answers

RELEASES = sorted(path.name for path in FIXTURES.iterdir())


def load_release(environment: dict[str, str], release: str) -> str:
    """Load the database of a release, and return the name of its database engine."""
    if "DATABASE_URL" in environment:
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            connection.execute((FIXTURES / release / "postgresql.sql").read_bytes())
        return "postgresql"
    path = Path(environment["DATA_DIR"]) / "dashboards.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript((FIXTURES / release / "sqlite.sql").read_text())
    return "sqlite"


# Keys whose values depend on the time of a request, or on the kinds of queries that a release computes.
VARIABLE_KEYS = frozenset({"last_accessed_at", "result_state", "query_status", "filters_hash"})


def assert_unchanged(before: Any, after: Any, path: str = "") -> None:
    """Check that two responses have equal values. Keys may be added, and the values of VARIABLE_KEYS may differ."""
    if isinstance(before, dict):
        assert isinstance(after, dict), path
        for key in before.keys() - VARIABLE_KEYS:
            assert key in after, f"{path}/{key}"
            assert_unchanged(before[key], after[key], f"{path}/{key}")
    elif isinstance(before, list):
        assert isinstance(after, list), path
        assert len(before) == len(after), path
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            assert_unchanged(one, other, f"{path}/{index}")
    else:
        assert before == after, path


@pytest.mark.parametrize("release", RELEASES)
def test_database_of_a_release_is_migrated_and_read_as_before(
    environment: dict[str, str], release: str, tmp_path: Path
) -> None:
    engine = load_release(environment, release)
    known = json.loads((FIXTURES / release / f"{engine}.json").read_text())
    service = Service(environment, tmp_path / "log").wait()
    try:
        assert service.printed_keys == []  # the start after an upgrade is not a first start
        assert_unchanged(known["answers"], read_answers(service, known["key"], known["project"]))
    finally:
        service.stop()


def test_a_release_is_available() -> None:
    assert RELEASES
    for release in RELEASES:
        assert {"postgresql.json", "postgresql.sql", "sqlite.json", "sqlite.sql"} == set(os.listdir(FIXTURES / release))
