"""Fixtures of the tests of the API."""

import pytest
from pytest_django import Settings

from tests.queries.rows import make_store


@pytest.fixture
def with_store(db: None, settings: Settings) -> None:
    """Turn the engine on and record an import of events, but start no engine or worker, so that queries stay queued."""
    settings.ENGINE = True
    make_store()
