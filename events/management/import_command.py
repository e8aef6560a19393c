"""The base class of the commands that import rows."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from dashboards_api.errors import NotFound
from events.management.progress import Progress
from events.services.definitions import MAX_DEFINITIONS
from events.services.imports import FileResult, Importer
from events.services.rows import Kind
from events.services.source_files import BadFile, measure_files
from events.services.staging import drop_abandoned_tables, import_lock
from events.services.store import create_store_if_missing
from users.management.command_helpers import parse_project_id, report_domain_errors
from users.models import Project

INTERRUPTED = 130
INTERRUPTION = "Interrupted. The current file may have been imported in part. Import it again to complete the import."


class ImportCommand(BaseCommand):
    """A command that imports files with rows of one kind."""

    kind: ClassVar[Kind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files",
            nargs="+",
            type=Path,
            metavar="FILE",
            help=".parquet, .jsonl or .csv; .jsonl and .csv may be compressed as .gz or .zst",
        )
        parser.add_argument("--project", required=True, type=parse_project_id, metavar="ID")
        parser.add_argument("--skip-bad", action="store_true", help="skip bad rows instead of refusing their file")

    def handle(self, *args: Any, **options: Any) -> None:
        started, files = time.monotonic(), options["files"]
        with report_domain_errors(), report_interruption(INTERRUPTION), import_lock(self.report_wait):
            project = get_project(options["project"])
            results = self.import_files(files, project, skip_bad=options["skip_bad"])
        rows, seconds = sum(result.rows for result in results), time.monotonic() - started
        self.stdout.write(
            f"Imported {describe_count(rows, self.kind.noun)} from {describe_count(len(results), 'file')}"
            f" into project {project.pk}, {project.name}, in {seconds:.1f} seconds.\n"
        )
        if failed := len(files) - len(results):
            raise CommandError(f"{describe_count(failed, 'file')} could not be imported.")

    def import_files(self, files: list[Path], project: Project, *, skip_bad: bool) -> list[FileResult]:
        """Import files in order, and return the result of each imported file. Raises EngineError."""
        client = create_store_if_missing()
        drop_abandoned_tables(client)
        progress = Progress(sys.stderr, client, measure_files(files))
        importer = Importer(client, self.kind, project.pk, skip_bad=skip_bad, report=progress.report)
        results = []
        with progress.show():
            progress.start_file(files[0].name, measure_files(files[:1]))
            for number, (file, result) in enumerate(importer.import_files(files), start=1):
                progress.clear()
                if number < len(files):
                    progress.start_file(files[number].name, measure_files([files[number]]))
                if isinstance(result, BadFile):
                    self.stderr.write(result.detail)
                else:
                    results.append(result)
                    self.report_file(file, result)
        return results

    def report_file(self, file: Path, result: FileResult) -> None:
        for line in result.skipped:
            self.stderr.write(line)
        skipped = f", {describe_count(result.skipped_count, 'bad row')} skipped" if result.skipped_count else ""
        unused = f"; unused columns: {', '.join(result.unused_columns)}" if result.unused_columns else ""
        self.stdout.write(f"{file}: {describe_count(result.rows, self.kind.noun)}{skipped}{unused}")
        for count, noun in ((result.left_out.events, "events"), (result.left_out.properties, "properties")):
            if count:
                self.stderr.write(
                    f"{file}: {count:,} names of {noun} have no definition, because a project can have at most"
                    f" {MAX_DEFINITIONS:,}."
                )

    def report_wait(self) -> None:
        self.stderr.write("Another import is running. Waiting until it ends.")


@contextmanager
def report_interruption(detail: str) -> Iterator[None]:
    """Raise CommandError instead of KeyboardInterrupt, so that Ctrl-C prints `detail` and no traceback."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise CommandError(detail, returncode=INTERRUPTED) from error


def get_project(id_: int) -> Project:
    """Return a project. Raises NotFound."""
    project = Project.objects.filter(pk=id_).first()
    if project is None:
        raise NotFound(f"There is no project {id_}.")
    return project


def describe_count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
