"""The settings of the service with the linter of migrations, for `make lint`.

The linter checks the statements for PostgreSQL, since the old release keeps running during a rolling upgrade. SQLite
needs no check, since a database has only one service, which migrates it.
"""

from dashboards_api.settings import *  # noqa: F403  all settings
from dashboards_api.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "django_migration_linter"]
MIGRATION_LINTER_OPTIONS = {
    "no_cache": True,
    "include_apps": ["users", "events", "queries", "dashboards"],
    "warnings_as_errors": [],
    # Migrations from before the first release never run on tables with rows.
    "ignore_name": [
        "0002_insights",
        "0006_template_finding",
        "0009_template_variables_and_colors",
        "0010_tag_names",
        "0011_revisions",
        "0012_tile_indexes",
        "0013_list_index",
        "0023_folder_indexes",  # builds empty partial indexes on new columns in one scan of the table
        "0015_activity",  # the same migration creates the indexed table, which is empty
    ],
}
