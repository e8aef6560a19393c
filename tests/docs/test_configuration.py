"""docs/configuration.md: every setting has a row, and every row is a setting."""

import re

from dashboards_api import settings
from tests.live.conftest import ROOT

PAGE = ROOT / "docs" / "configuration.md"
READ_BY_LIBPQ = {"PGHOST", "PGPORT", "PGUSER"}


def test_table_rows_equal_the_settings() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", PAGE.read_text(), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
    assert documented - READ_BY_LIBPQ == settings.env._known
