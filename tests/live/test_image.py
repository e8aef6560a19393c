"""The files of the container image, without a container engine. The copied files suffice to run the service."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.live.conftest import ROOT


def read_context() -> set[str]:
    """Return the names that `.dockerignore` includes in the build context. All other names are excluded."""
    first, *lines = (ROOT / ".dockerignore").read_text().split()
    assert first == "*"
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


def list_copied() -> Iterator[tuple[str, str]]:
    """Yield each path that the last stage of the Dockerfile copies from the build context, and its target path."""
    stage = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    for arguments in re.findall(r"^COPY (?!--from)(.+)$", stage, re.MULTILINE):
        *sources, target = arguments.split()
        for source in sources:
            yield source, f"{target}/{source}" if target == "./" else target


def test_image_has_every_module_that_the_service_imports(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    image = tmp_path / "srv"
    image.mkdir()
    copied = dict(list_copied())
    assert len(copied) > 5
    assert copied.keys() <= read_context()
    for source, target in copied.items():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, image / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, image / target)
    for command in ("migrate", "check", "version"):
        run = subprocess.run(
            [sys.executable, "manage.py", command], cwd=image, env=fresh_environment, capture_output=True, text=True
        )
        assert run.returncode == 0, f"{command}\n{run.stderr}"
