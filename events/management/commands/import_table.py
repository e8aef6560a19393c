import time
from argparse import ArgumentParser
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from engine.interface import EngineClient
from events.management.import_command import describe_count, get_project, report_interruption
from events.services.postgresql_source import copy_table, is_postgresql
from events.services.staging import drop_abandoned_tables, get_incoming_folder, import_lock
from events.services.store import create_store_if_missing
from events.services.tables import TableSource, check_table_name, describe_source, import_table
from users.management.command_helpers import parse_project_id, report_domain_errors

INTERRUPTION = "Interrupted. Queries read the earlier rows of the table, if there were any."


class Command(BaseCommand):
    help = (
        "Import a table for queries in HogQL. An existing table with the same name is replaced in one step, when the"
        " import is complete."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name in HogQL: letters, digits and _")
        parser.add_argument(
            "source", help="a file (.parquet, .jsonl or .csv), or postgresql://user@host/database#schema.table"
        )
        parser.add_argument("--project", required=True, type=parse_project_id, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with report_domain_errors(), report_interruption(INTERRUPTION), import_lock(self.report_wait):
            project = get_project(options["project"])
            check_table_name(options["name"])
            client = create_store_if_missing()
            drop_abandoned_tables(client)
            with open_source(client, options["source"]) as source:
                table = import_table(client, options["name"], source, project.pk)
        self.stdout.write(
            f"Imported {describe_count(table.row_count, 'row')} into the table {table.name} of project {project.pk},"
            f" {project.name}, in {time.monotonic() - started:.1f} seconds. Columns: {', '.join(table.columns)}."
        )

    def report_wait(self) -> None:
        self.stderr.write("Another import is running. Waiting until it ends.")


def open_source(client: EngineClient, source: str) -> AbstractContextManager[TableSource]:
    if is_postgresql(source):
        return copy_table(source, get_incoming_folder())
    return nullcontext(describe_source(client, Path(source)))
