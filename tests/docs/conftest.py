"""Each page runs on an empty database of its own, so that the ids in it are the same each time."""

from tests.live.conftest import fresh_environment

__all__ = ["fresh_environment"]
