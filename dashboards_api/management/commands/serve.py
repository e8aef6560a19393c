import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from dashboards.demo import create_demo
from dashboards_api.environment import checked_workers
from dashboards_api.server import reserve_port
from users.first_run import first_run
from users.services.setup import setup_link


class Command(BaseCommand):
    help = "Prepare the database, and serve until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            choices=range(1, 65536),
            metavar="PORT",
            help="the port to listen on (default: %(default)s)",
        )
        parser.add_argument("--workers", type=int, default=settings.WORKERS, help="processes (default: %(default)s)")
        parser.add_argument("--demo", action="store_true", help="also make a project with three filled dashboards")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["port"] <= 65535:
            raise CommandError("A port is a number from 1 to 65535.")
        with reserve_port(options["host"], options["port"]):
            pass  # nothing is prepared for a service that could not start
        call_command("migrate", interactive=False, verbosity=0)
        made = first_run()
        if made:
            self.stdout.write(f"\nYour first API key (shown only now): {made.value}\n")
            link = setup_link(made.key.user, f"http://{options['host']}:{options['port']}")
            self.stdout.write(f"Choose your password in a browser (once, within 24 hours): {link}\n")
        if options["demo"]:
            demo = create_demo()
            self.stdout.write(f"The demo is in project {demo.pk}, {demo.name}.\n")
        address = f"http://{options['host']}:{options['port']}/"
        self.stdout.flush()
        workers = checked_workers(options["workers"])
        path = os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])
        server = [sys.executable, "-m", "dashboards_api.server", options["host"], str(options["port"]), str(workers)]
        server.append(address)
        os.execve(sys.executable, server, {"MALLOC_ARENA_MAX": "2", **os.environ, "PYTHONPATH": path})  # noqa: S606  a checked command of ours
