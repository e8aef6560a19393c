"""Backups of PostgreSQL, by its own programs: `pg_dump`, `pg_restore`, `psql`. Credentials are never arguments."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from django.db import connection

from dashboards_api.backups.contents import Refused, check_empty, check_migrations
from dashboards_api.schema_state import TABLE, Migrations

MAGIC = b"PGDMP"
BLOCK = 1024 * 1024
# Who owns what, and who may what, is for the database that it goes into.
PLAIN = ("--no-owner", "--no-privileges", "--no-comments")
_OF_LIBPQ = ("service", "passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "options")


def back_up(draft: Path) -> None:
    """Dump the database, as it is at one moment, into a file of the custom format."""
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
    check(draft)


def restore(file: Path, *, force: bool) -> None:
    """Replace our tables in one transaction. Nothing has changed until its last statement has."""
    tables = _tables_in(file)
    check(file)
    check_empty(force=force)
    existing = set(connection.introspection.table_names())
    ours = {*connection.introspection.django_table_names(include_views=False), TABLE, *tables} & existing
    connection.close()
    with _psql() as psql:
        psql.write(b"BEGIN;\n")
        for table in sorted(ours):
            psql.write(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)} CASCADE;\n".encode())
        _write_script(file, psql)
        psql.write(b"COMMIT;\n")


def check(file: Path) -> Migrations:
    """The migrations of a sound backup. Raises Refused for a damaged file, and for what this release cannot use."""
    _run("pg_restore", f"--file={os.devnull}", str(file))
    script = _run("pg_restore", "--data-only", f"--table={TABLE}", "--file=-", str(file))
    migrations = frozenset(_migrations_in(script.splitlines()))
    check_migrations(migrations)
    return migrations


def _migrations_in(script: Iterable[str]) -> Iterator[tuple[str, str]]:
    """From the lines of a COPY: id, application, name, time."""
    for line in script:
        if line.count("\t") == 3 and line.split("\t")[0].isdigit():
            _, app, name, _ = line.split("\t")
            yield app, name


def _tables_in(file: Path) -> set[str]:
    """From lines such as `215; 1259 16390 TABLE public users_user postgres`."""
    words = (line.split() for line in _run("pg_restore", "--list", str(file)).splitlines())
    return {each[5] for each in words if len(each) > 5 and each[3] == "TABLE"}


def _write_script(file: Path, to: IO[bytes]) -> None:
    """Write the statements of a backup. Raises Refused where it ends early."""
    command = _found("pg_restore", *PLAIN, "--file=-", str(file))
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as reading:  # noqa: S603  a program of PostgreSQL
            shutil.copyfileobj(cast(IO[bytes], reading.stdout), to, BLOCK)
        if reading.returncode:
            raise Refused(f"pg_restore failed: {_text(said)}")


@contextmanager
def _psql() -> Iterator[IO[bytes]]:
    """What is written to it is run by psql, which stops at the first error; no COMMIT, no change."""
    command = _found("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--output={os.devnull}")
    with tempfile.TemporaryFile() as said:
        with (
            contextlib.suppress(BrokenPipeError),  # it has stopped, and says why
            subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said, env=_environment()) as running,  # noqa: S603  the same
        ):
            yield cast(IO[bytes], running.stdin)
        if running.returncode:
            raise Refused(f"psql failed, and nothing was changed: {_text(said)}")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _run(program: str, *arguments: str) -> str:
    """What a program of PostgreSQL prints. Raises Refused where it is missing or fails."""
    command = _found(program, *arguments)
    done = subprocess.run(command, env=_environment(), capture_output=True, check=False)  # noqa: S603  the same
    if done.returncode:
        raise Refused(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def _found(program: str, *arguments: str) -> list[str]:
    path = shutil.which(program)
    if path is None:
        raise Refused(f"{program} is not there: install the client programs of PostgreSQL, of the server's release.")
    return [path, *arguments]


def _environment() -> dict[str, str]:
    """How libpq is told where the database is, and with what password: other users cannot read it there."""
    of = connection.settings_dict
    given = {
        "host": of["HOST"],
        "port": of["PORT"],
        "user": of["USER"],
        "password": of["PASSWORD"],
        "database": of["NAME"],
        **{name: of["OPTIONS"][name] for name in _OF_LIBPQ if name in of["OPTIONS"]},
    }
    return {**os.environ, **{f"PG{name.upper()}": str(value) for name, value in given.items() if value}}
