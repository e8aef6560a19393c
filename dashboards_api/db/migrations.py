"""Migrations that are applied and recorded in one transaction, and indexes that are created without blocking writes."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import AddIndex
from django.db.migrations.state import ProjectState


class AtomicMigrationExecutor(MigrationExecutor):
    """An executor that applies a migration and records it in one transaction.

    Django records a migration after its transaction if statements, for example for foreign keys, are deferred to the
    end. If the process is killed in between, the next run fails because the tables exist already.
    """

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        if fake or fake_initial or not migration.atomic:
            return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        self._tell("apply_start", migration)
        with self.connection.schema_editor(atomic=True) as editor:
            state = migration.apply(state, editor)
            for statement in editor.deferred_sql:
                editor.execute(statement, None)
            editor.deferred_sql.clear()
            self.record_migration(migration)
        self._tell("apply_success", migration)
        return state

    def _tell(self, action: str, migration: Migration) -> None:
        progress: Any = self.progress_callback
        if progress:
            progress(action, migration, False)


class AddIndexOnline(AddIndexConcurrently):
    """An operation that creates an index, on PostgreSQL with CONCURRENTLY, so that an earlier release can still write.

    The migration cannot be atomic. An interrupted run leaves an invalid index, which the next run drops first.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
            return
        super().database_backwards(app_label, schema_editor, from_state, to_state)
