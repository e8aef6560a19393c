"""Databases of releases, stored for upgrade tests: run `python -m tests.releases NAME` once for each release.

The command writes to tests/fixtures/NAME/ the SQL of the database and the responses of the API for each engine.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from dashboards.template_documents.documents import get_builtin_ids
from tests.live.conftest import ROOT, Service
from tests.postgres import find_binaries, run_server

FIXTURES = ROOT / "tests" / "fixtures"
PATHS = ("dashboards/", "insights/", "dashboard_templates/", "dashboards/1/", "dashboards/1/sharing/", "")
DUMP = ("--inserts", "--no-owner", "--no-privileges", "--no-comments")


def read_answers(service: Service, key: str, project_id: int) -> dict[str, Any]:
    """Return the responses of the API by path.

    The dashboard is retrieved once beforehand, because the first retrieval changes the dashboard.
    """
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{service.base}/api/projects/{project_id}/", headers=headers, timeout=20) as client:
        client.get("dashboards/1/")
        return remove_builtins({path: client.get(path).raise_for_status().json() for path in PATHS})


def remove_builtins(answers: dict[str, Any]) -> dict[str, Any]:
    """Return the responses without the built-in templates, which belong to a release and not to its data."""
    for path, answer in answers.items():
        if path.startswith("dashboard_templates"):
            answer["results"] = [row for row in answer["results"] if row["id"] not in map(str, get_builtin_ids())]
            answer["count"] = len(answer["results"])
    return answers


def write_release(engine: str, folder: Path, url: str, data: str) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PUBLIC_URL")}
    environment = {**clean, "DATABASE_URL": url, "DATA_DIR": data, "PYTHONUNBUFFERED": "1"}
    service = Service(environment, Path(data) / "log", "--demo").wait()
    try:
        key = service.printed_keys[0]
        found = {"key": key, "project": 2, "answers": read_answers(service, key, 2)}
    finally:
        service.stop()
    (folder / f"{engine}.json").write_text(json.dumps(found, indent=1).replace(service.base, "") + "\n")
    (folder / f"{engine}.sql").write_text(dump_statements(url))


def dump_statements(url: str) -> str:
    """Return a database as SQL, without the commands of psql, which drivers do not support."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return "\n".join(connection.iterdump()) + "\n"
    done = subprocess.run([find_binaries() / "pg_dump", *DUMP, url], check=True, stdout=subprocess.PIPE, text=True)
    return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith(("\\", "--", "\n")))


def main() -> None:
    [name] = sys.argv[1:]
    folder = FIXTURES / name
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as data:
        write_release("sqlite", folder, f"sqlite:///{data}/dashboards.sqlite3", data)
    with tempfile.TemporaryDirectory() as data, run_server() as url:
        write_release("postgresql", folder, url, data)


if __name__ == "__main__":
    main()
