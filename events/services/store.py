"""The store of the engine, tied to the main database by its id. All code that reads or writes events opens it here."""

from engine.client import get_client
from engine.interface import EngineClient
from engine.store import check_store, check_store_once, create_store
from events.models import Store
from events.readers import read_store_id

STORE_ROW = 1


def open_store(*, may_start: bool = True) -> EngineClient:
    """Return the client of the engine, after checking that its store belongs to this database.

    Raises NoData before the first import. Raises EngineUnavailable if the store is lost, is empty or belongs to another
    database, or if the engine is off.
    """
    client = get_client(may_start=may_start)
    check_store_once(client, read_store_id())
    return client


def create_store_if_missing() -> EngineClient:
    """Return the client of the engine for an import. If the store does not exist, create it.

    Concurrent imports may create the store together. An interrupted creation is completed. A lost store is not created
    again, because queries would return zeros instead of an error. Raises EngineError.
    """
    client = get_client()
    store = Store.objects.filter(pk=STORE_ROW).first()
    if store is None:
        check_store(client, None)
        store, _ = Store.objects.get_or_create(pk=STORE_ROW)
    if store.is_confirmed:
        check_store_once(client, store.store_id)
    else:
        create_store(client, store.store_id)
        Store.objects.filter(pk=STORE_ROW).update(is_confirmed=True)
    return client
