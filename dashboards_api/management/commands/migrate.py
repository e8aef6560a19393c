from typing import Any

from django.core.management.commands import migrate

from dashboards_api.db.backends.sqlite3.base import allow_file_creation
from dashboards_api.db.migrations import AtomicMigrationExecutor
from dashboards_api.db.start_lock import start_lock
from dashboards_api.startup import check_database, prepare_data_dir

# The command has no other hook for its executor.
migrate.MigrationExecutor = AtomicMigrationExecutor  # type: ignore[attr-defined]  # imported by `migrate`


class Command(migrate.Command):
    """Django's command, run by one process at a time. A migration that is killed at any time can run again."""

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_data_dir()
        with allow_file_creation():
            check_database()
        with start_lock():
            super().handle(*args, **options)
