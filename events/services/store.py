"""The store of the engine, tied to the main database by its id. All reads and writes of events begin here."""

from uuid import UUID

from django.conf import settings

from engine.client import get_client, get_folder
from engine.errors import EngineUnavailable
from engine.files import LOCK_NAME
from engine.interface import EngineClient
from engine.store import check_store, create_store
from events.models import Store

STORE_ROW = 1
# Raised before the first import. The first import creates the store; a concurrent one completes it.
NO_DATA = "No events have been imported yet: `manage.py import_events`."
# The checked stores, each with the start of its engine.
_checked: set[tuple[UUID, str, int, int]] = set()


class NoData(EngineUnavailable):
    """No data was imported yet."""

    code = "no_data"


def open_store(*, may_start: bool = True) -> EngineClient:
    """Return the client of the engine, after checking that its store belongs to this database.

    Raises NoData before the first import, and EngineUnavailable if the store is lost, empty or that of another
    database, or if the engine is off.
    """
    client = get_client(may_start=may_start)
    store = Store.objects.filter(pk=STORE_ROW, is_confirmed=True).first()
    if store is None:
        raise NoData(NO_DATA)
    _check_once(client, store.store_id)
    return client


def create_store_if_missing() -> EngineClient:
    """Return the client of the engine for an import. The first import creates the store.

    An interrupted creation is completed. A lost store is never created again: its results would be zeros. Raises
    EngineError.
    """
    client = get_client()
    store = Store.objects.filter(pk=STORE_ROW).first()
    if store is None:
        check_store(client, None)
        store, _ = Store.objects.get_or_create(pk=STORE_ROW)
    if store.is_confirmed:
        _check_once(client, store.store_id)
    else:
        create_store(client, store.store_id)
        Store.objects.filter(pk=STORE_ROW).update(is_confirmed=True)
    return client


def _check_once(client: EngineClient, store_id: UUID) -> None:
    """Check the store once per start of the embedded engine. The store of a server is checked each time."""
    if (start := _identify_start(store_id)) in _checked:
        return
    check_store(client, store_id)
    if start is not None and (start := _identify_start(store_id)) is not None:
        _checked.clear()
        _checked.add(start)


def _identify_start(store_id: UUID) -> tuple[UUID, str, int, int] | None:
    """Return a value that changes with each start of the embedded engine, which rewrites its lock file. None for a
    server.
    """
    if settings.ENGINE_URL:
        return None
    path = get_folder() / LOCK_NAME
    try:
        found = path.stat()
    except OSError:
        return None
    return store_id, str(path), found.st_ino, found.st_mtime_ns
