"""`manage.py import_table` with a table of a PostgreSQL database. The tests run only with PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from engine.interface import EngineClient
from events.readers import read_tables
from events.services.staging import get_incoming_folder
from tests.events.import_files import Output, run_command
from tests.events.test_import_table import read_table
from users.models import Project

CREATE = """
CREATE TABLE {} ("id" bigint, "Name" text, price numeric, paid boolean, day date, at timestamptz, plain timestamp,
key uuid, tags text[], data jsonb)
"""
INSERT = r"""
INSERT INTO {} VALUES
(1, E'tab\t "quote" \\N \\ new\nline', 1.25, true, '2026-11-01', '2026-11-01 10:00:00.123456+02', '2026-11-01 10:00',
 '0190b0c5-5a4c-7a33-9d4e-000000000001', '{{a,b}}', '{{"a": 1}}'),
(2, '', 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL)
"""


@pytest.fixture
def table() -> Iterator[str]:
    """Yield the name of a table, as `schema.table`, in the database of the tests."""
    schema = f"shop_{uuid4().hex}"
    name = sql.Identifier(schema, "Orders 2026")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL(CREATE).format(name))
        connection.execute(sql.SQL(INSERT).format(name))
        yield f"{schema}.Orders 2026"
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def run_import(source: str, project: Project) -> Output:
    return run_command("import_table", "orders", source, "--project", project.pk)


def test_rows_of_postgresql_are_imported(store: EngineClient, home: Project, table: str) -> None:
    printed = run_import(f"{os.environ['DATABASE_URL']}#{table}", home)
    assert printed.error == ""
    assert printed.out.startswith("Imported 2 rows into the table orders")
    assert read_table(store, home) == [
        [
            1,
            'tab\t "quote" \\N \\ new\nline',
            1.25,
            True,
            "2026-11-01",
            "2026-11-01T08:00:00.123456Z",
            "2026-11-01T10:00:00.000000Z",
            "0190b0c5-5a4c-7a33-9d4e-000000000001",
            "{a,b}",
            '{"a": 1}',
        ],
        [2, "", None, None, None, None, None, None, None, None],
    ]
    assert list(read_tables(home.pk)[0].columns)[:2] == ["id", "Name"]
    assert list(get_incoming_folder().iterdir()) == []


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("#missing", 'relation "missing" does not exist'),
        ("#a.b.c", "The URL must end with the name of a table"),
        ("", "The URL must end with the name of a table"),
        ("#events; drop table x", "does not exist"),
    ],
)
def test_bad_table_is_one_line(store: EngineClient, home: Project, place: str, problem: str) -> None:
    printed = run_import(f"{os.environ['DATABASE_URL']}{place}", home)
    assert problem in printed.error
    assert "\n" not in printed.error
    assert list(get_incoming_folder().iterdir()) == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:s3cr%26t@127.0.0.1:1/db",
        "postgresql://user:s3cr%26t@127.0.0.1:port/db",
        "postgresql://user:s3cr%26t@127.0.0.1:1/db?nonsense=s3cr%26t",
        "postgresql://user:s3cr%26t@[::1/db",
        "postgresql://user:s3cr&t%zz@127.0.0.1:1/db",
    ],
)
def test_no_message_has_the_password(store: EngineClient, home: Project, address: str) -> None:
    printed = run_import(f"{address}#orders", home)
    assert printed.error
    assert "s3cr" not in printed.error + printed.out + printed.err


def test_wrong_password_is_one_line(store: EngineClient, home: Project) -> None:
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = f"postgresql://nobody:s3cr3t@{parts.hostname}:{parts.port}{parts.path}"
    if parts.hostname is None:  # a Unix socket
        address = f"postgresql://nobody:s3cr3t@{parts.path}?{parts.query}"
    printed = run_import(f"{address}#orders", home)
    assert printed.error
    assert "s3cr3t" not in printed.error
    assert Path(get_incoming_folder()).exists()
