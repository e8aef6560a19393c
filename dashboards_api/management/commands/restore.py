from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboards_api.backups import BackupError, restore


class Command(BaseCommand):
    help = "Replace the database by a backup, all of it or nothing. Stop the service first."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help="a file that `backup` wrote; it can be restored into PostgreSQL, too",
        )
        parser.add_argument("--force", action="store_true", help="replace what the database holds")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restore(options["file"], force=options["force"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. The next `manage.py serve` or `manage.py migrate` migrates it to this release.")
