"""A primary with a streaming replica, both of our own."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

import psycopg

from tests.postgres import FAST, binaries, own_server, reachable, unprivileged, wait


class Pair(NamedTuple):
    primary: str
    replica: str
    process: "subprocess.Popen[bytes]"


@contextlib.contextmanager
def pair() -> Iterator[Pair]:
    """Commits are flushed, so that positions of the log are what they are in production."""
    with own_server("synchronous_commit=on", "wal_level=replica") as primary, replica_of(primary) as (url, process):
        yield Pair(primary, url, process)


@contextlib.contextmanager
def replica_of(primary: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with tempfile.TemporaryDirectory(prefix="replica-") as temporary:
        work = Path(temporary)
        as_user = unprivileged(work)
        folder = reachable(binaries(), work)
        host = unquote(urlsplit(primary).hostname or "")
        copying: list[Any] = [folder / "pg_basebackup", "-h", host, "-U", "postgres", "-D", work / "data", "-R"]
        subprocess.run([*copying, "--checkpoint=fast", "--no-sync"], check=True, **as_user)
        settings = [part for each in [*FAST, f"unix_socket_directories={work}"] for part in ("-c", each)]
        with (work / "log").open("wb") as log:
            command: list[Any] = [folder / "postgres", "-D", work / "data", *settings]
            process = subprocess.Popen(command, stdout=log, stderr=log, **as_user)
        try:
            url = f"postgresql://postgres@{quote(str(work), safe='')}/postgres"
            wait(url, process, work / "log")
            yield url, process
        finally:
            process.terminate()
            process.wait()


def scalar(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]
