"""The release: one version everywhere, and a dated section in the changelog."""

import re
import tomllib
from datetime import date
from pathlib import Path

from dashboards_api.release import VERSION

ROOT = Path(__file__).resolve().parent.parent.parent


def test_version_is_consistent() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert f"version {VERSION}," in (ROOT / "README.md").read_text()
    assert f"  version: {VERSION}\n" in (ROOT / "openapi.yaml").read_text()


def test_each_release_has_a_dated_section() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    releases = [heading.split(" - ") for heading in headings if heading != "Unreleased"]
    assert releases[0][0] == VERSION
    days = [date.fromisoformat(day) for _, day in releases]
    assert days == sorted(days, reverse=True)
