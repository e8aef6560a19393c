"""The commands of the README and the Quickstart, run from top to bottom against a live server.

A line `#=> text` means that the output of the command above it contains the text. In a program, the line is
`# => text`, in the style of the formatter.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.live.conftest import ROOT, Service
from tests.one_database import IS_ABOUT_THE_DATABASE

FENCE = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_RUN = ("make ", "export ")
ANSWER = "#=> "
DOCUMENT = "<<'EOF'\n"
PROGRAM_ANSWER = "# => "


class Step(NamedTuple):
    """A documented command or program, and a string that its output contains."""

    language: str
    text: str
    expected: str


def read_steps(page: str) -> list[Step]:
    """Return the commands and programs of a page. Assignments and function definitions need no expected output."""
    return [
        step
        for language, block in FENCE.findall((ROOT / page).read_text())
        for step in ([read_program(block)] if language == "python" else read_commands(block))
    ]


def read_program(block: str) -> Step:
    text, answer, expected = block.partition(PROGRAM_ANSWER)
    assert answer, f"it needs a line of what it prints: {block}"
    return Step("python", text, expected.strip())


def read_commands(block: str) -> Iterator[Step]:
    """Yield the commands of a shell block.

    A command ends with the line that closes its quotes. A command with a here document ends with `EOF` and has no
    expected output.
    """
    command = ""
    lines = [line for line in block.splitlines() if line and not line.startswith(NOT_RUN)]
    for number, line in enumerate(lines):
        if line.startswith(ANSWER):
            continue
        command += line + "\n"
        if DOCUMENT in command:
            if line == "EOF":
                yield Step("sh", command, "")
                command = ""
            continue
        if command.count("'") % 2 or line.endswith("\\"):
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        has_answer = following.startswith(ANSWER)
        assert has_answer or re.match(r"\w+(=|\(\) )", command), f"it needs a line of what it answers: {command}"
        yield Step("sh", command, following.removeprefix(ANSWER) if has_answer else "")
        command = ""


def shell_text(step: Step) -> str:
    """Return the shell command of a step, with the Python interpreter of the tests."""
    if step.language == "python":
        return f"{sys.executable} - <<'PROGRAM'\n{step.text}\nPROGRAM\n"
    return step.text.replace(".venv/bin/python", sys.executable)


def run_steps(steps: list[Step], variables: dict[str, str], folder: Path) -> list[str]:
    """Run the steps in one shell, as a reader would, and return the output of each step."""
    script = "set -eu\n" + "\n".join(
        f"{{ {shell_text(step)}\n}} > {folder}/{number}" for number, step in enumerate(steps)
    )
    run = subprocess.run(["bash", "-c", script], env=variables, cwd=ROOT, capture_output=True, text=True)
    outputs = [folder / str(number) for number in range(len(steps))]
    assert run.returncode == 0, f"{[each.read_text() for each in outputs if each.exists()][-2:]}\n{run.stderr}"
    return [each.read_text() for each in outputs]


PAGES = {"README.md": 4, "docs/quickstart.md": 27, "docs/use-with/python.md": 4, "docs/use-with/posthog.md": 1}
if IS_ABOUT_THE_DATABASE:
    PAGES = {"README.md": 4}  # the steps from an export to a dashboard with results
# A reader of the README may have started the service with `make demo`, which creates rows before the first command.
STARTS = [*((page, []) for page in PAGES), ("README.md", ["--demo"])]


@pytest.mark.parametrize(("page", "options"), STARTS)
def test_commands_and_programs_print_the_documented_output(
    fresh_environment: dict[str, str], tmp_path: Path, page: str, options: list[str]
) -> None:
    service = Service(fresh_environment, tmp_path / "log", *options).wait()
    variables = {"HOST": service.base, "KEY": service.printed_keys[0], "HOME": str(tmp_path), "NO_PROXY": "*"}
    variables["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    (tmp_path / "outputs").mkdir()
    steps = read_steps(page)
    try:
        outputs = run_steps(steps, fresh_environment | variables, tmp_path / "outputs")
    finally:
        service.stop()
    for step, output in zip(steps, outputs, strict=True):
        assert step.expected in output, f"{step.text}\n{output}"
    assert sum(bool(step.expected) for step in steps) >= PAGES[page]
