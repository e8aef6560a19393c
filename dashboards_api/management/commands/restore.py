from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dashboards_api.backups import BackupError, restore
from engine.errors import EngineError
from events.models import Store
from events.services.backups import get_events_file, read_expected_id, restored_events


class Command(BaseCommand):
    help = "Replace the database with a backup, and the events with the backup of the events. Stop the service first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help="a file that `backup` wrote; it can also be restored into PostgreSQL",
        )
        parser.add_argument("--force", action="store_true", help="replace existing data in the database and the engine")

        parser.add_argument("--events-only", action="store_true", help="restore only FILE.events, after pg_restore")

    def handle(self, *args: Any, **options: Any) -> None:
        file, force = options["file"], options["force"]
        try:
            if options["events_only"]:
                self.restore_events(file, force=force)
            else:
                self.restore_files(file, force=force)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        except EngineError as error:
            raise CommandError(f"The events cannot be restored: {error.detail}") from error
        self.stdout.write("Restored. The next `manage.py serve` or `manage.py migrate` migrates it to this release.")

    def restore_events(self, file: Path, *, force: bool) -> None:
        """Restore the events of a database that has been restored already."""
        store = Store.objects.filter(is_confirmed=True).first()
        with restored_events(get_events_file(file), store.store_id if store else None, force=force):
            pass

    def restore_files(self, file: Path, *, force: bool) -> None:
        events = get_events_file(file)
        if events.exists() and settings.ENGINE and not settings.ENGINE_URL:
            with restored_events(events, read_expected_id(file), force=force):
                restore(file, force=force)
            return
        restore(file, force=force)
        if read_expected_id(file):
            self.stderr.write(
                f"Note: the events were not restored, because {events} does not exist or this service has no embedded"
                " engine. Results are unavailable unless the engine has the store of this database."
            )
