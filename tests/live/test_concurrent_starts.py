"""Two first starts at the same time, on one database."""

from pathlib import Path

from tests.database_rows import read_rows
from tests.live.conftest import Service, empty_database
from tests.live.test_first_start import get_url


def test_two_concurrent_first_starts_create_everything_once(tmp_path: Path) -> None:
    with empty_database(tmp_path / "data") as environment:
        check_concurrent_first_starts(environment, tmp_path)


def check_concurrent_first_starts(environment: dict[str, str], tmp_path: Path) -> None:
    environments = [environment, environment]
    if "DATABASE_URL" in environment:  # machines that share a PostgreSQL have separate folders
        environments = [
            {**environment, "DATA_DIR": str(tmp_path / name), "SECRET_KEY": "s" * 40} for name in ("one", "two")
        ]
    both = [Service(each, tmp_path / f"log{index}", "--demo") for index, each in enumerate(environments)]
    try:
        for each in both:
            each.wait()
            assert "Traceback" not in each.log.read_text()
    finally:
        for each in both:
            each.stop()
    rows = read_rows(get_url(environment))
    assert len(rows["users_user"]) == 1
    assert len(rows["users_personalapikey"]) == 1
    assert len(rows["users_project"]) == 2
    assert len(rows["dashboards_dashboard"]) == 3
    keys = {key for each in both for key in each.printed_keys}
    assert len(keys) == 1
