"""A real engine. It does not use the main database, so the tests run once, with SQLite."""

import os

if os.environ.get("TEST_ENGINE") == "postgresql":
    collect_ignore_glob = ["test_*.py"]
