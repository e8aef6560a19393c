"""The findings of the stages as lines of JSON, with the requests to repeat, and a summary of each stage."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """The result of a stage on one engine. Any fault fails the run."""

    figure: str
    faults: int


class Report:
    """The findings of one stage on one engine, each of which is appended to a file immediately."""

    def __init__(self, path: Path, *, stage: str, engine: str, seed: int) -> None:
        self.path = path
        self.about = {"stage": stage, "engine": engine, "seed": seed}
        self.faults = 0
        self.started = time.monotonic()

    def fault(self, what: str, **details: Any) -> None:
        """Record a fault with its details, such as the request and the response."""
        self.faults += 1
        self._write("fault", what, details)

    def note(self, what: str, **details: Any) -> None:
        """Record a finding that is not a fault, such as a measured time."""
        self._write("note", what, details)

    def outcome(self, figure: str) -> Outcome:
        return Outcome(figure, self.faults)

    def _write(self, verdict: str, what: str, details: dict[str, Any]) -> None:
        seconds = round(time.monotonic() - self.started, 3)
        line = {**self.about, "seconds": seconds, "verdict": verdict, "what": what, **details}
        with self.path.open("a") as file:
            file.write(json.dumps(line, default=repr) + "\n")
