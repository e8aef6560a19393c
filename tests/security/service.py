"""The tested service: `manage.py serve` with two workers, on a temporary database with test users."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from tests.live.conftest import ROOT, Service
from tests.postgres import use_server
from tests.security.accounts import PASSWORD, get_email

SECONDS_TO_ANSWER = 30
OUTER_VARIABLES = ("DATABASE_URL", "LOG_LEVEL", "PUBLIC_URL", "ALLOWED_HOSTS", "DEBUG", "SECRET_KEY", "TRUSTED_PROXIES")


@dataclass(frozen=True)
class Target:
    """A running service, its callers, and its log."""

    engine: str
    base: str
    projects: dict[str, int]
    keys: dict[str, str]
    key_ids: dict[str, str]
    log: Path
    environment: dict[str, str]
    pid: int

    def client(self, caller: str | None, **options: Any) -> httpx.Client:
        """Return a client with a caller's key and the service as its base URL."""
        headers = {"Authorization": f"Bearer {self.keys[caller]}"} if caller else {}
        return httpx.Client(base_url=self.base, headers=headers, timeout=SECONDS_TO_ANSWER, **options)

    def session(self, name: str) -> httpx.Client:
        """Return a client that is signed in, with its CSRF token in a header."""
        browser = self.client(None)
        answer = browser.post("/api/login/", json={"email": get_email(name), "password": PASSWORD})
        if answer.status_code != 200:
            raise RuntimeError(f"{name} cannot sign in: {answer.text}")
        browser.headers["X-CSRFToken"] = browser.cookies["posthog_csrftoken"]
        return browser

    def home(self, rest: str = "", project: str = "Home") -> str:
        """Return a path below a project."""
        return f"/api/projects/{self.projects[project]}/{rest}"


@contextlib.contextmanager
def run_service(engine: str, **settings: str) -> Iterator[Target]:
    """Run a service during the block. `settings` are environment variables."""
    with tempfile.TemporaryDirectory(prefix="security-") as name, _create_database(engine) as database:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if key not in OUTER_VARIABLES}
        environment |= {"DATA_DIR": name, "WORKERS": "2", "PYTHONUNBUFFERED": "1"}
        environment |= {"RATE_LIMITS": "", "QUERY_RATE_LIMITS": ""}
        environment |= database | settings
        created = _create_accounts(environment)
        service = Service(environment, folder / "serve.log").wait()
        try:
            yield Target(
                engine=engine,
                base=service.base,
                projects=created["projects"],
                keys={caller: key["value"] for caller, key in created["keys"].items()},
                key_ids={caller: key["id"] for caller, key in created["keys"].items()},
                log=folder / "serve.log",
                environment=environment,
                pid=service.process.pid,
            )
        finally:
            service.stop()


@contextlib.contextmanager
def _create_database(engine: str) -> Iterator[dict[str, str]]:
    """Yield the environment variables of an empty database.

    SQLite needs no variables, because its file is in DATA_DIR.
    """
    if engine == "sqlite":
        yield {}
        return
    with use_server() as url:
        name = f"security_{uuid.uuid4().hex}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            yield {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _create_accounts(environment: dict[str, str]) -> Any:
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, check=True, cwd=ROOT, env=environment)
    accounts = [sys.executable, "-m", "tests.security.accounts"]
    done = subprocess.run(accounts, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])
