"""A real engine. The main database does not matter here: the tests run once, beside SQLite."""

import os
from collections.abc import Iterator

import pytest

from tests.queries.hogql.store import OURS, THEIRS, Store, fill

if os.environ.get("TEST_ENGINE") == "postgresql":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with two projects. Texts of the other one have a mark."""
    store = Store(tmp_path_factory.mktemp("runners") / "engine")
    fill(store, OURS)
    fill(store, THEIRS, mark="-SECRET")
    yield store
    store.close()
