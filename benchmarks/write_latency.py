"""The latency of sequential writes."""

import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from benchmarks.databases import Database
from benchmarks.load import Server, list_live_ids
from benchmarks.report import format_table

TIMES = 100
# The number of tiles of the duplicated dashboard.
TILES = 50
Request = tuple[str, str, Any]


def format_write_latency(server: Server, database: Database) -> str:
    """Return a table with the latency and the number of statements of each kind of write."""
    rows = [[name, *_measure(server, database, requests)] for name, requests in _writes(server).items()]
    return format_table(["write", "p50 ms", "p99 ms", "statements"], rows)


def _writes(server: Server) -> dict[str, Callable[[int], Request]]:
    root, ids = server.dashboards, list_live_ids(server)
    source, target = ids[:2]
    texts = [{"text": {"body": f"text {number}"}} for number in range(TILES)]
    large = _create(server, {"name": "large", "tiles": texts})
    small = _create(server, {"name": "small", "tiles": texts[:1]})
    other = _create(server, {"name": "other"})
    tile = server.get(f"{root}{small}/")[2]["tiles"][0]["id"]
    placed = server.get(f"{root}{source}/")[2]["tiles"][0]["id"]

    def moved(number: int) -> Request:
        here, there = (small, other) if number % 2 == 0 else (other, small)
        return "PATCH", f"{root}{here}/move_tile/", {"tile": {"id": tile}, "to_dashboard": there}

    def layout(number: int) -> Request:
        items = [{"id": placed, "layouts": {"sm": {"x": number % 6, "y": number, "w": 6, "h": 5}}}]
        return "PATCH", f"{root}{source}/", {"tiles": items}

    return {
        "create": lambda number: ("POST", root, {"name": f"new {number}"}),
        "change two fields": lambda number: (
            "PATCH",
            f"{root}{target}/",
            {"name": f"n {number}", "description": f"d {number}"},
        ),
        "change a layout": layout,
        "move a tile": moved,
        f"duplicate {TILES} tiles": lambda number: ("POST", root, {"use_dashboard": large, "duplicate_tiles": True}),
    }


def _create(server: Server, body: Any) -> int:
    created: int = server.send("POST", server.dashboards, body)[2]["id"]
    return created


def _measure(server: Server, database: Database, request: Callable[[int], Request]) -> list[str]:
    before, times = database.statements(), []
    for number in range(TIMES):
        start = time.perf_counter()
        status, _, _ = server.send(*request(number))
        times.append((time.perf_counter() - start) * 1000)
        if status not in (200, 201):
            raise SystemExit(f"{request(number)[:2]} was answered with {status}")
    after = database.statements()
    statements = "" if before is None or after is None else f"{(after - before) / TIMES:.1f}"
    return [f"{median(times):.2f}", f"{quantiles(times, n=100)[-1]:.2f}", statements]
