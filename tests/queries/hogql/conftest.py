"""Real engines. The tests do not use the main database, so they run once, with SQLite."""

from collections.abc import Iterator

import pytest

from tests.queries.hogql.store import OURS, Store, fill


@pytest.fixture(scope="session")
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a store with only the first project. Other projects in a store must not change the result of a query."""
    store = Store(tmp_path_factory.mktemp("own") / "engine")
    fill(store, OURS)
    yield store
    store.close()
