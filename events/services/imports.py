"""Imports of files. The rows of a file become visible only after the whole file has been validated."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.utils.timezone import now

from engine.errors import InvalidQuery
from engine.interface import EngineClient, make_query_id
from engine.parameters import format_datetime, quote_text
from events.services.data_version import increment_data_version
from events.services.definitions import OmittedNames, update_event_definitions, update_property_definitions
from events.services.rows import STAGING_COLUMNS, Kind
from events.services.source_files import BadFile, Format, build_bad_file, find_format, find_lines, list_columns
from events.services.staging import StagingCounts, check_rows_are_kept, create_staging_table, drop_table, read_staged

Report = Callable[[str, str], None]
"""A callback with the id of each slow statement, and the name of its step."""


@dataclass
class FileResult:
    """The result of importing a file."""

    rows: int
    skipped: list[str] = field(default_factory=list)
    """The first rows that were left out, each with its place and problem."""
    skipped_count: int = 0
    unused_columns: list[str] = field(default_factory=list)
    left_out: OmittedNames = field(default_factory=OmittedNames)


class StagedFile(NamedTuple):
    """A file whose rows are in a staging table. The caller must drop the table."""

    table: str
    staged: StagingCounts
    problems: list[str]
    unused_columns: list[str]


@dataclass(frozen=True)
class Importer:
    """The import of rows of one kind into a project. The caller must hold the import lock."""

    client: EngineClient
    kind: Kind
    project_id: int
    skip_bad: bool = False
    report: Report = lambda query_id, step: None

    def import_file(self, path: Path) -> FileResult:
        """Import a file. The import is idempotent, even after an interruption, because events are deduplicated by uuid.

        Raises EngineError, or BadFile if the file is refused and no row of the file is kept.
        """
        return self.publish_file(self.stage_file(path))

    def import_files(self, paths: Sequence[Path]) -> Iterator[tuple[Path, FileResult | BadFile]]:
        """Yield the result of each file, or the error for a refused file. Raises EngineError.

        The next file is read into a staging table while the rows of the current file are written, because a single step
        does not use two cores.
        """
        with ThreadPoolExecutor(1) as executor:
            ahead = executor.submit(self.stage_file, paths[0]) if paths else None
            try:
                for path, following in zip(paths, [*paths[1:], None], strict=True):
                    staging, ahead = ahead, None
                    try:
                        staged = staging.result() if staging else self.stage_file(path)
                        ahead = executor.submit(self.stage_file, following, reports=False) if following else None
                        yield path, self.publish_file(staged)
                    except BadFile as error:
                        yield path, error
            finally:
                if ahead and not ahead.cancel() and not ahead.exception():
                    drop_table(self.client, ahead.result().table)

    def stage_file(self, path: Path, *, reports: bool = True) -> "StagedFile":
        """Read a file into a staging table, and report the step if `reports` is set. Raises BadFile and EngineError."""
        format = find_format(path)
        columns = list_columns(self.client, path, format)
        self.check_columns(path, format, columns)
        unused = [name for name in columns or [] if name not in self.kind.source]
        table = create_staging_table(self.client, f"{STAGING_COLUMNS}, {self.kind.columns}", path.stat().st_size)
        try:
            staged = self.stage(path, format, table, reports=reports)
            problems = describe_bad_rows(path, format, staged)
            self.check_problems(path, problems)
        except BaseException:
            drop_table(self.client, table)
            raise
        return StagedFile(table, staged, problems, unused)

    def check_problems(self, path: Path, problems: list[str]) -> None:
        """Raise BadFile for bad rows, unless they are skipped."""
        if problems and not self.skip_bad:
            raise BadFile("\n".join([*problems, f"{path}: no row of this file was imported."]))

    def publish_file(self, file: "StagedFile") -> FileResult:
        """Make the good rows of a file visible, and drop its staging table. Raises EngineError."""
        try:
            left_out = self.publish_rows(file.table, file.staged.good) if file.staged.good else OmittedNames()
        finally:
            drop_table(self.client, file.table)
        return FileResult(file.staged.good, file.problems, file.staged.bad, file.unused_columns, left_out)

    def check_columns(self, path: Path, format: Format, columns: list[str] | None) -> None:
        """Raise BadFile once for a missing column, instead of for each row. JSON lines have no columns."""
        if columns is None or format is Format.JSONL:
            return
        if missing := [name for name in self.kind.required if name not in columns]:
            raise BadFile(f"{path}: there is no column {' or '.join(missing)}. The file has: {', '.join(columns)}.")

    def stage(self, path: Path, format: Format, table: str, *, reports: bool) -> StagingCounts:
        query_id = make_query_id()
        if reports:
            self.report(query_id, "reading")
        try:
            file = self.kind.build_import(path, format, self.project_id)
            self.client.insert_file(table, file, query_id=query_id)
        except InvalidQuery as error:
            raise build_bad_file(path, error) from error
        return read_staged(self.client, table)

    def publish_rows(self, table: str, rows: int) -> OmittedNames:
        """Make the good rows of a staging table visible. Each statement is idempotent.

        Raises EngineError if it is not certain that all rows are visible.
        """
        query_id = make_query_id()
        self.report(query_id, "defining")
        left_out = self.update_definitions(table, rows)
        increment_data_version(self.project_id)
        try:
            for statement in self.kind.build_moves(table, self.project_id, time.time_ns()):
                query_id = make_query_id()
                self.report(query_id, "writing")
                self.client.execute(statement, query_id=query_id)
            check_rows_are_kept(self.client, table, rows)
        finally:  # also after an error, because some rows may be visible
            increment_data_version(self.project_id)
        return left_out

    def update_definitions(self, table: str, rows: int) -> OmittedNames:
        left_out = OmittedNames()
        if self.kind.has_events:
            left_out.events = update_event_definitions(self.client, table, self.project_id)
        imported = f"toDateTime64({quote_text(format_datetime(now()))}, 6, 'UTC')"
        for owner, column in self.kind.properties.items():
            moment = "timestamp" if self.kind.has_events else imported
            left_out.properties += update_property_definitions(
                self.client, table, self.project_id, owner, column, moment, rows
            )
        return left_out


def describe_bad_rows(path: Path, format: Format, staged: StagingCounts) -> list[str]:
    """Return one line for each of the first bad rows, and one line with the number of further bad rows."""
    places = find_lines(path, format, [bad.row for bad in staged.examples])
    if len(places) != len(staged.examples):  # Python's CSV reader splits rows differently from the engine
        places, format = [bad.row + 1 for bad in staged.examples], Format.PARQUET
    name = f"{path}, row " if format is Format.PARQUET else f"{path}:"
    lines = [f"{name}{place}: {bad.problem}." for place, bad in zip(places, staged.examples, strict=True)]
    if more := staged.bad - len(lines):
        lines.append(f"{path}: {more:,} more bad rows.")
    return lines
