from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

AVAILABLE = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm' AND installed_version IS NOT NULL"


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On PostgreSQL a search is served by an index of trigrams. Without the extension it works, more slowly."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        # A database owner may create it; where they may not, an administrator can, and run this again by hand.
        cursor.execute(
            """
            DO $$ BEGIN
                CREATE EXTENSION IF NOT EXISTS pg_trgm;
            EXCEPTION WHEN OTHERS THEN
                RAISE NOTICE 'no pg_trgm: %', SQLERRM;
            END $$
            """
        )
        cursor.execute(AVAILABLE)
        if cursor.fetchone():
            cursor.execute(
                "CREATE INDEX dashboards_search ON dashboards_dashboard USING gin (search_text gin_trgm_ops)"
            )


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS dashboards_search")


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0013_list_index")]

    operations = [migrations.RunPython(add, remove)]
