"""The files in DATA_DIR/engine/."""

import json
import os
import socket
from pathlib import Path
from typing import Any

FOLDER = "engine"
STORE = "store"
INCOMING = "incoming"
TEMPORARY = "tmp"
LOCK_NAME = "engine.lock"
FAILURE_NAME = "failure"


def create_folder(folder: Path) -> None:
    """Create the folder of the engine with access for its owner only. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def has_store(folder: Path) -> bool:
    """Return whether an engine has ever run in a folder."""
    return (folder / STORE).is_dir()


def describe_holder() -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname()})


def read_holder(folder: Path) -> str:
    """Return a description, for a message, of the process that runs the engine of a folder, or ran it last."""
    try:
        holder: dict[str, Any] = json.loads((folder / LOCK_NAME).read_text())
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def is_on_this_machine(folder: Path) -> bool:
    """Return whether the process that runs the engine of a folder is on this machine."""
    return read_holder(folder).endswith(f" on {socket.gethostname()}")


def read_failure(folder: Path) -> str:
    """Return the reason why the last start of the engine failed, or an empty string if the engine started."""
    try:
        return (folder / FAILURE_NAME).read_text().strip()
    except OSError:
        return ""


def measure_size(folder: Path) -> int:
    """Return the total size of the files in a folder, in bytes.

    Files that are deleted during the measurement are not counted.
    """
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except OSError:
                continue
    return total
