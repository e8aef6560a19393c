"""The store: its tables, and the id that links the store to one database.

The main database contains the same id, and both ids are compared. Without the comparison, a restored database with an
empty engine folder, a second machine with its own folder, or two installations on one ClickHouse database would return
plausible but wrong numbers.

To create a store, save a new unconfirmed id in the main database, create the store with this id, and confirm it. After
a crash in between, repeat the same steps.
"""

from uuid import UUID

from django.conf import settings

from engine.client import get_folder
from engine.errors import EngineUnavailable
from engine.files import LOCK_NAME
from engine.interface import EngineClient
from engine.schema import TABLES, build_create_statements
from engine.server_client import ServerClient

# The checked stores, each with the start of its engine.
_checked: set[tuple[UUID, str, int, int]] = set()


def create_store(client: EngineClient, store_id: UUID) -> None:
    """Create the missing tables and the id of a store. Raises EngineError, also if the store has another id."""
    for statement in build_create_statements(durable=not isinstance(client, ServerClient)):
        client.execute(statement)
    if read_store_id(client) is None:
        client.execute("INSERT INTO store VALUES ({id:UUID}, now64(6))", {"id": store_id})
    check_store(client, store_id)  # if two installations start at the same time on one server, one of them is refused


def read_store_id(client: EngineClient) -> UUID | None:
    """Return the id of the store, or None if no store was created yet. Raises EngineError."""
    names = client.read(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)}",
        {"names": TABLES},
    )
    if ["store"] not in names.rows:
        return None
    rows = client.read("SELECT id FROM store ORDER BY created_at, id LIMIT 1").rows
    return UUID(rows[0][0]) if rows else None


def check_store(client: EngineClient, expected: UUID | None) -> None:
    """Raise EngineUnavailable unless the store has the expected id. None means that no store should exist yet."""
    found = read_store_id(client)
    if found == expected:
        return
    if found is None:
        reason = "is empty, but the database refers to a store. Restore the data, or import the events again"
    elif expected is None:
        reason = "belongs to another database. Use an empty store"
    else:
        reason = f"belongs to another database. Its id is {found}, not {expected}"
    raise EngineUnavailable(f"The store of the engine ({client.ping().location}) {reason}.")


def check_store_once(client: EngineClient, store_id: UUID) -> None:
    """Check the store once for each start of the embedded engine, or each time for a server.

    Raises EngineUnavailable.
    """
    if (start := _identify_start(store_id)) in _checked:
        return
    check_store(client, store_id)
    if start is not None and (start := _identify_start(store_id)) is not None:
        _checked.clear()
        _checked.add(start)


def _identify_start(store_id: UUID) -> tuple[UUID, str, int, int] | None:
    """Return a value that changes with each start of the embedded engine, or None for a server.

    The embedded engine rewrites its lock file when it starts.
    """
    if settings.ENGINE_URL:
        return None
    path = get_folder() / LOCK_NAME
    try:
        found = path.stat()
    except OSError:
        return None
    return store_id, str(path), found.st_ino, found.st_mtime_ns
