"""A migration and its record are committed in one transaction."""

from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.commands import migrate
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState
from django.db.models.deletion import CASCADE

from dashboards_api.db.migrations import AtomicMigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = {"users_half", "users_quarter"}


class TwoTables(migrations.Migration):
    """A migration with a deferred statement at its end, for the foreign key of the second table to the first."""

    operations = [
        migrations.CreateModel("Half", [("id", models.BigAutoField(primary_key=True))]),
        migrations.CreateModel(
            "Quarter",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("half", models.ForeignKey("users.Half", on_delete=CASCADE)),
            ],
        ),
    ]


class KilledExecutor(AtomicMigrationExecutor):
    def record_migration(self, migration: Any) -> None:
        super().record_migration(migration)
        raise KeyboardInterrupt


def list_tables() -> set[str]:
    return TABLES & set(connection.introspection.table_names())


def is_recorded(executor: AtomicMigrationExecutor) -> bool:
    return ("users", "halves") in executor.recorder.applied_migrations()


def test_killed_migration_leaves_nothing_and_can_be_repeated() -> None:
    migration = TwoTables("halves", "users")
    with pytest.raises(KeyboardInterrupt):
        KilledExecutor(connection).apply_migration(ProjectState(), migration)
    executor = AtomicMigrationExecutor(connection)
    assert (list_tables(), is_recorded(executor)) == (set(), False)
    state = executor.apply_migration(ProjectState(), migration)
    assert (list_tables(), is_recorded(executor)) == (TABLES, True)
    executor.recorder.record_unapplied("users", "halves")
    with connection.schema_editor() as editor:
        for name in ("Quarter", "Half"):
            editor.delete_model(state.apps.get_model("users", name))
    assert list_tables() == set()


def test_migrate_command_uses_the_atomic_executor() -> None:
    assert get_commands()["migrate"] == "dashboards_api"
    load_command_class("dashboards_api", "migrate")
    assert vars(migrate)["MigrationExecutor"] is AtomicMigrationExecutor
