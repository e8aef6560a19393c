"""The statement timeout of PostgreSQL: no statement of a request runs for longer than STATEMENT_TIMEOUT.

Only the server process sets this timeout. Commands such as `migrate` and `prune_history` may take longer.
"""

from django.conf import settings
from django.db import OperationalError, connections

PGBOUNCER_REFUSAL = "startup parameter"  # in PgBouncer's error about `options`
USE_OFF = (
    "The pooler in DATABASE_URL refuses STATEMENT_TIMEOUT. Set STATEMENT_TIMEOUT=off, and run this on the database: "
    "ALTER ROLE … IN DATABASE … SET statement_timeout = '15s'."
)


def limit_statements() -> None:
    """Send `statement_timeout` with each connection that this process opens from now on.

    With STATEMENT_TIMEOUT=off, nothing is sent, because a pooler such as PgBouncer refuses the parameter. Operators set
    the timeout on the role instead.
    """
    if not settings.STATEMENT_TIMEOUT_MS:
        return
    for alias in connections:
        database = connections.settings[alias]
        if database["ENGINE"] == "dashboards_api.db.backends.postgresql":
            options = database["OPTIONS"].get("options", "")
            database["OPTIONS"]["options"] = f"{options} -c statement_timeout={settings.STATEMENT_TIMEOUT_MS}".strip()


def find_refusal() -> str:
    """Return the reason if a pooler refuses the timeout, else an empty string.

    An unreachable database is not reported here. The connection is closed, because workers are forked from this process
    and must not share a connection.
    """
    try:
        connections["default"].ensure_connection()
    except OperationalError as error:
        return USE_OFF if PGBOUNCER_REFUSAL in str(error) else ""
    finally:
        connections["default"].close()
    return ""
