from typing import Any

from django.core.management.commands import migrate

from dashboards_api.db.backends.sqlite3.base import allow_file_creation
from dashboards_api.db.migrations import AtomicMigrationExecutor
from dashboards_api.db.start_lock import start_lock
from dashboards_api.startup import check_database, prepare_data_dir

# The command takes its executor by this name, and by no other way.
migrate.MigrationExecutor = AtomicMigrationExecutor  # type: ignore[attr-defined]  # it imports it


class Command(migrate.Command):
    """Django's own, with migrations that can be killed at any moment and run again, by one process at a time."""

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_data_dir()
        with allow_file_creation():
            check_database()
        with start_lock():
            super().handle(*args, **options)
