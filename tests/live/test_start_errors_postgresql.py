"""Start errors of PostgreSQL, and passwords with characters that a URL cannot contain."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.live.conftest import ROOT, Service, find_free_port, read_start_error, run_manage
from tests.postgres import run_server

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="these errors are of PostgreSQL"
)
PASSWORD = "ab/cd+ef==@?#[%"
HBA = "local all postgres trust\nlocal all all scram-sha-256\n"


@pytest.fixture(scope="module")
def socket_folder() -> Iterator[str]:
    """Yield the socket folder of a server with databases in three encodings. The role `boards` has a password."""
    with run_server() as url, psycopg.connect(url, autocommit=True) as connection:
        role = sql.SQL("CREATE ROLE boards LOGIN PASSWORD {}").format(sql.Literal(PASSWORD))
        connection.execute(role)
        connection.execute("CREATE DATABASE boards OWNER boards")
        for encoding in ("SQL_ASCII", "LATIN1"):
            options = sql.SQL("ENCODING {} LOCALE 'C' TEMPLATE template0").format(sql.Literal(encoding))
            name = sql.Identifier(encoding.lower())
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER boards ").format(name) + options)
        [file] = connection.execute("SHOW hba_file").fetchone() or []
        Path(file).write_text(HBA)
        connection.execute("SELECT pg_reload_conf()")
        yield str(Path(file).parent.parent)


@pytest.fixture
def boards_environment(socket_folder: str, tmp_path: Path) -> dict[str, str]:
    """Return an environment with separate connection settings, which can contain any character."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    own = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": "postgresql:///boards", "PYTHONUNBUFFERED": "1"}
    return {**kept, **own, "PGHOST": socket_folder, "PGUSER": "boards", "PGPASSWORD": PASSWORD}


def test_any_password_works_as_a_separate_setting(boards_environment: dict[str, str], tmp_path: Path) -> None:
    service = Service(boards_environment, tmp_path / "log").wait()
    service.stop()
    assert PASSWORD not in service.log.read_text()
    assert len(service.printed_keys) == 1


def test_password_can_be_read_from_a_file_or_percent_encoded_in_the_url(
    boards_environment: dict[str, str], socket_folder: str, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    rest = {name: value for name, value in boards_environment.items() if name != "PGPASSWORD"}
    assert run_manage({**rest, "PGPASSWORD_FILE": str(tmp_path / "password")}, "migrate", "--plan").returncode == 0
    url = f"postgresql://boards:{quote(PASSWORD, safe='')}@{quote(socket_folder, safe='')}/boards"
    assert run_manage({**rest, "DATABASE_URL": url}, "migrate", "--plan").returncode == 0


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"PGPASSWORD": "hunter2"}, 'password authentication failed for user "boards"'),
        ({"DATABASE_URL": "postgresql:///none"}, 'database "none" does not exist'),
        ({"PGUSER": "nobody_else"}, 'password authentication failed for user "nobody_else"'),
        (
            {"DATABASE_URL": "postgresql:///sql_ascii"},
            "must be encoded in UTF8, not SQL_ASCII. Create one",
        ),
        ({"DATABASE_URL": "postgresql:///latin1"}, "must be encoded in UTF8, not LATIN1"),
    ],
)
def test_unusable_database_is_reported_in_one_line(
    boards_environment: dict[str, str], variables: dict[str, str], problem: str
) -> None:
    started = time.monotonic()
    line = read_start_error({**boards_environment, **variables}, "serve", "--port", find_free_port())
    assert line.startswith("Error: The PostgreSQL database (DATABASE_URL) ")
    assert problem in line
    assert "hunter2" not in line
    assert PASSWORD not in line
    assert time.monotonic() - started < 29  # retrying would not help


def test_every_command_reports_it(boards_environment: dict[str, str]) -> None:
    line = read_start_error({**boards_environment, "PGPASSWORD": "hunter2"}, "create_user", "a@example.com")
    assert "password authentication failed" in line
    assert "hunter2" not in line


def test_role_without_the_create_privilege_is_reported_in_one_line(
    boards_environment: dict[str, str], socket_folder: str
) -> None:
    with psycopg.connect(f"postgresql://postgres@{quote(socket_folder, safe='')}/postgres", autocommit=True) as other:
        other.execute("CREATE DATABASE of_others")
    line = read_start_error(
        {**boards_environment, "DATABASE_URL": "postgresql:///of_others"}, "serve", "--port", find_free_port()
    )
    assert "permission denied for schema public" in line


def test_unreachable_server_is_reported_in_one_line_after_a_timeout(boards_environment: dict[str, str]) -> None:
    nowhere = {**boards_environment, "PGHOST": "127.0.0.1", "PGPORT": "1"}
    assert 'connection to server at "127.0.0.1", port 1 failed: Connection refused' in read_start_error(
        nowhere, "migrate"
    )
    ended = run_manage(nowhere, "serve", "--port", find_free_port(), "--database-timeout", 2)
    assert (ended.returncode, ended.stdout) == (2, "")
    waiting, error = ended.stderr.splitlines()
    assert waiting.startswith("Waiting for the database, at most 2 seconds: The PostgreSQL database (DATABASE_URL)")
    assert error.startswith("Error: The PostgreSQL database (DATABASE_URL) cannot be used: connection failed")


def test_start_waits_for_a_late_server(boards_environment: dict[str, str], socket_folder: str, tmp_path: Path) -> None:
    later = tmp_path / "socket"
    port = find_free_port()
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "manage.py", "serve", "--port", str(port), "--database-timeout", "60"]
        environment = {**boards_environment, "PGHOST": str(later)}
        running = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for_text(tmp_path / "log", "Waiting for the database")
            later.symlink_to(socket_folder)
            wait_for_text(tmp_path / "log", "Serving on")
        finally:
            running.terminate()
            running.wait(timeout=20)


def wait_for_text(file: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in file.read_text():
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.1)
