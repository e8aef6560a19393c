"""The test users: Alice is an admin of Home, Bob a member, Carol the admin of Away, in another organization."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from tests.builders import Person, make_person, make_project
from tests.live.conftest import empty_database, run_manage
from tests.one_database import is_left_out
from users.models import MembershipLevel, Project


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Skip the tests that run only on the other database."""
    return True if is_left_out(collection_path) else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_xdist_suffix: None
) -> None:
    """Use SQLite in a file, as in production, because a database in memory has no locks and no journal."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # Not durable, like the PostgreSQL of the suite, because the data of tests is temporary and disks can be slow.
        database["OPTIONS"]["init_command"] = database["OPTIONS"]["init_command"].replace("FULL", "OFF")
        folder: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def check_engine() -> None:
    """Check the database, because a run for PostgreSQL must not use SQLite silently."""
    assert connection.vendor == os.environ.get("TEST_ENGINE", connection.vendor)


@pytest.fixture(autouse=True, scope="session")
def fast_password_hashing() -> Iterator[None]:
    """Use a fast password hasher. `test_sign_in` checks the configured hasher."""
    with override_settings(PASSWORD_HASHERS=["tests.hashers.OutsideTransactions"]):
        yield


@pytest.fixture(autouse=True, scope="session")
def no_rate_limits() -> Iterator[None]:
    """Disable rate limits, whose counters would add statements. `test_rate_limits` enables them."""
    with override_settings(RATE_LIMITS=[], QUERY_RATE_LIMITS=[]):
        yield


@pytest.fixture(autouse=True, scope="session")
def static_files_on_request() -> Iterator[None]:
    """Find static files on request, because finding all of them took 14 ms for each test client."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yield the environment of a migrated database to copy, because migrations take half the time of a first start."""
    with empty_database(tmp_path_factory.mktemp("migrated")) as environment:
        ended = run_manage(environment, "migrate", "--verbosity", 0)
        assert ended.returncode == 0, ended.stderr
        yield environment


@pytest.fixture
def home(db: None) -> Project:
    return make_project("Home")


@pytest.fixture
def away(db: None) -> Project:
    return make_project("Away")


@pytest.fixture
def alice(home: Project) -> Person:
    return make_person("alice", home, MembershipLevel.ADMIN)


@pytest.fixture
def bob(home: Project) -> Person:
    return make_person("bob", home)


@pytest.fixture
def carol(away: Project) -> Person:
    return make_person("carol", away, MembershipLevel.ADMIN)
