"""A real engine. It does not use the main database, so the tests run once, with SQLite."""

import os
from collections.abc import Iterator

import pytest

from tests.queries.hogql.store import OURS, THEIRS, Store, fill

if os.environ.get("TEST_ENGINE") == "postgresql":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a store with two projects. The texts of the second one contain a mark."""
    store = Store(tmp_path_factory.mktemp("runners") / "engine")
    fill(store, OURS)
    fill(store, THEIRS, mark="-SECRET")
    yield store
    store.close()
