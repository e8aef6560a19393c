from typing import Any

from django.core.management.commands import migrate

from dashboards_api.backends.sqlite3.base import creating_files
from dashboards_api.migrating import WholeMigrationExecutor
from dashboards_api.start_lock import start_lock
from dashboards_api.startup import check_database, prepare_folder

# The command takes its executor by this name, and by no other way.
migrate.MigrationExecutor = WholeMigrationExecutor  # type: ignore[attr-defined]  # it imports it


class Command(migrate.Command):
    """Django's own, with migrations that can be killed at any moment and run again, by one process at a time."""

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_folder()
        with creating_files():
            check_database()
        with start_lock():
            super().handle(*args, **options)
