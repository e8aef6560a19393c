import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engine.interface import EngineClient
from engine.materialized_columns import (
    add_materialized_columns,
    drop_materialized_columns,
    measure_materialized_columns,
)
from events.management.import_command import report_interruption
from events.services.staging import drop_abandoned_tables, import_lock
from events.services.store import open_store
from users.management.command_helpers import report_domain_errors

INTERRUPTION = "Interrupted. Either all or none of the columns were changed."


class Command(BaseCommand):
    help = (
        "Store properties of events as materialized columns, from which queries read values without parsing JSON."
        " Without names, list the materialized columns with their sizes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="a property of events, such as '$browser'")
        parser.add_argument("--drop", action="store_true", help="drop the columns of these properties")

    def handle(self, *args: Any, **options: Any) -> None:
        names, drops = options["names"], options["drop"]
        if drops and not names:
            raise CommandError("--drop requires the names of properties.")
        with report_domain_errors(), report_interruption(INTERRUPTION):
            client = open_store()
            if names:
                with import_lock(self.report_wait):
                    self.change(client, names, drops=drops)
            self.list_columns(client)

    def change(self, client: EngineClient, names: list[str], *, drops: bool) -> None:
        started = time.monotonic()
        drop_abandoned_tables(client)
        if drops:
            drop_materialized_columns(client, names)
        else:
            add_materialized_columns(client, names)
        done = f"{'Dropped' if drops else 'Stored'} {describe_properties(len(set(names)))}"
        self.stdout.write(f"{done} in {time.monotonic() - started:.1f} seconds.")

    def list_columns(self, client: EngineClient) -> None:
        sizes = measure_materialized_columns(client)
        if not sizes:
            self.stdout.write("There are no materialized columns.")
        for name, size in sizes.items():
            self.stdout.write(f"{name}\t{size / 1e6:.1f} MB")

    def report_wait(self) -> None:
        self.stderr.write("An import is running. Waiting until it ends.")


def describe_properties(count: int) -> str:
    return f"{count:,} {'property' if count == 1 else 'properties'}"
