"""Backups of PostgreSQL with the commands that `manage.py backup` and `restore` print, and moving from SQLite."""

import os
import shlex
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.database_rows import read_rows
from tests.live.conftest import Service, empty_database, run_manage
from tests.live.writer import Writer
from tests.postgres import find_binaries

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="SQLite has its own in test_backups.py"
)
PASSWORD = "never/printed"


def get_refusal(environment: dict[str, str], *arguments: object) -> str:
    """Return the single line of error output of a refused command."""
    ended = run_manage(environment, *arguments)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert PASSWORD not in ended.stderr
    return ended.stderr.strip()


def run_printed(line: str, environment: dict[str, str]) -> None:
    """Run the command at the end of a printed line, as an operator would."""
    command = shlex.split(line.partition(" with: ")[2])
    subprocess.run([find_binaries() / command[0], *command[1:]], env=environment, check=True)


def test_printed_commands_back_up_and_restore(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(base_url=service.base, headers=headers, timeout=20) as api:
        assert api.post("/api/projects/1/dashboards/", json={"name": "Board é"}).status_code == 201
        file = tmp_path / "a file"
        line = get_refusal({**environment, "PGPASSWORD": PASSWORD}, "backup", file)
        assert line.startswith("CommandError: The database is PostgreSQL. Back it up with: pg_dump --format=custom")
        assert not file.exists()
        run_printed(line, environment)
        before = read_rows(environment["DATABASE_URL"])
        assert api.post("/api/projects/1/dashboards/", json={"name": "after"}).status_code == 201
        line = get_refusal({**environment, "PGPASSWORD": PASSWORD}, "restore", file, "--force")
        assert "is a dump of PostgreSQL. Restore it with: pg_restore --clean" in line
        run_printed(line, environment)
        assert read_rows(environment["DATABASE_URL"]) == before
        assert api.get("/api/projects/1/dashboards/").json()["count"] == 1
        with empty_database(tmp_path / "data") as other:
            run_printed(get_refusal(other, "restore", file), environment)
            assert read_rows(other["DATABASE_URL"]) == before
        lite = {name: value for name, value in environment.items() if name != "DATABASE_URL"}
        assert "cannot be restored into SQLite" in get_refusal(lite, "restore", file)


def test_command_contains_the_postgresql_variables(environment: dict[str, str], tmp_path: Path) -> None:
    of_pg = {"DATABASE_URL": "postgresql:///boards?sslmode=disable", "PGHOST": "db", "PGUSER": "ann", "PGPORT": "5433"}
    line = get_refusal({**environment, **of_pg, "PGPASSWORD": PASSWORD}, "backup", "/backups/one")
    assert "--file=/backups/one '--dbname=host=db port=5433 user=ann dbname=boards sslmode=disable'" in line


def test_sqlite_database_is_converted_to_postgresql(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LOG_LEVEL")}
    old = {**clean, "DATA_DIR": str(tmp_path / "sqlite"), "WORKERS": "2"}
    with empty_database(tmp_path / "postgresql") as new:
        service = Service(old, tmp_path / "log", "--demo").wait()
        writer = Writer(service)
        writer.start()
        while len(writer.made) < 3:
            writer.is_over.wait(0.05)
        writer.stop()
        service.stop()
        assert run_manage(old, "backup", tmp_path / "backup").returncode == 0
        moved = run_manage(new, "restore", tmp_path / "backup")
        assert moved.returncode == 0, moved.stderr
        assert read_rows(new["DATABASE_URL"]) == read_rows(f"sqlite:///{tmp_path}/sqlite/dashboards.sqlite3")
        assert "--force" in get_refusal(new, "restore", tmp_path / "backup")
        running = Service(new, tmp_path / "log2").wait()
        try:
            address = f"{running.base}/api/projects/1/dashboards/"
            created = httpx.post(address, headers=writer.headers, json={"name": "on PostgreSQL"})
            assert created.status_code == 201
            assert created.json()["id"] > writer.made[-1]
            assert httpx.get(address, headers=writer.headers).json()["count"] == len(writer.made) + 1
        finally:
            running.stop()


@pytest.mark.parametrize("command", [["create_user", "a@example.com"], ["prune_history", "--older-than", "30"]])
def test_commands_report_a_database_without_migrations(tmp_path: Path, command: list[str]) -> None:
    with empty_database(tmp_path / "data") as other:
        ended = run_manage(other, *command)
        assert ended.returncode == 2
        assert "manage.py migrate" in ended.stderr
        assert ended.stderr.count("\n") == 1
        with psycopg.connect(other["DATABASE_URL"]) as connection:
            tables = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'"
            assert connection.execute(tables).fetchall() == []
