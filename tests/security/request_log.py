"""The request log of the tested service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_requests(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the log line of each request: method, path, status, milliseconds."""
    for line in log.read_text(errors="replace").split(
        "\n"
    ):  # a path may contain characters that `splitlines` treats as line boundaries
        if line.startswith('{"event":"request"'):
            yield json.loads(line)
