from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from engine.client import find_folder, get_client, get_folder
from engine.errors import EngineError
from engine.files import measure_size
from engine.interface import EngineClient
from engine.store import read_store_id


class Command(BaseCommand):
    help = (
        "Print one line about the engine that computes results: its state, version, data, location and size."
        " The exit code is 1 if the engine does not respond."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ENGINE:
            self.stdout.write("off (ENGINE=off)\n")
        elif not settings.ENGINE_URL and find_folder() is None:
            self.stdout.write(f"no data: nothing was imported into {get_folder()} yet\n")
        else:
            self.check_answer()

    def check_answer(self) -> None:
        try:
            client = get_client()
            self.stdout.write(f"{describe_engine(client)}\n")
        except EngineError as error:
            self.stdout.write(f"unavailable: {error.detail}\n")
            raise SystemExit(1) from error


def describe_engine(client: EngineClient) -> str:
    """Return the version and location of an engine, in one line. Raises EngineError."""
    info = client.ping()
    store = read_store_id(client)
    content = f"store {store}" if store else "no data"
    kind = "ClickHouse server" if settings.ENGINE_URL else "embedded engine"
    return f"ok: {kind} {info.version}, {content}, {info.location}, {measure_store(client) / 1_000_000:.1f} MB"


def measure_store(client: EngineClient) -> int:
    """Return the size of the data on disk, in bytes."""
    if not settings.ENGINE_URL:
        return measure_size(get_folder())
    rows = client.read("SELECT sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase()").rows
    return int(rows[0][0] or 0)
