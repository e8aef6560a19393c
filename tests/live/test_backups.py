"""`manage.py backup` and `restore` on a service that is being written to."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.live.conftest import ROOT, Service
from tests.postgres import binaries
from tests.rows import rows_of

IS_SQLITE = not os.environ.get("DATABASE_URL", "").startswith("postgresql")
with_programs = {"PATH": f"{binaries()}:{os.environ['PATH']}"}


def url_of(environment: dict[str, str]) -> str:
    return environment.get("DATABASE_URL") or f"sqlite:///{environment['DATA_DIR']}/dashboards.sqlite3"


def manage(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        env={**environment, **with_programs, "LOG_LEVEL": "CRITICAL"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def done(environment: dict[str, str], *arguments: object) -> str:
    finished = manage(environment, *arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def refused(environment: dict[str, str], *arguments: object) -> str:
    finished = manage(environment, *arguments)
    assert finished.returncode == 1, finished.stdout
    return finished.stderr


@contextmanager
def empty(environment: dict[str, str], folder: Path, *, postgresql: bool = not IS_SQLITE) -> Iterator[dict[str, str]]:
    """The environment of another database without a table, on the engine of this run unless told otherwise."""
    folder.mkdir()
    clean = {name: value for name, value in environment.items() if name != "DATABASE_URL"}
    if not postgresql:
        yield {**clean, "DATA_DIR": str(folder)}
        return
    name = f"restored_{uuid.uuid4().hex}"
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield {**clean, "DATA_DIR": str(folder), "DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Writer(threading.Thread):
    """Makes one dashboard after the other, each with a tile, until it is told to stop."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.address = f"{service.base}/api/projects/1/dashboards/"
        self.headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
        self.made: list[int] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        with httpx.Client(headers=self.headers, timeout=20) as client:
            while not self.is_over.is_set():
                body = {"name": f"Board é {len(self.made)}", "tags": ["a"], "filters": {"b": [1.0, None]}}
                made = client.post(self.address, json=body)
                assert made.status_code == 201
                tiles = [{"text": {"body": "# Text\n'quoted'\t\\N"}}]
                changed = client.patch(f"{self.address}{made.json()['id']}/", json={"tiles": tiles})
                assert changed.status_code == 200
                self.made.append(made.json()["id"])

    def stop(self) -> None:
        self.is_over.set()
        self.join()


@pytest.fixture(scope="module")
def written(service: Service) -> Iterator[Writer]:
    writer = Writer(service)
    writer.start()
    yield writer
    writer.stop()


def test_a_backup_under_writes_is_of_one_moment_and_comes_back(
    written: Writer, environment: dict[str, str], tmp_path: Path
) -> None:
    while len(written.made) < 10:
        written.is_over.wait(0.05)
    acknowledged = list(written.made)
    done(environment, "backup", tmp_path / "one")
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert len(written.made) > len(acknowledged)  # nobody waited for it
    with empty(environment, tmp_path / "data") as other:
        assert "Restored" in done(other, "restore", tmp_path / "one")
        rows = rows_of(url_of(other))
        restored = len(rows["dashboards_dashboard"])
        assert len(acknowledged) <= restored <= len(written.made) + 1
        assert len(rows["dashboards_sharingconfiguration"]) == restored
        assert restored - 1 <= len(rows["dashboards_tile"]) <= restored
        done(other, "backup", tmp_path / "two")
        with empty(environment, tmp_path / "again") as third:
            done(third, "restore", tmp_path / "two")
            assert rows_of(url_of(third)) == rows


