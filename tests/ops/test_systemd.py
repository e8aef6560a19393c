"""The systemd unit of docs/operations/self-hosting.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.conftest import ROOT

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="it is the same on each engine"
)
DOCUMENT = (ROOT / "docs" / "operations" / "self-hosting.md").read_text()


def test_unit_is_valid(tmp_path: Path) -> None:
    [unit] = re.findall(r"```ini\n(\[Unit\].*?)```", DOCUMENT, re.DOTALL)
    file = tmp_path / "dashboards.service"
    file.write_text(unit.replace("/srv/dashboards/.venv/bin/python", sys.executable))
    ended = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True)
    assert [line for line in ended.stderr.splitlines() if "dashboards.service" in line] == []
    assert ended.returncode == 0, ended.stderr


def test_unknown_option_is_detected(tmp_path: Path) -> None:
    file = tmp_path / "dashboards.service"
    file.write_text(f"[Service]\nExecStart={sys.executable}\nProtectSystm=strict\n")
    ended = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True)
    assert "ProtectSystm" in ended.stderr
