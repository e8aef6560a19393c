"""Fixtures of the tests of the API."""

import pytest
from pytest_django import Settings

from tests.queries.rows import make_store


@pytest.fixture
def with_store(db: None, settings: Settings) -> None:
    """Set ENGINE and record an import of events. No engine or query worker is started, so queries stay queued."""
    settings.ENGINE = True
    make_store()
