"""The net under everything else on PostgreSQL: no statement of a request runs for longer than STATEMENT_TIMEOUT.

Only the server process sets it. Commands such as `migrate` and `prune_history` may take longer.
"""

from django.conf import settings
from django.db import connections


def limit_statements() -> None:
    """Send `statement_timeout` with each connection that this process opens from now on.

    With STATEMENT_TIMEOUT=off nothing is sent: a pooler such as PgBouncer refuses it. Set it on the role instead.
    """
    if not settings.STATEMENT_TIMEOUT_MS:
        return
    for alias in connections:
        database = connections.settings[alias]
        if database["ENGINE"] == "dashboards_api.backends.postgresql":
            options = database["OPTIONS"].get("options", "")
            database["OPTIONS"]["options"] = f"{options} -c statement_timeout={settings.STATEMENT_TIMEOUT_MS}".strip()
