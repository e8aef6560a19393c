"""`backup` and `restore` with events. Without the matching backup of the events, results are unavailable."""

import json
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.embedded_client import EmbeddedClient
from engine.files import FOLDER
from engine.supervision import stop_supervisor
from tests.events.import_files import make_event, read_rows, write_lines
from tests.events.test_import_interruptions import engine_of_another_process
from tests.live.conftest import copied_database, run_manage

CHECK = """
from events.services.store import open_store
from engine.errors import EngineError
try:
    print(open_store().read("SELECT count() FROM events").rows[0][0])
except EngineError as error:
    print(error.code)
"""


class Installation:
    """A database and an engine with one event, and their backup."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self.folder, self.backup = environment, folder, folder / "it's.backup"
        self.data = Path(environment["DATA_DIR"])

    def fill(self) -> "Installation":
        self.run("create_project", "Home")
        self.add_event(1)
        printed = self.run("backup", self.backup).stdout.splitlines()
        assert [line.partition(": ")[0] for line in printed] == [str(self.backup), f"{self.backup}.events"]
        return self

    def copy(self, folder: Path) -> "Installation":
        """Return a copy of a filled installation. The engine of the installation must not run."""
        copied = Installation({**self.environment, "DATA_DIR": str(folder / "data")}, folder)
        running = shutil.ignore_patterns("engine.sock", "engine.lock")
        shutil.copytree(self.data, copied.data, symlinks=True, ignore=running)
        for suffix in ("", ".events"):
            shutil.copy(f"{self.backup}{suffix}", f"{copied.backup}{suffix}")
        return copied

    def run(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        done = run_manage(self.environment, *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def add_event(self, number: int) -> None:
        self.run("import_events", write_lines(self.folder / "a.jsonl", [make_event(number)]), "--project", 1)

    def count(self) -> str:
        """Return the number of events in the store, or the code of the error."""
        return self.run("shell", "-v0", "-c", CHECK).stdout.strip()


@pytest.fixture(scope="module")
def filled(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("filled")
    with copied_database(migrated, folder / "data") as environment:
        yield Installation(environment, folder).fill()


@pytest.fixture
def installation(filled: Installation, tmp_path: Path) -> Installation:
    return filled.copy(tmp_path)


def test_events_are_restored_with_the_database(installation: Installation) -> None:
    installation.add_event(2)
    assert installation.count() == "2"
    refused = run_manage(installation.environment, "restore", installation.backup)
    assert (refused.returncode, installation.count()) == (1, "2")
    installation.run("restore", installation.backup, "--force")
    assert installation.count() == "1"
    installation.add_event(2)
    assert installation.count() == "2"
    assert sorted(path.name for path in installation.data.iterdir() if FOLDER in path.name) == [FOLDER]
    mode = stat.S_IMODE((installation.folder / "it's.backup.events").stat().st_mode)
    assert mode == 0o600


def test_events_are_restored_into_an_empty_place(installation: Installation) -> None:
    shutil.rmtree(installation.data)
    installation.run("restore", installation.backup)
    assert installation.count() == "1"


def test_database_without_its_events_is_unavailable_and_never_zero(installation: Installation) -> None:
    shutil.rmtree(installation.data)
    (installation.folder / "it's.backup.events").unlink()
    assert "the events were not restored" in installation.run("restore", installation.backup).stderr
    assert installation.count() == "engine_unavailable"


def test_events_of_another_database_are_refused(
    installation: Installation, migrated: dict[str, str], tmp_path: Path
) -> None:
    with copied_database(migrated, tmp_path / "other") as environment:
        (tmp_path / "second").mkdir()
        other = Installation(environment, tmp_path / "second").fill()
    shutil.copy(f"{other.backup}.events", f"{installation.backup}.events")
    refused = run_manage(installation.environment, "restore", installation.backup, "--force")
    assert refused.returncode == 1
    assert "belongs to another database" in refused.stderr
    assert installation.count() == "1"


def test_damaged_events_change_nothing(installation: Installation) -> None:
    installation.add_event(2)
    Path(f"{installation.backup}.events").write_bytes(b"x" * 5000)
    refused = run_manage(installation.environment, "restore", installation.backup, "--force")
    assert (refused.returncode, refused.stderr.count("\n") < 4) == (1, True)
    assert installation.count() == "2"


def test_backup_runs_beside_the_service_and_restore_does_not(installation: Installation, tmp_path: Path) -> None:
    with engine_of_another_process(installation.data):
        installation.run("backup", tmp_path / "second.backup")
        refused = run_manage(installation.environment, "restore", installation.backup, "--force")
        assert "The engine is in use. Stop the service first." in refused.stderr
        assert read_rows(EmbeddedClient(installation.data / FOLDER, may_start=False), "SELECT 1") == [[1]]
    stop_supervisor(installation.data / FOLDER)


def test_events_alone_are_backed_up_and_restored(installation: Installation, tmp_path: Path) -> None:
    installation.run("backup", tmp_path / "pg", "--events-only")
    assert not (tmp_path / "pg").exists()
    shutil.rmtree(installation.data / FOLDER)
    installation.run("restore", tmp_path / "pg", "--events-only")
    assert installation.count() == "1"
    assert json.loads((installation.data / FOLDER / "engine.lock").read_text())["pid"] > 0
