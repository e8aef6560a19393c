"""Fixtures for documentation tests. Each page runs on its own empty database, so that ids are the same each time."""

from tests.live.conftest import fresh_environment

__all__ = ["fresh_environment"]
