"""docs/compatibility.md: every report has a row, and every test that the document names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/compatibility.md").read_text().splitlines()
    if re.match(r"\| F\d\d ", line)
]


def test_every_report_has_one_row() -> None:
    assert [row[0] for row in ROWS] == [f"F{number:02}" for number in range(1, 53)]
    for name, where, what, here, tests in ROWS:
        assert where, name
        assert what, name
        assert here.startswith(("held", "differs", "not yet")), name
        assert tests or here.startswith("not yet"), name


@pytest.mark.parametrize("named", sorted({test for row in ROWS for test in re.findall(r"`([^`]+::[^`]+)`", row[4])}))
def test_named_tests_exist(named: str) -> None:
    path, function = named.split("::")
    assert re.search(rf"^def {function}\(", (ROOT / "tests" / path).read_text(), re.MULTILINE)
