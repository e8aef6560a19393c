"""Tests that run on only one of the two databases, because their results do not depend on the database."""

import os
from pathlib import Path

TESTS = Path(__file__).parent
# Tests of the engine, whose results do not depend on the main database.
SQLITE_ONLY = (
    "engine",
    "events/test_backups.py",
    "events/test_delete_events.py",
    "events/test_demo_data.py",
    "events/test_import_events.py",
    "events/test_import_interruptions.py",
    "events/test_import_persons.py",
    "events/test_import_refusals.py",
    "events/test_import_table.py",
    "events/test_store.py",
    "live/test_query_kills.py",
    "live/test_query_limits.py",
    "queries/differential",
    "queries/hogql",
    "queries/runners",
    "queries/worker",
)
POSTGRESQL_ONLY = ("events/test_postgresql_source.py",)
# Tests of documents, pages and connections, which are above the database. With `CHECK_FULL=1`, they also run on
# PostgreSQL.
USUALLY_SQLITE_ONLY = (
    "api/test_access_table.py",
    "browser/test_accessibility.py",
    "browser/test_api_document.py",
    "browser/test_charts.py",
    "browser/test_results.py",
    "browser/test_shared_page.py",
    "contract",
    "dashboards_api/http",
    "docs",
    "live/test_compose.py",
    "live/test_edge.py",
    "live/test_first_start.py",
    "live/test_hostile.py",
    "live/test_image.py",
    "live/test_metrics.py",
    "live/test_unread_responses.py",
    "pages",
    "queries/legacy_filters",
    "queries/results",
    "queries/test_golden.py",
    "tools/test_benchmark_content.py",
)


# Whether this run tests only the database. If so, tests of pages and documents run in one of several variants.
IS_ABOUT_THE_DATABASE = os.environ.get("TEST_ENGINE") == "postgresql" and not os.environ.get("CHECK_FULL")


def is_left_out(path: Path) -> bool:
    """Return whether a file or a folder of tests does not run on the database of this run."""
    if os.environ.get("TEST_ENGINE") != "postgresql":
        left_out: tuple[str, ...] = POSTGRESQL_ONLY
    else:
        left_out = SQLITE_ONLY + (USUALLY_SQLITE_ONLY if IS_ABOUT_THE_DATABASE else ())
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix() in left_out
