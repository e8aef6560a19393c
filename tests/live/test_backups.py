"""`manage.py backup` and `restore` of SQLite, on a service that is being written to."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.database_rows import read_rows
from tests.live.conftest import ROOT, Service, run_manage
from tests.live.writer import Writer, busy_writer

__all__ = ["busy_writer"]

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="PostgreSQL is backed up with pg_dump"
)


def get_url(environment: dict[str, str]) -> str:
    return f"sqlite:///{environment['DATA_DIR']}/dashboards.sqlite3"


def run_command(environment: dict[str, str], *arguments: object) -> str:
    finished = run_manage({**environment, "LOG_LEVEL": "CRITICAL"}, *arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def get_refusal(environment: dict[str, str], *arguments: object) -> str:
    finished = run_manage({**environment, "LOG_LEVEL": "CRITICAL"}, *arguments)
    assert finished.returncode == 1, finished.stdout
    assert finished.stderr.count("\n") == 1
    return finished.stderr


def make_other_environment(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of another database, whose folder does not exist yet."""
    return {**environment, "DATA_DIR": str(folder)}


def test_backup_during_writes_is_consistent_and_can_be_restored(
    busy_writer: Writer, environment: dict[str, str], tmp_path: Path
) -> None:
    while len(busy_writer.made) < 10:
        busy_writer.is_over.wait(0.05)
    acknowledged = list(busy_writer.made)
    run_command(environment, "backup", tmp_path / "one")
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert len(busy_writer.made) > len(acknowledged)  # the backup did not block writes
    other = make_other_environment(environment, tmp_path / "data")
    assert "Restored" in run_command(other, "restore", tmp_path / "one")
    rows = read_rows(get_url(other))
    restored = len(rows["dashboards_dashboard"])
    assert len(acknowledged) <= restored <= len(busy_writer.made) + 1
    assert len(rows["dashboards_sharingconfiguration"]) == restored
    assert restored - 1 <= len(rows["dashboards_tile"]) <= restored
    run_command(other, "backup", tmp_path / "two")
    third = make_other_environment(environment, tmp_path / "again")
    run_command(third, "restore", tmp_path / "two")
    assert read_rows(get_url(third)) == rows


