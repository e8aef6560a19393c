"""The progress bar of an import, which is shown only on a terminal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from engine.errors import EngineError
from engine.interface import EngineClient

SECONDS_BETWEEN_LOOKS = 0.5
BAR_WIDTH = 24
LINE_WIDTH = 100
# The share of a file's import time before each step, and the share of the step itself.
STEPS = {"reading": (0.0, 0.5), "defining": (0.5, 0.2), "writing": (0.7, 0.3)}
SELECT_ROWS = (
    "SELECT sum(read_rows), sum(total_rows_approx) FROM system.processes"
    " WHERE query_id = {id:String} OR Settings['log_comment'] = {id:String}"
)


class Progress:
    """A progress bar that a thread redraws until the import is finished."""

    def __init__(self, out: TextIO, client: EngineClient, total_bytes: int) -> None:
        self.out, self.client, self.total_bytes = out, client, max(1, total_bytes)
        self.done_bytes = self.file_bytes = 0
        self.name = self.step = self.query_id = ""
        self.ended = threading.Event()

    def start_file(self, name: str, size: int) -> None:
        self.done_bytes += self.file_bytes
        self.name, self.file_bytes, self.step = name, size, "reading"

    def report(self, query_id: str, step: str) -> None:
        self.query_id, self.step = query_id, step

    def clear(self) -> None:
        """Clear the progress bar, so that another line can be printed."""
        if self.out.isatty():
            self.out.write("\r\033[K")

    @contextmanager
    def show(self) -> Iterator[None]:
        """Show the progress bar during the block, if the output is a terminal."""
        if not self.out.isatty():
            yield
            return
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join()
            self.clear()

    def _run(self) -> None:
        while not self.ended.wait(SECONDS_BETWEEN_LOOKS):
            rows, total = self.read_rows()
            self.out.write(f"\r{self.describe(rows, total)}\033[K")
            self.out.flush()

    def read_rows(self) -> tuple[int, int]:
        """Return the number of rows read by the running statement and its total number of rows, or 0 if unknown."""
        try:
            [[rows, total]] = self.client.read(SELECT_ROWS, {"id": self.query_id}).rows
        except EngineError:  # the import itself reports the error
            return 0, 0
        return int(rows), int(total)

    def describe(self, rows: int, total: int) -> str:
        start, share = STEPS.get(self.step, (0.0, 0.0))
        part = start + share * min(1.0, rows / total if total else 0.0)
        percent = min(100, int(100 * (self.done_bytes + part * self.file_bytes) / self.total_bytes))
        bar = ("#" * (percent * BAR_WIDTH // 100)).ljust(BAR_WIDTH, "-")
        return f"[{bar}] {percent:3} %  {self.name}: {self.step}, {rows:,} rows"[:LINE_WIDTH]
