"""The client of the parser process, which is started for the first text and restarted if it has exited."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import IO, Any, cast

from queries.hogql.errors import ParserUnavailable, QueryTooComplex

ROOT = Path(__file__).parents[2]
SECONDS = 5.0
SECONDS_TO_START = 10


class ParserProcess:
    """A parser process. Threads use it one at a time, and a forked process starts its own parser process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def parse(self, text: str, *, expression: bool = False, seconds: float = SECONDS) -> str:
        """Return the parser's JSON. Raises QueryTooComplex after a timeout or a crash, and ParserUnavailable."""
        request = {"text": text, "expression": expression, "seconds": seconds}
        with self._lock:
            answer = self._send_request(json.dumps(request) + "\n", seconds + SECONDS_TO_START)
        if answer["tree"] is not None:
            return str(answer["tree"])
        if answer["signal"] == signal.SIGALRM:
            raise QueryTooComplex(f"The query takes longer than {seconds:g} seconds to parse. Reduce its nesting.")
        raise QueryTooComplex("The query is too complex for the parser.")

    def close(self) -> None:
        """Kill the process. A new process is started for the next text."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.communicate()

    def _send_request(self, line: str, seconds: float) -> dict[str, Any]:
        for _ in range(2):  # the process may have been killed since the last text
            process = self._get_process()
            stdin, stdout = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
            try:
                stdin.write(line)
                stdin.flush()
            except BrokenPipeError:
                self.close()
                continue
            answer = stdout.readline() if select.select([stdout], [], [], seconds)[0] else ""
            if answer:
                return dict(json.loads(answer))
            self.close()
        raise ParserUnavailable("The HogQL parser is not running. It is installed with the engine.")

    def _get_process(self) -> subprocess.Popen[str]:
        if self._process is None or self._owner != os.getpid():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "queries.hogql.parser_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd="/",
                env={"PYTHONPATH": str(ROOT)},
            )
            self._owner = os.getpid()
        return self._process


PARSER = ParserProcess()
atexit.register(PARSER.close)
