from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from engine.supervision import is_engine_installed
from queries.worker import Worker


class Command(BaseCommand):
    help = "Compute queries until it is stopped. `serve` starts one by itself; others may run on other machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--supervisor", type=int, metavar="PID", help="end with this parent process")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ENGINE:
            raise CommandError("The engine is turned off: ENGINE=off.")
        if not is_engine_installed():
            raise CommandError("The engine is not installed: `make install`.")
        Worker(max(1, settings.QUERY_WORKERS), options["supervisor"]).run()
