"""Imported files: their formats, their columns, and the line numbers of their rows."""

import csv
import io
import itertools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import orjson

from dashboards_api.errors import DomainError
from engine.errors import EngineError, InvalidQuery
from engine.interface import EngineClient
from engine.server_client import open_file

COMPRESSIONS = (".gz", ".zst")
SAMPLE_LINES = 100
MAX_LINE_BYTES = 1_000_000
MAX_MESSAGE_CHARACTERS = 400


class Format(StrEnum):
    """The formats of files, with ClickHouse's names. JSON lines are read as text, so that bad lines can be numbered."""

    PARQUET = "Parquet"
    JSONL = "LineAsString"
    CSV = "CSVWithNames"


_ENGINE_PATH = re.compile(r"[:.]? ?\(?in file/uri [^)]*\)")
_FORMATS = {
    ".parquet": Format.PARQUET,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
}


class BadFile(DomainError):
    """The error for a file of which no row was kept. The message contains the name of the file."""

    code = "bad_file"


def build_bad_file(name: object, error: EngineError) -> BadFile:
    """Return the error for a file that ClickHouse cannot read, as one line without the engine's path."""
    message = _ENGINE_PATH.sub("", " ".join(error.detail.split()))
    return BadFile(f"{name}: {message[:MAX_MESSAGE_CHARACTERS]}")


def find_format(path: Path) -> Format:
    """Return the format of a file. Raises BadFile if the file is unreadable or has another format."""
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}.") from error
    suffix = Path(path.stem).suffix if path.suffix in COMPRESSIONS else path.suffix
    found = _FORMATS.get(suffix)
    if found is None or (found is Format.PARQUET and path.suffix in COMPRESSIONS):
        detail = "unknown file extension. Use .parquet; or .jsonl, .ndjson or .csv, optionally with .gz or .zst."
        raise BadFile(f"{path}: {detail}")
    return found


def list_columns(client: EngineClient, path: Path, format: Format) -> list[str] | None:
    """Return the column names of a file, or None if they are unknown. For JSON lines, read the first lines.

    Raises BadFile.
    """
    match format:
        case Format.JSONL:
            return list_keys(path)
        case Format.CSV:
            with open_rows(path) as rows:
                return next(iter(rows), [])
        case Format.PARQUET:
            try:
                return list(client.describe_file(path, format))
            except InvalidQuery:
                return None  # a ClickHouse server cannot read the file before it is inserted


def list_keys(path: Path) -> list[str]:
    """Return the keys in the first JSON lines of a file. A line that is not an object is refused by the import."""
    keys: dict[str, None] = {}
    with report_unreadable(path), open_file(path) as opened:
        for line in itertools.islice(iter(lambda: opened.readline(MAX_LINE_BYTES), b""), SAMPLE_LINES):
            with suppress(orjson.JSONDecodeError):
                found = orjson.loads(line)
                keys |= dict.fromkeys(found) if isinstance(found, dict) else {}
    return list(keys)


def find_lines(path: Path, format: Format, rows: Sequence[int]) -> list[int]:
    """Return the number of the line at which each row begins.

    Lines are numbered from 1. `rows` contains ascending numbers of rows, from 0. A value in CSV may have several lines.
    Parquet has no lines, so its rows are counted from 1.
    """
    if format is not Format.CSV or not rows:
        return [row + 1 for row in rows]
    begins: list[int] = []
    with open_rows(path) as reader:
        next(reader, None)
        wanted, line = set(rows), reader.line_num + 1
        for number, _ in enumerate(reader):
            if number in wanted:
                begins.append(line)
            if number >= rows[-1]:
                break
            line = reader.line_num + 1
    return begins


@contextmanager
def open_rows(path: Path) -> Iterator[Any]:
    """Open a CSV file with a reader of the module `csv`. Raises BadFile if the file is not readable as CSV."""
    csv.field_size_limit(sys.maxsize)
    with report_unreadable(path), open_text(path) as text:
        yield csv.reader(text)


def open_text(path: Path) -> TextIO:
    return io.TextIOWrapper(open_file(path), encoding="utf-8-sig", errors="replace", newline="")


@contextmanager
def report_unreadable(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # gzip, zlib, zstd and csv raise exceptions of different types
        raise BadFile(f"{path}: {error}.") from error


def measure_files(paths: Sequence[Path]) -> int:
    """Return the total size of files in bytes. Missing files are skipped here, and refused by the import."""
    total = 0
    for path in paths:
        with suppress(OSError):
            total += os.path.getsize(path)
    return total
