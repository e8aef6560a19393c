"""The supervisors that this process has started. Each is started when the engine is first needed.

All supervisors stop with this process.
"""

import atexit
import importlib.util
import os
import subprocess
import threading
import time
from pathlib import Path

from engine.files import FAILURE_NAME, create_folder
from engine.supervisor import spawn_python, stop_process

SECONDS_TO_STOP = 8
# Seconds before a supervisor that exited by itself is started again, so that it is not restarted in a loop.
SECONDS_BETWEEN_STARTS = 1

_lock = threading.Lock()
_supervisors: dict[Path, "subprocess.Popen[bytes]"] = {}
_started: dict[Path, float] = {}
_owner = 0


def is_engine_installed() -> bool:
    return importlib.util.find_spec("chdb") is not None


def ensure_supervisor(folder: Path) -> None:
    """Start the supervisor of a folder unless this process already runs it. Raises OSError."""
    global _owner
    with _lock:
        if _owner != os.getpid():  # a forked process must not use its parent's supervisor
            _supervisors.clear()
            _owner = os.getpid()
            atexit.register(stop_supervisors, _owner)
        running = _supervisors.get(folder)
        if running is None or (
            running.poll() is not None and _started[folder] < time.monotonic() - SECONDS_BETWEEN_STARTS
        ):
            if running and running.stdin:
                running.stdin.close()
            _start_supervisor(folder)


def _start_supervisor(folder: Path) -> None:
    create_folder(folder)
    (folder / FAILURE_NAME).unlink(missing_ok=True)  # left by an earlier start
    _started[folder] = time.monotonic()
    _supervisors[folder] = spawn_python("engine.supervisor", folder)


def stop_supervisors(owner: int) -> None:
    """Stop all supervisors that this process has started. Do nothing in a forked process."""
    if os.getpid() == owner:
        for folder in list(_supervisors):
            stop_supervisor(folder)


def stop_supervisor(folder: Path) -> None:
    """Stop the engine of a folder if this process has started it, and wait until the engine has exited."""
    with _lock:
        process = _supervisors.pop(folder, None) if _owner == os.getpid() else None
    if process is not None:
        if process.stdin:
            process.stdin.close()
        stop_process(process, SECONDS_TO_STOP)
