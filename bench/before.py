"""An earlier commit of the service, served beside the present one from a checkout and a database of its own."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.databases import ROOT, Database, Databases, fill
from bench.load import Server
from bench.servers import serving

GIT = shutil.which("git") or "git"


@contextlib.contextmanager
def serving_commit(
    commit: str, made: Databases, folder: Path, *, dashboards: int, tiles: int
) -> Iterator[tuple[Server, Database]]:
    """Yield the server of a commit, named `before`, and its database, until the end of the block."""
    checkout = folder / "before"
    subprocess.run([GIT, "worktree", "add", "--quiet", "--detach", checkout, commit], check=True, cwd=ROOT)
    data = folder / "before-data"
    data.mkdir()
    try:
        database = made.create("before")
        filled = fill(database, data, dashboards=dashboards, tiles=tiles, root=checkout)
        with serving("ours", database, filled, data, root=checkout) as server:
            yield server._replace(name="before"), database
    finally:
        subprocess.run([GIT, "worktree", "remove", "--force", checkout], check=True, cwd=ROOT)
