"""Files to import, and the commands that import them."""

import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backports import zstd
from django.core.management import call_command
from django.core.management.base import CommandError

from engine.interface import EngineClient


class Output(NamedTuple):
    """The output of a command, and the text of its error."""

    out: str
    err: str
    error: str


def run_command(*arguments: object) -> Output:
    out, err, error = io.StringIO(), io.StringIO(), ""
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except CommandError as raised:
        error = str(raised)
    return Output(out.getvalue(), err.getvalue(), error)


def make_event(number: int = 1, **values: Any) -> dict[str, Any]:
    event = {
        "event": "signed up",
        "distinct_id": f"user{number}",
        "timestamp": f"2026-11-{number:02}T12:30:00.250Z",
        "properties": {"number": number},
    }
    return {name: value for name, value in (event | values).items() if value is not ...}


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    """Write JSON lines, compressed according to the suffix of the file. A row that is a string is written unchanged."""
    lines = "".join(f"{row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    content = lines.encode("utf-8", "surrogateescape")
    match path.suffix:
        case ".gz":
            content = gzip.compress(content)
        case ".zst":
            content = zstd.compress(content)
    path.write_bytes(content)
    return path


def write_parquet(client: EngineClient, folder: Path, name: str, select: str) -> Path:
    """Write the rows of a SELECT as Parquet with the engine, which can write only to its own folder."""
    path = folder / "engine" / "tmp" / name
    client.execute(f"{select} INTO OUTFILE '{path}' TRUNCATE FORMAT Parquet")
    return path


def read_rows(client: EngineClient, sql: str) -> list[list[Any]]:
    return client.read(sql).rows


def list_tables(client: EngineClient) -> set[str]:
    return {name for [name] in client.execute("SHOW TABLES").rows}
