"""The fixed cast: Alice is an admin of Home, Bob a member, Carol the admin of Away, in another organization."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from tests.builders import Person, make_person, make_project
from users.models import MembershipLevel, Project


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_xdist_suffix: None
) -> None:
    """SQLite in a file, as in production: one in memory takes no locks and has no journal."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # Not durable, as the PostgreSQL of the suite is not: nothing pulls the plug here, and disks are slow at times.
        database["OPTIONS"]["init_command"] = database["OPTIONS"]["init_command"].replace("FULL", "OFF")
        folder: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def check_engine() -> None:
    """A run for PostgreSQL that silently used SQLite would prove nothing."""
    assert connection.vendor == os.environ.get("TEST_ENGINE", connection.vendor)


@pytest.fixture(autouse=True, scope="session")
def fast_password_hashing() -> Iterator[None]:
    """Hashing is slow on purpose; `test_sign_in` looks at what is really configured."""
    with override_settings(PASSWORD_HASHERS=["tests.hashers.OutsideTransactions"]):
        yield


@pytest.fixture(autouse=True, scope="session")
def no_rate_limits() -> Iterator[None]:
    """Counting requests costs a statement now and then; `test_rate_limits` turns it on."""
    with override_settings(RATE_LIMITS=[]):
        yield


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
