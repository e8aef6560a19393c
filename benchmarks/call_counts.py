"""The product files and functions that run during a request: `python -m benchmarks.call_counts`.

The counts come from `sys.setprofile`, for the code of our own packages only. The counts are limited, so that a
developer can read the code of a request from top to bottom. The exit code is 1 if a request exceeds its limits.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = tuple(
    f"{ROOT / name}{os.sep}"
    for name in ("dashboards_api", "users", "engine", "events", "queries", "dashboards", "pages")
)
# The maximum numbers of files and of calls of each request.
LIMITS = {
    "PATCH with tiles": (40, 365),
    "list": (27, 165),
    "retrieve": (33, 200),
    "move_tile": (38, 245),
    "undo of eight activities": (41, 300),
}


class Walk(NamedTuple):
    """The files whose functions were called, and the number of calls of each function."""

    files: set[str]
    calls: Counter[str]

    def is_within(self, limits: tuple[int, int]) -> bool:
        """Return whether the numbers of files and calls are within `limits`."""
        return len(self.files) <= limits[0] and self.calls.total() <= limits[1]


def trace(call: Callable[[], Any]) -> Walk:
    """Call a function under a profiler, and return the product files and functions that ran."""
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, argument: object) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(PACKAGES) and not frame.f_code.co_name.startswith("<"):
            calls[f"{name.removeprefix(f'{ROOT}{os.sep}')}:{frame.f_code.co_qualname}"] += 1

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
    return Walk({name.partition(":")[0] for name in calls}, calls)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": "sqlite://:memory:", "LOG_LEVEL": "ERROR"}
        os.environ.pop("RATE_LIMITS", None)  # the default limits, as in production
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
        import django

        django.setup()
        from django.core.management import call_command

        from benchmarks.call_count_requests import build_requests

        call_command("migrate", verbosity=0)
        walks = {name: trace(call) for name, call in build_requests()}
        excessive = {name for name, walk in walks.items() if not walk.is_within(LIMITS[name])}
        for name, walk in walks.items():
            excess = " (exceeds its limits)" if name in excessive else ""
            print(f"{name}: {len(walk.files)} files, {len(walk.calls)} functions, {walk.calls.total()} calls{excess}")
            if "--verbose" in sys.argv:
                for function, count in sorted(walk.calls.items()):
                    print(f"  {count:5} {function}")
    sys.exit(1 if excessive else 0)


if __name__ == "__main__":
    main()
