from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from engine.supervision import is_engine_installed
from queries.worker import Worker


class Command(BaseCommand):
    help = "Run a query worker until it is stopped. `serve` starts one automatically; more may run on other machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--supervisor", type=int, metavar="PID", help="exit when this parent process exits")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ENGINE:
            raise CommandError("The engine is turned off: ENGINE=off.")
        if not is_engine_installed():
            raise CommandError("The engine is not installed. Install it with `make install`.")
        Worker(max(1, settings.QUERY_WORKERS), options["supervisor"]).run()
