"""The README's walk-through, run in one shell against a live server: what stands below a command is in its answer."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.live.conftest import ROOT, Service

README = ROOT / "README.md"
NOT_RUN = ("make ", "export ")
ANSWER = "#=> "


def steps() -> Iterator[tuple[str, str]]:
    """Yield (command, what its output must hold) of every shell block. Nothing is said of one that keeps a value."""
    for block in re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL):
        lines = [line for line in block.splitlines() if line and not line.startswith(NOT_RUN)]
        for line, following in pairwise([*lines, ""]):
            if not line.startswith(ANSWER):
                has_answer = following.startswith(ANSWER)
                assert has_answer or re.match(r"\w+(=\$\(|\(\) )", line), f"it needs a line of what it answers: {line}"
                yield line, following.removeprefix(ANSWER) if has_answer else ""


def run_all(commands: list[str], variables: dict[str, str], folder: Path) -> list[str]:
    """Run commands in one shell, as a reader does, and return what each printed."""
    script = "set -eu\n" + "\n".join(
        f"{{ {command.replace('.venv/bin/python', sys.executable)}\n}} > {folder}/{number}"
        for number, command in enumerate(commands)
    )
    done = subprocess.run(["bash", "-c", script], env=variables, cwd=ROOT, capture_output=True, text=True)
    outputs = [(folder / str(number)) for number in range(len(commands))]
    assert done.returncode == 0, f"{[each.read_text() for each in outputs if each.exists()][-2:]}\n{done.stderr}"
    return [each.read_text() for each in outputs]


@pytest.mark.parametrize("options", [[], ["--demo"]], ids=["fresh", "demo"])
def test_every_line_of_the_walk_through_answers_what_it_says(
    fresh: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    service = Service(fresh, tmp_path / "log", *options).wait()
    variables = {"HOST": service.base, "KEY": service.printed_keys[0], "HOME": str(tmp_path), "NO_PROXY": "*"}
    variables["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    (tmp_path / "outputs").mkdir()
    all_steps = list(steps())
    try:
        outputs = run_all([command for command, _ in all_steps], fresh | variables, tmp_path / "outputs")
    finally:
        service.stop()
    for (command, expected), output in zip(all_steps, outputs, strict=True):
        assert expected in output, f"{command}\n{output}"
    assert sum(bool(expected) for _, expected in all_steps) >= 25
