"""The service, plain Django REST framework and a bare limit in one run: `python -m benchmarks.run [--dashboards N]`.

Each round loads every server with every job in turn, so that other work of the machine affects all servers. The report
has the medians of the rounds, and the ratios with their goals.
"""

import argparse
import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.databases import create_work_folder, fill_database, open_databases
from benchmarks.earlier_commit import serving_commit
from benchmarks.load import JOBS, create_job, measure
from benchmarks.page_memory import measure_kept_memory
from benchmarks.report import compute_medians, format_goals, format_results
from benchmarks.response_diff import diff_responses
from benchmarks.servers import NAMES, get_plain_server, serving
from benchmarks.write_latency import format_write_latency


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dashboards", type=int, default=10_000)
    parser.add_argument("--tiles", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--against", metavar="COMMIT", help="an earlier commit, measured in the same rounds")
    parser.add_argument("--json", type=Path, help="a file for the results of every round")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    with create_work_folder() as folder, open_databases(options.engine, folder) as created, ExitStack() as running:
        database = created.create("bench")
        filled = fill_database(database, folder, dashboards=options.dashboards, tiles=options.tiles)
        servers = [running.enter_context(serving(name, database, filled, folder)) for name in NAMES]
        unequal = diff_responses(servers)
        measured = [(server, database) for server in servers]
        if options.against:
            size = {"dashboards": options.dashboards, "tiles": options.tiles}
            before = running.enter_context(serving_commit(options.against, created, folder, **size))
            measured.insert(1, before)  # directly after ours, because the speed of a virtual machine changes with time
        # Created before the first measurement, because creating a job requests deep pages, which fills caches.
        work = [(server, its, name, create_job(server, name)) for name in JOBS for server, its in measured]
        results = [
            measure(server, name, job, database=its, connections=options.connections, seconds=options.seconds)
            for _ in range(options.rounds)
            for server, its, name, job in work
            if job
        ]
        ours = servers[NAMES.index("ours")]
        writes, kept = format_write_latency(ours, database), measure_kept_memory(ours)
    print(f"{options.dashboards} dashboards of {options.tiles} tiles on {options.engine}; two workers each, ", end="")
    print(f"{options.connections} connections, {options.rounds} rounds of {options.seconds} s; ", end="")
    print(f"`plain` is served by {get_plain_server()}.\n")
    middle = compute_medians(results)
    print(format_results(middle), format_goals(middle, options.engine), writes, kept, sep="\n\n")
    for line in unequal:
        print(f"\nThe answers are not the same: {line}")
    if options.json:
        options.json.write_text("".join(json.dumps(asdict(result)) + "\n" for result in results))


if __name__ == "__main__":
    main()
