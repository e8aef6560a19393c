"""Fixtures for documentation tests. Each page has an empty database, so that the ids are the same in every run."""

from tests.live.conftest import fresh_environment

__all__ = ["fresh_environment"]
