"""An earlier commit of the service, for comparison, with its own checkout, packages and database."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.databases import ROOT, Database, Databases, fill_database
from benchmarks.load import Server
from benchmarks.servers import serving

GIT = shutil.which("git") or "git"


@contextlib.contextmanager
def serving_commit(
    commit: str, made: Databases, folder: Path, *, dashboards: int, tiles: int
) -> Iterator[tuple[Server, Database]]:
    """Run the server of a commit, named `before`, during the block. Yield the server and its database."""
    checkout = folder / "before"
    subprocess.run([GIT, "worktree", "add", "--quiet", "--detach", checkout, commit], check=True, cwd=ROOT)
    data = folder / "before-data"
    data.mkdir()
    try:
        python = install(checkout, folder / "before-packages")
        database = made.create("before")
        filled = fill_database(database, data, dashboards=dashboards, tiles=tiles, root=checkout, python=python)
        with serving("ours", database, filled, data, root=checkout, python=python) as server:
            yield server._replace(name="before"), database
    finally:
        subprocess.run([GIT, "worktree", "remove", "--force", checkout], check=True, cwd=ROOT)


def install(checkout: Path, environment: Path) -> str:
    """Install the pinned packages of a checkout in a new virtual environment. Return the path of its Python."""
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", str(checkout / "requirements.lock")], check=True)
    return python