def test_every_row_of_every_table_is_equal_and_the_service_goes_on(
    written: Writer, service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    written.stop()
    done(environment, "backup", tmp_path / "backup")
    with empty(environment, tmp_path / "data") as other:
        done(other, "restore", tmp_path / "backup")
        assert rows_of(url_of(other)) == rows_of(url_of(environment))
        second = Service(other, tmp_path / "log").wait()
        try:
            address = f"{second.base}/api/projects/1/dashboards/"
            found = httpx.get(f"{address}{written.made[0]}/", headers=written.headers).json()
            assert (found["name"], found["filters"]) == ("Board é 0", {"b": [1.0, None]})
            assert found["tiles"][0]["text"]["body"] == "# Text\n'quoted'\t\\N"
            made = httpx.post(address, headers=written.headers, json={"name": "new"})
            assert made.status_code == 201
            assert made.json()["id"] > written.made[-1]
        finally:
            second.stop()


def test_a_database_that_holds_data_is_replaced_by_force_alone(
    service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    done(environment, "backup", tmp_path / "backup")
    with empty(environment, tmp_path / "data") as other:
        done(other, "restore", tmp_path / "backup")
        before = rows_of(url_of(other))
        done(other, "create_project", "Added since")
        changed = rows_of(url_of(other))
        assert changed != before
        assert "--force" in refused(other, "restore", tmp_path / "backup")
        assert rows_of(url_of(other)) == changed
        done(other, "restore", tmp_path / "backup", "--force")
        assert rows_of(url_of(other)) == before


def test_a_damaged_backup_changes_nothing(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    good, cut, other_file = tmp_path / "good", tmp_path / "cut", tmp_path / "other"
    done(environment, "backup", good)
    cut.write_bytes(good.read_bytes()[: good.stat().st_size * 2 // 3])
    other_file.write_text("something else")
    with empty(environment, tmp_path / "data") as other:
        done(other, "restore", good)
        before = rows_of(url_of(other))
        for file, reason in ((cut, ""), (other_file, "no backup"), (tmp_path / "missing", "cannot be read")):
            assert reason in refused(other, "restore", file, "--force")
            assert rows_of(url_of(other)) == before
        assert not list((tmp_path / "data").glob("*restoring*"))
    assert "exists already" in refused(environment, "backup", good)


def test_a_backup_of_a_newer_release_is_refused(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    done(environment, "backup", tmp_path / "backup")
    note = "INSERT INTO django_migrations (app, name, applied) VALUES ('users', '9999_newer', CURRENT_TIMESTAMP)"
    with empty(environment, tmp_path / "data") as other, empty(environment, tmp_path / "target") as target:
        done(other, "restore", tmp_path / "backup")
        if IS_SQLITE:
            with sqlite3.connect(url_of(other).removeprefix("sqlite:///")) as opened:
                opened.execute(note)
            opened.close()
        else:
            with psycopg.connect(url_of(other)) as connection:
                connection.execute(note)
        # This release would not back up what it does not know: the newer one did.
        assert "users.9999_newer" in refused(other, "backup", tmp_path / "refused")
        assert "users.9999_newer" in refused(target, "restore", _of_a_newer(other, tmp_path))
        assert rows_of(url_of(target)) == {}


def _of_a_newer(environment: dict[str, str], folder: Path) -> Path:
    """What a release that knows its migrations would have written."""
    file = folder / "newer"
    if IS_SQLITE:
        shutil.copyfile(url_of(environment).removeprefix("sqlite:///"), file)
    else:
        subprocess.run(
            [binaries() / "pg_dump", "--format=custom", f"--file={file}", url_of(environment)],
            check=True,
        )
    return file


@pytest.mark.skipif(not IS_SQLITE, reason="PostgreSQL replaces tables under those who use them, in one transaction")
def test_sqlite_is_not_replaced_under_a_service(
    service: Service, written: Writer, environment: dict[str, str], tmp_path: Path
) -> None:
    done(environment, "backup", tmp_path / "backup")
    assert httpx.get(written.address, headers=written.headers).status_code == 200
    assert "stop the service" in refused(environment, "restore", tmp_path / "backup", "--force")
    assert httpx.get(written.address, headers=written.headers).status_code == 200


@pytest.mark.skipif(not IS_SQLITE, reason="the files of a PostgreSQL are its own to mend")
@pytest.mark.parametrize("damage", [b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000, None], ids=["text", "head", "cut"])
def test_a_damaged_database_is_put_aside_for_a_backup(
    service: Service, environment: dict[str, str], tmp_path: Path, damage: bytes | None
) -> None:
    done(environment, "backup", tmp_path / "backup")
    with empty(environment, tmp_path / "data") as other:
        done(other, "restore", tmp_path / "backup")
        before = rows_of(url_of(other))
        database = Path(url_of(other).removeprefix("sqlite:///"))
        whole = database.read_bytes()
        damaged = whole[: len(whole) // 2 + 1] if damage is None else damage
        database.write_bytes(damaged)
        journal = database.with_name(f"{database.name}-wal")
        journal.write_bytes(b"of the damaged one")
        assert "--force" in refused(other, "restore", tmp_path / "backup")
        assert "Restored" in done(other, "restore", tmp_path / "backup", "--force")
        assert rows_of(url_of(other)) == before
        aside = [path.read_bytes() for path in database.parent.glob("*.damaged-*[0-9]")]
        assert aside == [damaged]


def test_commands_say_where_there_is_no_service(environment: dict[str, str], tmp_path: Path) -> None:
    with empty(environment, tmp_path / "data") as other:
        for command in (["create_user", "a@example.com"], ["prune_history", "--older-than", "30"]):
            said = refused(other, *command)
            assert "manage.py migrate" in said
            assert "Traceback" not in said


@pytest.mark.skipif(IS_SQLITE, reason="programs of PostgreSQL")
def test_a_program_that_is_missing_is_named(
    service: Service, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(with_programs, "PATH", str(tmp_path))
    assert "pg_dump is not there: install" in refused(environment, "backup", tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.skipif(IS_SQLITE, reason="it needs a PostgreSQL to move to")
def test_sqlite_moves_to_postgresql(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        empty(environment, tmp_path / "sqlite", postgresql=False) as old,
        empty(environment, tmp_path / "postgresql") as new,
    ):
        service = Service(old, tmp_path / "log", "--demo").wait()
        writer = Writer(service)
        writer.start()
        while len(writer.made) < 3:
            writer.is_over.wait(0.05)
        writer.stop()
        service.stop()
        done(old, "backup", tmp_path / "backup")
        done(new, "restore", tmp_path / "backup")
        assert rows_of(url_of(new)) == rows_of(url_of(old))
        assert "--force" in refused(new, "restore", tmp_path / "backup")
        moved = Service(new, tmp_path / "log2").wait()
        try:
            address = f"{moved.base}/api/projects/1/dashboards/"
            made = httpx.post(address, headers=writer.headers, json={"name": "on PostgreSQL"})
            assert made.status_code == 201
            assert made.json()["id"] > writer.made[-1]
            assert httpx.get(address, headers=writer.headers).json()["count"] == len(writer.made) + 1
        finally:
            moved.stop()
