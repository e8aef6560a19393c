"""Commands of PostgreSQL for the database of the service, as an operator types them.

The commands contain no password.
"""

import os
import shlex
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

# Options of libpq that DATABASE_URL may contain and that the programs need to connect to the same server.
_OPTIONS = ("service", "passfile", "sslmode", "sslcert", "sslkey", "sslrootcert")
_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}
# Ownership and privileges are left to the target database.
_PORTABLE_OPTIONS = ("--no-owner", "--no-privileges", "--no-comments")


def pg_dump(file: Path) -> str:
    """Return the command that dumps the database into a file, in the format that `pg_restore` reads."""
    return shlex.join(
        ["pg_dump", "--format=custom", *_PORTABLE_OPTIONS, f"--file={file}", f"--dbname={_build_conninfo()}"]
    )


def pg_restore(file: Path) -> str:
    """Return the command that replaces the tables of the database with the tables of a file in one transaction."""
    whole = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error")
    return shlex.join(["pg_restore", *whole, *_PORTABLE_OPTIONS, f"--dbname={_build_conninfo()}", str(file)])


def _build_conninfo() -> str:
    """Return the connection string of the database. The programs read the password from PGPASSWORD or ~/.pgpass."""
    of = connection.settings_dict
    given = {"host": of["HOST"], "port": of["PORT"], "user": of["USER"]}
    for name, variable in _VARIABLES.items():
        given[name] = given[name] or os.environ.get(variable)
    given |= {"dbname": of["NAME"], **{name: of["OPTIONS"].get(name) for name in _OPTIONS}}
    return make_conninfo("", **{name: str(value) for name, value in given.items() if value})
