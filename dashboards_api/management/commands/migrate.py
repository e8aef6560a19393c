from django.core.management.commands import migrate

from dashboards_api.migrating import WholeMigrationExecutor

# The command takes its executor by this name, and by no other way.
migrate.MigrationExecutor = WholeMigrationExecutor  # type: ignore[attr-defined]  # it imports it


class Command(migrate.Command):
    """Django's own, with migrations that can be killed at any moment and run again."""
