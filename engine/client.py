"""The client of the engine in the settings: the entry point of this package."""

from functools import cache
from pathlib import Path

from django.conf import settings

from dashboards_api.environment import EngineServer
from engine.embedded_client import EmbeddedClient
from engine.errors import EngineUnavailable
from engine.files import FOLDER, has_store
from engine.interface import EngineClient
from engine.server_client import ServerClient


def get_client(*, may_start: bool = True) -> EngineClient:
    """Return the client of the engine. Raises EngineUnavailable.

    The client starts the engine, or opens a connection, on first use. The embedded engine exits together with the
    process that started it. Pass `may_start=False` in a process that may exit before other processes that use the
    engine.
    """
    if not settings.ENGINE:
        raise EngineUnavailable("The engine is turned off: ENGINE=off.")
    return (
        _build_server_client(settings.ENGINE_URL)
        if settings.ENGINE_URL
        else EmbeddedClient(get_folder(), may_start=may_start)
    )


@cache
def _build_server_client(server: EngineServer) -> ServerClient:
    """Return the client of a server. It is cached for the process because it has a connection pool."""
    return ServerClient(server)


def get_folder() -> Path:
    return settings.DATA_DIR.absolute() / FOLDER


def find_folder() -> Path | None:
    """Return the folder of the embedded engine, or None if the engine is not embedded or has no data yet."""
    embedded = settings.ENGINE and not settings.ENGINE_URL
    return get_folder() if embedded and has_store(get_folder()) else None
