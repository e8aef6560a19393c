"""The real engine of the tests in this folder, started once for all of them."""

from collections.abc import Iterator

import pytest

from tests.queries.hogql.store import OURS, THEIRS, Store, fill


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a store with two projects. The strings of the second project contain a mark."""
    store = Store(tmp_path_factory.mktemp("both") / "engine")
    fill(store, OURS)
    fill(store, THEIRS, mark="-SECRET")
    yield store
    store.close()
