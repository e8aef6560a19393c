from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError, connection

from dashboards_api.backups import BackupError, back_up
from engine.errors import EngineError
from events.services.backups import back_up_events, get_events_file, has_embedded_data
from events.services.staging import import_lock


class Command(BaseCommand):
    help = (
        "Write an embedded database (SQLite) to one file, and the events of an embedded engine to a second file, while"
        " the service runs. The files do not contain the secret key."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file, which only its owner can read")
        parser.add_argument(
            "--events-only", action="store_true", help="write only FILE.events, in addition to a backup of PostgreSQL"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            self.write_files(file, events_only=options["events_only"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        except EngineError as error:
            raise CommandError(f"The events cannot be backed up: {error.detail}") from error

    def write_files(self, file: Path, *, events_only: bool) -> None:
        """Write both files or neither of them. No import can run at the same time, so the files are consistent."""
        if not events_only and (connection.vendor != "sqlite" or not has_events()):
            back_up(file)
            self.report(file)
            return
        events = get_events_file(file)
        with import_lock(lambda: self.stderr.write("An import is running. Waiting until it ends.")):
            back_up_events(events)
            try:
                if not events_only:
                    back_up(file)
            except BaseException:
                events.unlink()
                raise
        for written in (events,) if events_only else (file, events):
            self.report(written)

    def report(self, file: Path) -> None:
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes")
        if settings.ENGINE_URL:
            self.stderr.write(
                "The events are on the server of ENGINE_URL. Back them up there with its BACKUP statement."
            )


def has_events() -> bool:
    """Return whether there are events to back up. A database of an earlier release may have no table for the store."""
    try:
        return has_embedded_data()
    except (OperationalError, ProgrammingError):
        return False
