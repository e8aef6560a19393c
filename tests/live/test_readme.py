"""The README's walk-through, run line by line against a live server: what stands below a command is in its answer."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.live.conftest import ROOT, Service

README = ROOT / "README.md"
NOT_RUN = ("make ", "export ")


def steps() -> Iterator[tuple[str, str]]:
    """(command, what its output must hold) of every shell block."""
    for block in re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL):
        lines = [line for line in block.splitlines() if line and not line.startswith(NOT_RUN)]
        assert len(lines) % 2 == 0, f"each command needs a line of what it answers:\n{block}"
        for command, expected in zip(lines[::2], lines[1::2], strict=True):
            assert expected.startswith("#=> "), expected
            yield command, expected.removeprefix("#=> ")


def test_every_line_of_the_walk_through_answers_what_it_says(
    service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    variables = {"HOST": service.base, "KEY": service.printed_keys[0], "HOME": str(tmp_path), "NO_PROXY": "*"}
    ran = 0
    for command, expected in steps():
        command_here = command.replace(".venv/bin/python", sys.executable)
        done = subprocess.run(
            ["bash", "-c", command_here],
            env=environment | variables | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert expected in done.stdout, f"{command}\n{done.stdout}\n{done.stderr}"
        ran += 1
    assert ran >= 18
