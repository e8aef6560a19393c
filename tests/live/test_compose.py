"""docker-compose.yml without containers: the role of the database, and the settings of the service."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.live.conftest import ROOT, Service
from tests.postgres import find_binaries, run_server

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="it starts a PostgreSQL"
)
PASSWORD = "ab/cd+ef==@:?#[]%'\"\\"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def socket_folder() -> Iterator[str]:
    """Yield the socket folder of a server prepared like the container's: every role but `postgres` needs a password."""
    with run_server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            [file] = connection.execute("SHOW hba_file").fetchone() or []
            folder = str(Path(file).parent.parent)
            environment = {
                "PATH": f"{find_binaries()}:{os.environ['PATH']}",
                "POSTGRES_PASSWORD": PASSWORD,
                "PGHOST": folder,
            }
            subprocess.run(["bash", "-eu", ROOT / "docker" / "create_role.sh"], env=environment, check=True)
            Path(file).write_text("local all postgres trust\nlocal all all scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        yield folder


def test_any_password_works_and_the_role_is_not_a_superuser(socket_folder: str, tmp_path: Path) -> None:
    given = COMPOSE["dashboards"]["environment"]
    passed = {name: value for name, value in given.items() if value is not None}
    passed["PGPASSWORD"] = re.sub(r"\$\{POSTGRES_PASSWORD:\?[^}]*\}", lambda _: PASSWORD, passed["PGPASSWORD"])
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment = {**kept, **passed, "PGHOST": socket_folder, "DATA_DIR": str(tmp_path / "data")}
    service = Service(environment, tmp_path / "log").wait()
    service.stop()
    assert len(service.printed_keys) == 1
    with psycopg.connect(host=socket_folder, user="dashboards", password=PASSWORD, dbname="dashboards") as session:
        row = session.execute("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False, False, False)
        assert session.execute("SELECT count(*) FROM users_user").fetchone() == (1,)
    with psycopg.connect(host=socket_folder, user="postgres", dbname="postgres") as session:
        row = session.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
        assert row.fetchone() == (None,)


def test_every_setting_is_passed_to_the_container() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    own = {"DATA_DIR", "PGHOST", "PGUSER"}  # the image sets DATA_DIR, and the other two complete the database URL
    assert {*documented} ^ {*COMPOSE["dashboards"]["environment"]} == own


@pytest.mark.parametrize("name", COMPOSE)
def test_containers_have_minimal_privileges(name: str) -> None:
    service = COMPOSE[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