def test_restored_rows_are_equal_and_the_service_works(
    busy_writer: Writer, service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    while not busy_writer.made:
        busy_writer.is_over.wait(0.05)
    busy_writer.stop()
    run_command(environment, "backup", tmp_path / "backup")
    other = make_other_environment(environment, tmp_path / "data")
    run_command(other, "restore", tmp_path / "backup")
    assert read_rows(get_url(other)) == read_rows(get_url(environment))
    second = Service(other, tmp_path / "log").wait()
    try:
        address = f"{second.base}/api/projects/1/dashboards/"
        found = httpx.get(f"{address}{busy_writer.made[0]}/", headers=busy_writer.headers).json()
        assert (found["name"], found["filters"]) == ("Board é 0", {"b": [1.0, None]})
        assert found["tiles"][0]["text"]["body"] == "# Text\n'quoted'\t\\N"
        created = httpx.post(address, headers=busy_writer.headers, json={"name": "new"})
        assert created.status_code == 201
        assert created.json()["id"] > busy_writer.made[-1]
    finally:
        second.stop()


def test_existing_database_is_replaced_only_with_force(
    service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    run_command(environment, "backup", tmp_path / "backup")
    other = make_other_environment(environment, tmp_path / "data")
    run_command(other, "restore", tmp_path / "backup")
    before = read_rows(get_url(other))
    run_command(other, "create_project", "Added since")
    changed = read_rows(get_url(other))
    assert changed != before
    assert "--force" in get_refusal(other, "restore", tmp_path / "backup")
    assert read_rows(get_url(other)) == changed
    run_command(other, "restore", tmp_path / "backup", "--force")
    assert read_rows(get_url(other)) == before


def test_damaged_backup_changes_nothing(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    good, cut, other_file = tmp_path / "good", tmp_path / "cut", tmp_path / "other"
    run_command(environment, "backup", good)
    cut.write_bytes(good.read_bytes()[: good.stat().st_size * 2 // 3])
    other_file.write_text("something else")
    other = make_other_environment(environment, tmp_path / "data")
    run_command(other, "restore", good)
    before = read_rows(get_url(other))
    for file, reason in ((cut, ""), (other_file, "not a backup"), (tmp_path / "missing", "cannot be read")):
        assert reason in get_refusal(other, "restore", file, "--force")
        assert read_rows(get_url(other)) == before
    assert not list((tmp_path / "data").glob("*restoring*"))
    assert "already exists" in get_refusal(environment, "backup", good)


def test_backup_of_a_newer_release_is_refused(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    run_command(environment, "backup", tmp_path / "backup")
    note = "INSERT INTO django_migrations (app, name, applied) VALUES ('users', '9999_newer', CURRENT_TIMESTAMP)"
    other = make_other_environment(environment, tmp_path / "data")
    target = make_other_environment(environment, tmp_path / "target")
    run_command(other, "restore", tmp_path / "backup")
    with sqlite3.connect(get_url(other).removeprefix("sqlite:///")) as opened:
        opened.execute(note)
    opened.close()
    # This release refuses to back up a database with an unknown migration, so its file serves as the backup.
    assert "users.9999_newer" in get_refusal(other, "backup", tmp_path / "refused")
    newer = Path(get_url(other).removeprefix("sqlite:///"))
    assert "users.9999_newer" in get_refusal(target, "restore", shutil.copyfile(newer, tmp_path / "newer"))
    assert list(Path(target["DATA_DIR"]).iterdir()) == []


def test_sqlite_database_in_use_is_not_replaced(
    service: Service, busy_writer: Writer, environment: dict[str, str], tmp_path: Path
) -> None:
    run_command(environment, "backup", tmp_path / "backup")
    assert httpx.get(busy_writer.address, headers=busy_writer.headers).status_code == 200
    assert "Stop the service" in get_refusal(environment, "restore", tmp_path / "backup", "--force")
    assert httpx.get(busy_writer.address, headers=busy_writer.headers).status_code == 200


@pytest.mark.parametrize("damage", [b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000, None], ids=["text", "head", "cut"])
def test_damaged_database_is_kept_beside_the_restored_one(
    service: Service, environment: dict[str, str], tmp_path: Path, damage: bytes | None
) -> None:
    run_command(environment, "backup", tmp_path / "backup")
    other = make_other_environment(environment, tmp_path / "data")
    run_command(other, "restore", tmp_path / "backup")
    before = read_rows(get_url(other))
    database = Path(get_url(other).removeprefix("sqlite:///"))
    content = database.read_bytes()
    damaged = content[: len(content) // 2 + 1] if damage is None else damage
    database.write_bytes(damaged)
    journal = database.with_name(f"{database.name}-wal")
    journal.write_bytes(b"of the damaged one")
    assert "--force" in get_refusal(other, "restore", tmp_path / "backup")
    assert "Restored" in run_command(other, "restore", tmp_path / "backup", "--force")
    assert read_rows(get_url(other)) == before
    aside = [path.read_bytes() for path in database.parent.glob("*.damaged-*[0-9]")]
    assert aside == [damaged]


def test_killed_restore_leaves_no_readable_files(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    run_command(environment, "backup", tmp_path / "backup")
    other = make_other_environment(environment, tmp_path / "data")
    pipe = tmp_path / "slow"
    os.mkfifo(pipe)
    feeder = threading.Thread(target=feed_backup, args=(pipe, (tmp_path / "backup").read_bytes()), daemon=True)
    feeder.start()
    running = subprocess.Popen([sys.executable, "manage.py", "restore", str(pipe)], env=other, cwd=ROOT, umask=0o022)
    draft = tmp_path / "data" / ".dashboards.sqlite3.restoring"
    try:
        wait_for_size(draft, 8192)
        assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        assert f"Another process is writing {draft} at this moment." in get_refusal(
            other, "restore", tmp_path / "backup"
        )
    finally:
        running.kill()
        running.wait()
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert "Restored" in run_command(other, "restore", tmp_path / "backup")
    assert read_rows(get_url(other)) == read_rows(get_url(environment))
    assert [path.name for path in draft.parent.iterdir()] == ["dashboards.sqlite3"]


def feed_backup(pipe: Path, backup: bytes) -> None:
    """Write the start of a backup for the format check of a reader, then a part of the backup without its end."""
    with pipe.open("wb") as opened:
        opened.write(backup[:16])
    while True:
        try:
            with pipe.open("wb") as opened:
                opened.write(backup[:16384] * 80)  # more than one block of the copy, and more than the pipe buffer
                opened.flush()
                time.sleep(60)
        except BrokenPipeError:
            continue  # the pipe was opened before the reader closed it to open it again
        return


def wait_for_size(file: Path, size: int) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() or file.stat().st_size < size:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_remains_of_a_killed_backup_are_replaced(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".one.part").write_text("half")
    run_command(environment, "backup", tmp_path / "one")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_missing_folder_is_reported(service: Service, environment: dict[str, str], tmp_path: Path) -> None:
    assert f"The folder {tmp_path}/none does not exist." in get_refusal(
        environment, "backup", tmp_path / "none" / "one"
    )
