"""Start errors: one line on standard error that names the setting, and exit code 2."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.conftest import ROOT, find_free_port, read_start_error, run_manage

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="nothing of it asks a PostgreSQL"
)
SERVE = ("serve",)
NO_FILE = "the file does not exist. `manage.py serve` or `manage.py migrate` creates it"


@pytest.fixture
def bare_environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment without settings, except for a DATA_DIR that does not exist yet."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return {**kept, "DATA_DIR": str(tmp_path / "data")}


@pytest.mark.parametrize("command", [SERVE, ("create_user", "a@example.com"), ("help",)])
def test_every_command_reports_an_invalid_setting(bare_environment: dict[str, str], command: tuple[str, ...]) -> None:
    line = read_start_error({**bare_environment, "LOG_LEVEL": "verbose"}, *command)
    assert line == "Error: LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'verbose'.\n"
    assert not Path(bare_environment["DATA_DIR"]).exists()


def test_data_dir_that_cannot_be_created_is_reported(bare_environment: dict[str, str]) -> None:
    line = read_start_error({**bare_environment, "DATA_DIR": "/proc/nope"}, "migrate")
    problem = "must be a writable folder, but /proc/nope is not: No such file or directory"
    assert line == f"Error: DATA_DIR {problem}.\n"


def test_read_only_data_dir_is_reported(bare_environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    prefix = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    line = read_start_error(bare_environment, "serve", "--port", find_free_port(), prefix=prefix)
    problem = f"must be a writable folder, but {tmp_path}/data is not: Permission denied"
    assert line == f"Error: DATA_DIR {problem}.\n"


@pytest.mark.parametrize("command", [("migrate",), ("create_user", "a@example.com")])
def test_file_that_is_not_a_database_is_reported(
    bare_environment: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "notes").write_text("no database " * 100)
    line = read_start_error({**bare_environment, "DATABASE_URL": f"sqlite:///{tmp_path}/notes"}, *command)
    assert f"The SQLite database {tmp_path}/notes (DATABASE_URL, or DATA_DIR) cannot be used: file is not" in line


def test_missing_folder_of_a_database_is_reported(bare_environment: dict[str, str], tmp_path: Path) -> None:
    line = read_start_error({**bare_environment, "DATABASE_URL": f"sqlite:///{tmp_path}/none/file.sqlite3"}, "migrate")
    assert f"{tmp_path}/none/file.sqlite3 (DATABASE_URL, or DATA_DIR) cannot be used: unable to open" in line


@pytest.mark.parametrize(
    "command",
    [
        ("create_user", "a@example.com"),
        ("recount_dashboards",),
        ("showmigrations",),
    ],
)
def test_command_without_a_database_leaves_no_files(bare_environment: dict[str, str], command: tuple[str, ...]) -> None:
    Path(bare_environment["DATA_DIR"]).mkdir()
    assert NO_FILE in read_start_error(bare_environment, *command)
    assert os.listdir(bare_environment["DATA_DIR"]) == []


def test_unsupported_database_is_refused_without_connecting(bare_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        url = f"mysql://u:hunter2@127.0.0.1:{server.getsockname()[1]}/name"
        line = read_start_error({**bare_environment, "DATABASE_URL": url}, "migrate")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "DATABASE_URL must look like postgresql://user:password@host:5432/name or sqlite:////path/to/file" in line
    assert "hunter2" not in line


def test_port_in_use_is_reported_before_anything_is_created(bare_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = run_manage(bare_environment, "serve", "--port", port)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"Cannot listen on 127.0.0.1, port {port}: Address already in use. See --host and --port.\n"
    assert not Path(bare_environment["DATA_DIR"]).exists()


@pytest.mark.parametrize(
    ("host", "problem"),
    [("nowhere.invalid", "Name or service not known"), ("192.0.2.1", "Cannot assign requested address")],
)
def test_host_of_another_machine_is_reported(bare_environment: dict[str, str], host: str, problem: str) -> None:
    ended = run_manage(bare_environment, "serve", "--host", host)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"Cannot listen on {host}, port 8000: {problem}. See --host and --port.\n"
    assert not Path(bare_environment["DATA_DIR"]).exists()


def test_misspelled_variables_are_reported(bare_environment: dict[str, str]) -> None:
    ended = run_manage(
        {**bare_environment, "DATABASE_URI": "postgresql://db/x", "PUBLICURL": "https://x", "PATHS": "/"}, "check"
    )
    assert ended.returncode == 0
    assert ended.stderr.splitlines() == [
        "Warning: DATABASE_URI is not a setting of this service. Did you mean DATABASE_URL?",
        "Warning: PUBLICURL is not a setting of this service. Did you mean PUBLIC_URL?",
    ]


def test_removed_settings_are_reported(bare_environment: dict[str, str]) -> None:
    ended = run_manage({**bare_environment, "REPLICA_URLS": "postgresql://replica/x"}, "check")
    assert ended.returncode == 0
    assert ended.stderr == "Warning: REPLICA_URLS is no longer supported and has no effect. See CHANGELOG.md.\n"


def test_settings_module_of_the_command_line_is_used(bare_environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "other_settings.py").write_text('from dashboards_api.settings import *\n\nLANGUAGE_CODE = "de"\n')
    variables = {**bare_environment, "PYTHONPATH": str(tmp_path), "PUBLICURL": "https://x"}
    ended = run_manage(variables, "diffsettings", "--settings", "other_settings")
    assert ended.returncode == 0
    assert "LANGUAGE_CODE = 'de'" in ended.stdout
    assert ended.stderr == "Warning: PUBLICURL is not a setting of this service. Did you mean PUBLIC_URL?\n"


def test_traceback_is_shown_on_request(bare_environment: dict[str, str]) -> None:
    ended = run_manage(bare_environment, "create_user", "a@example.com", "--traceback")
    assert "Traceback" in ended.stderr


def test_help_lists_own_commands_first_and_the_own_version(bare_environment: dict[str, str]) -> None:
    text = run_manage(bare_environment, "help").stdout
    ours, _, others = text.partition("Commands of Django:")
    assert "\n  serve                Prepare the database, and serve until SIGTERM\n" in ours
    assert "\n  create_api_key " in ours
    assert "\n  delete_events " in ours
    assert "\n  query_worker " in ours
    assert "runserver" in others
    assert (
        run_manage(bare_environment, "version").stdout == run_manage(bare_environment, "--version").stdout == "0.2.0\n"
    )
    assert "--database-timeout" in run_manage(bare_environment, "help", "serve").stdout


def test_server_process_reports_errors_in_one_line(bare_environment: dict[str, str]) -> None:
    command = [
        sys.executable,
        "-m",
        "dashboards_api.server",
        "127.0.0.1",
        str(find_free_port()),
        "1",
        "http://localhost/",
    ]
    ended = subprocess.run(
        command, env={**bare_environment, "WORKERS": "many"}, cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "Error: WORKERS must be a whole number from 1 to 256, not 'many'.\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("create_user",), "create_user: the following arguments are required: email. See"),
        (("create_user", "a@example.com", "--nmae", "x", "--name", "x"), "create_user: unrecognized arguments: --nmae"),
        (("create_api_key", "a@b.de", "--label", "x", "--expires-in", "soon"), "invalid int value: 'soon'. See"),
        (("migrate", "--verbosity", "9"), "migrate: argument -v/--verbosity: invalid choice: 9"),
        (("serve", "--prot", "80"), "serve: unrecognized arguments: --prot 80. See `manage.py help serve`."),
        (("sreve",), "Unknown command: sreve. Did you mean serve? See `manage.py help`."),
        (("--bogus",), "Unknown command: --bogus. See `manage.py help`."),
        (("help", "sreve"), "Unknown command: sreve. Did you mean serve?"),
        (("check", "--settings", "nowhere.settings"), "The module of --settings cannot be imported: No module named"),
        (("help", "--settings", "nowhere.settings"), "The module of --settings cannot be imported: No module named"),
    ],
)
def test_invalid_command_line_is_reported_in_one_line(
    bare_environment: dict[str, str], arguments: tuple[str, ...], problem: str
) -> None:
    assert problem in read_start_error(bare_environment, *arguments)
    assert not Path(bare_environment["DATA_DIR"]).exists()


@pytest.mark.parametrize("arguments", [(), ("127.0.0.1", "http", "1", "http://localhost/")])
def test_invalid_command_line_of_the_server_is_reported_in_one_line(
    bare_environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "dashboards_api.server", *arguments]
    ended = subprocess.run(command, env=bare_environment, cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Usage: python -m dashboards_api.server HOST PORT WORKERS URL.")
    assert ended.stderr.count("\n") == 1
