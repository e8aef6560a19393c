import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.timezone import now

from dashboards.demo_data import fill_demo_project
from dashboards.services.demo import create_demo_project
from dashboards_api.addresses import MAX_PORT, build_server_environment, get_browser_url, store_address
from dashboards_api.data_dir import write_private
from dashboards_api.db.backends.sqlite3.base import allow_file_creation
from dashboards_api.db.start_lock import start_lock
from dashboards_api.environment import MAX_WORKERS, build_integer_parser
from dashboards_api.environment_reader import SettingError, StartError
from dashboards_api.errors import DomainError
from dashboards_api.server import reserve_port
from dashboards_api.startup import check_database_is_shared, prepare_data_dir, wait_for_database
from engine.supervision import stop_supervisors
from users.services.api_keys import NewKey
from users.services.initial_data import create_initial_data
from users.services.setup import create_setup_link

SECONDS_TO_WAIT = 30
MAX_SECONDS_TO_WAIT = 3600
KEY_NAME = "first_api_key"
LINK_NAME = "setup_link"


class Command(BaseCommand):
    help = "Prepare the database, and serve until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="the IP address or host name to listen on (default: %(default)s)"
        )
        parser.add_argument("--port", default="8000", help="the port to listen on (default: %(default)s)")
        parser.add_argument("--workers", default=str(settings.WORKERS), help="worker processes (default: %(default)s)")
        parser.add_argument(
            "--demo", action="store_true", help="also create a project with three dashboards and their events"
        )
        parser.add_argument(
            "--database-timeout",
            default=str(SECONDS_TO_WAIT),
            metavar="SECONDS",
            help="the time to wait for a PostgreSQL server that is still starting (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        port = check_number("--port", options["port"], 1, MAX_PORT)
        workers = check_number("--workers", options["workers"], 1, MAX_WORKERS)
        seconds = check_number("--database-timeout", options["database_timeout"], 0, MAX_SECONDS_TO_WAIT)
        with reserve_port(options["host"], port) as host:
            address = get_browser_url(host, port)  # before anything is created for a service that cannot start
        check_database_is_shared()
        prepare_data_dir()
        str(settings.SECRET_KEY)  # create a missing key now, because workers must share it
        with allow_file_creation():
            wait_for_database(seconds)
        call_command("migrate", interactive=False, verbosity=0)
        self.create_initial_rows(address, demo=options["demo"])
        store_address(address)
        stop_supervisors(os.getpid())  # the engine of the demo's import; the server starts its own
        self.stdout.flush()
        path = os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {"MALLOC_ARENA_MAX": "2", **build_server_environment(host), "PYTHONPATH": path}
        server = [sys.executable, "-m", "dashboards_api.server", host, str(port), str(workers), f"{address}/"]
        os.execve(sys.executable, server, environment)  # noqa: S606  a checked command of ours

    def create_initial_rows(self, address: str, *, demo: bool) -> None:
        """Create the first rows of an empty database, and the demo if `--demo` is given."""
        with start_lock():
            with transaction.atomic():
                if made := create_initial_data():
                    self.deliver_secrets(made, address)
            if demo:
                try:
                    project = create_demo_project(is_first=made is not None)
                except DomainError as error:
                    raise StartError(error.detail) from error
                self.stdout.write(f"The demo is in project {project.pk}, {project.name}.\n")
                self.stdout.write(f"{fill_demo_project(project, now())}\n")

    def deliver_secrets(self, new_key: NewKey, address: str) -> None:
        """Print the first secrets to a terminal, or else write them to files, because other output may be logged."""
        link = create_setup_link(new_key.key.user, address)
        if self.stdout.isatty():
            self.stdout.write(f"\nYour first API key (shown only now): {new_key.value}\n")
            self.stdout.write(f"Choose your password in a browser (once, within 24 hours): {link}\n")
            return
        write_private(settings.DATA_DIR / KEY_NAME, f"{new_key.value}\n")
        write_private(settings.DATA_DIR / LINK_NAME, f"{link}\n")
        self.stdout.write(f"Your first API key is in {settings.DATA_DIR / KEY_NAME}\n")
        self.stdout.write(
            f"The link to choose your password (once, within 24 hours) is in {settings.DATA_DIR / LINK_NAME}\n"
            "Delete both files when you have read them.\n"
        )


def check_number(option: str, text: str, minimum: int, maximum: int) -> int:
    """Return the number of an option. Raises SettingError, because argparse would also print its usage."""
    try:
        return build_integer_parser(minimum, maximum)(str(text))
    except ValueError as error:
        raise SettingError(option, error) from error
