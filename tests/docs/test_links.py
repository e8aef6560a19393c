"""Links in the files of the root folder lead to existing files. `make docs` checks the links within docs/."""

import re

import pytest

from tests.live.conftest import ROOT

FILES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("file", FILES)
def test_relative_links_lead_to_files(file: str) -> None:
    targets = LINK.findall((ROOT / file).read_text())
    assert [target for target in targets if not (ROOT / target).is_file()] == []
    assert targets or file == "CHANGELOG.md"
