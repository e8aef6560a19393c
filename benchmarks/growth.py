"""Response times by the size of a project: `python -m benchmarks.growth --sizes 1000,10000,100000[,1000000]`.

The output is the median latency of the service and of the plain service on PostgreSQL, for one client, in milliseconds.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.databases import Database, Databases, create_work_folder, fill_database, open_databases
from benchmarks.load import Job, Server, list_live_ids, measure
from benchmarks.report import format_table
from benchmarks.servers import get_plain_server, serving

PAGE = 100
ROWS_BEFORE_END = 300
FIRST, SMALL, ONE, DEEP, LAST, RARE = "list", "list of Small", "one", "90% deep", "last by `next`", "rare search"
TIMED_OUT = "no answer in time"
Times = dict[tuple[str, str, int], float]


class Bound(NamedTuple):
    """The maximum ratio of a latency at the largest project size to another latency."""

    name: str
    job: str
    server: str
    over_job: str
    over_server: str
    over_largest: bool
    must: float


BOUNDS = [
    Bound("list: largest / smallest", FIRST, "ours", FIRST, "ours", False, 1.5),
    Bound("list of Small: largest / smallest", SMALL, "ours", SMALL, "ours", False, 1.2),
    Bound("one: largest / smallest", ONE, "ours", ONE, "ours", False, 1.3),
    Bound("last page by `next` / first page", LAST, "ours", FIRST, "ours", True, 2),
    Bound("90% deep: ours / plain", DEEP, "ours", DEEP, "plain", True, 0.2),
    Bound("rare search: largest / smallest", RARE, "ours", RARE, "ours", False, 5),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=parse_sizes, default="1000,10000,100000", help="(default: %(default)s)")
    parser.add_argument("--tiles", type=int, default=2, help="of each dashboard (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement (default: %(default)s)")
    options = parser.parse_args()
    times: Times = {}
    with create_work_folder() as folder, open_databases("postgresql", folder) as created:
        for size in options.sizes:
            times |= measure_size(size, created, folder, options)
            print(f"{size:,} dashboards are measured:", flush=True)
            print(format_times({key: time for key, time in times.items() if key[2] == size}, [size]), flush=True)
    print(f"\nMilliseconds, median at one connection; `plain` is served by {get_plain_server()}.\n")
    print(format_times(times, options.sizes), format_bounds(times, options.sizes), sep="\n\n")


def parse_sizes(text: str) -> list[int]:
    return sorted({int(size) for size in text.split(",")})


def measure_size(size: int, made: Databases, folder: Path, options: argparse.Namespace) -> Times:
    database = made.create(f"bench_{size}")
    filled = fill_database(database, folder, dashboards=size, tiles=options.tiles)
    times = {}
    for name in ("ours", "plain"):
        with serving(name, database, filled, folder) as server:
            for what, job in create_jobs(server, filled.small):
                times[what, name, size] = _median(server, what, job, database, options.seconds)
    made.drop(database)
    return times


def create_jobs(server: Server, small_project_id: int) -> Iterator[tuple[str, Job]]:
    first = f"{server.dashboards}?limit={PAGE}"
    page = server.get(first)[2]
    rare = page["results"][-1]["name"].split()[-1]
    small = server._replace(project_id=small_project_id)
    asked = {
        FIRST: [first],
        SMALL: [f"{small.dashboards}?limit={PAGE}"],
        ONE: [f"{server.dashboards}{id_}/" for id_ in list_live_ids(server)],
        DEEP: [f"{first}&offset={page['count'] * 9 // 10}"],
        LAST: [find_last_page(server, first, page["count"])],
        RARE: [f"{first}&search={rare}"],
    }
    for what, paths in asked.items():
        yield what, Job(paths, {})


def find_last_page(server: Server, first: str, count: int) -> str:
    """Return the URL of the last page. Follow `next` from a page near the end, because this is faster."""
    path = f"{first}&offset={count - ROWS_BEFORE_END}"
    while following := server.get(path)[2]["next"]:
        parts = urlsplit(following)
        path = f"{parts.path}?{parts.query}"
    return path


def _median(server: Server, what: str, job: Job, database: Database, seconds: int) -> float:
    return measure(server, what, job, database=database, connections=1, seconds=seconds).p50


def format_times(times: Times, sizes: list[int]) -> str:
    names = dict.fromkeys((what, server) for what, server, _ in times)
    rows = [[what, server, *(_format_seconds(times[what, server, size]) for size in sizes)] for what, server in names]
    return format_table(["what", "server", *(f"{size:,}" for size in sizes)], rows)


def _format_seconds(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds else TIMED_OUT


def format_bounds(times: Times, sizes: list[int]) -> str:
    smallest, largest = sizes[0], sizes[-1]
    rows = []
    for bound in BOUNDS:
        over = times[bound.over_job, bound.over_server, largest if bound.over_largest else smallest]
        time = times[bound.job, bound.server, largest]
        if not (time and over):
            rows.append([bound.name, TIMED_OUT, f"<= {bound.must:g}", ""])
            continue
        verdict = "kept" if time / over <= bound.must else "missed"
        rows.append([bound.name, f"{time / over:.2f}", f"<= {bound.must:g}", verdict])
    return format_table(["how cost must grow", "ratio", "must", ""], rows)


if __name__ == "__main__":
    main()
