"""The memory growth of worker processes after many large pages."""

from benchmarks.load import Server
from benchmarks.processes import measure_cost
from benchmarks.servers import WORKERS

PAGE, PAGES, MUST_KEEP_MB = 1000, 240, 20
# The first requests load modules and fill caches, so they are not measured.
FIRST_PAGES = 20


def measure_kept_memory(server: Server) -> str:
    """Return a sentence on the memory growth of a worker after half of the pages and after all pages."""
    _request_pages(server, FIRST_PAGES)
    sizes = [measure_cost(server.pid).memory_mb]
    for _ in range(2):
        _request_pages(server, PAGES // 2)
        sizes.append(measure_cost(server.pid).memory_mb)
    half, whole = ((size - sizes[0]) / WORKERS for size in sizes[1:])
    return (
        f"After {PAGES} pages of {PAGE} a worker has grown by {whole:.1f} MB (must: at most {MUST_KEEP_MB}), "
        f"by {half:.1f} MB after half of them."
    )


def _request_pages(server: Server, pages: int) -> None:
    for number in range(pages):
        status = server.get(f"{server.dashboards}?limit={PAGE}&offset={number * PAGE % 10_000}")[0]
        if status != 200:
            raise SystemExit(f"a page was answered with {status}")
