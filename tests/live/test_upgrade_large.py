"""An upgraded database with large values from before the size limits, which can be read, changed and sent back."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.live.conftest import Service
from tests.live.test_upgrades import load_release
from tests.releases import FIXTURES

RELEASE = "before-limits"
PROJECT = 2
PASSWORD = "correct horse battery"
LONG_TEXT, LONG_JSON = "d" * 13_000_000, json.dumps({"k": "x" * 5_000_000})
TAGS = [f"tag {number:04}" for number in range(1000)]
PLACE = {"x": 0, "y": 0, "w": 6, "h": 5}
BREAKPOINTS = json.dumps({"sm": PLACE, **{f"b{number}": PLACE for number in range(2000)}})
HUGE_PLACE = '{"sm":{"x":0,"y":1' + "0" * 300 + ',"w":6,"h":1e300}}'
# Statements with their values, for rows that the demo of every release has.
ENLARGE: list[tuple[str, Sequence[Any]]] = [
    ("UPDATE dashboards_dashboard SET description = ?, tag_names = ? WHERE id = 1", (LONG_TEXT, json.dumps(TAGS))),
    ("UPDATE dashboards_dashboard SET filters = ?, variables = ? WHERE id = 2", (LONG_JSON, LONG_JSON)),
    ("UPDATE dashboards_dashboard SET breakdown_colors = ? WHERE id = 3", ('[{"breakdownValue":1,"colorToken":2}]',)),
    ("UPDATE dashboards_tile SET layouts = ? WHERE id = (SELECT MIN(id) FROM dashboards_tile)", (BREAKPOINTS,)),
    ("UPDATE dashboards_tile SET layouts = ? WHERE id = (SELECT MAX(id) FROM dashboards_tile)", (HUGE_PLACE,)),
    ("UPDATE dashboards_text SET body = NULL WHERE id = (SELECT MIN(id) FROM dashboards_text)", ()),
    ("UPDATE dashboards_insight SET description = ?, query = ? WHERE id = 1", ("d" * 50_000, LONG_JSON)),
    ("UPDATE users_user SET password = ?", (PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1),)),
    *(("INSERT INTO dashboards_tag (project_id, name) VALUES (2, ?)", (tag,)) for tag in TAGS),
    ("DELETE FROM dashboards_activity WHERE scope = 'Dashboard'", ()),  # the activity log contains the earlier values
    ("DELETE FROM dashboards_dashboardtag WHERE dashboard_id = 1", ()),
    (
        "INSERT INTO dashboards_dashboardtag (dashboard_id, tag_id) "
        "SELECT 1, id FROM dashboards_tag WHERE project_id = 2 AND name LIKE 'tag %'",
        (),
    ),
]


def enlarge(environment: dict[str, str]) -> None:
    if "DATABASE_URL" in environment:
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            for statement, values in ENLARGE:
                connection.execute(statement.replace("%", "%%").replace("?", "%s").encode(), values)
        return
    with closing(sqlite3.connect(Path(environment["DATA_DIR"]) / "dashboards.sqlite3")) as database, database:
        for statement, values in ENLARGE:
            database.execute(statement, values)


@pytest.fixture(scope="module")
def upgraded_service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    load_release(environment, RELEASE)
    enlarge(environment)
    service = Service(environment, tmp_path_factory.mktemp("log") / "serve.log").wait()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def api(upgraded_service: Service, environment: dict[str, str]) -> Iterator[httpx.Client]:
    engine = "postgresql" if "DATABASE_URL" in environment else "sqlite"
    key = json.loads((FIXTURES / RELEASE / f"{engine}.json").read_text())["key"]
    root = f"{upgraded_service.base}/api/projects/{PROJECT}/"
    with httpx.Client(base_url=root, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        yield client


def list_rows(api: httpx.Client, path: str) -> list[Any]:
    """Return all rows of a list, whose pages are linked by `next`."""
    found: list[Any] = []
    address: str | None = path
    while address:
        page = api.get(address).raise_for_status().json()
        found += page["results"]
        assert page["count"] >= len(found)
        address = page["next"]
    return found


def test_every_row_is_listed_and_retrieved(api: httpx.Client) -> None:
    boards = {row["id"]: row for row in list_rows(api, "dashboards/")}
    assert (len(boards[1]["description"]), boards[1]["tags"]) == (len(LONG_TEXT), TAGS)
    for path in ("dashboards/", "insights/", "dashboard_templates/"):
        listed = list_rows(api, path)
        assert listed or path == "dashboard_templates/"
        for row in listed:
            api.get(f"{path}{row['id']}/").raise_for_status()
    assert api.get("dashboards/2/").json()["filters"] == json.loads(LONG_JSON)
    assert api.get("insights/1/").json()["query"] == json.loads(LONG_JSON)


@pytest.mark.parametrize("board", [1, 2, 3])
def test_dashboard_is_sent_back_and_changed(api: httpx.Client, board: int) -> None:
    path = f"dashboards/{board}/"
    read = api.get(path).raise_for_status().json()
    back = api.patch(path, json=read)
    assert (back.status_code, back.headers.get("Ignored-Fields")) == (200, None), back.text[:500]
    after = back.json()
    for answer in (read, after):
        del answer["last_accessed_at"]
    assert after == read
    changed = api.patch(path, json={"name": f"New {board}"})
    assert (changed.status_code, changed.json()["name"]) == (200, f"New {board}")
    assert changed.json()["tiles"] == read["tiles"]


def test_oversized_content_cannot_grow(api: httpx.Client) -> None:
    for path, body, attr in (
        ("dashboards/1/", {"description": LONG_TEXT + "d"}, "description"),
        ("dashboards/1/", {"tags": [f"{tag} more" for tag in TAGS[:500]] + TAGS[:500] + ["new"]}, "tags"),
        ("dashboards/2/", {"filters": {"k": "x" * 5_000_001}}, "filters"),
        ("insights/1/", {"description": "d" * 50_001}, "description"),
    ):
        answer = api.patch(path, json=body)
        assert (answer.status_code, answer.json()["attr"]) == (400, attr), answer.text[:500]


def test_insight_is_sent_back_and_changed(api: httpx.Client) -> None:
    read = api.get("insights/1/").json()
    back = api.patch("insights/1/", json=read)
    assert (back.status_code, back.json()["query"], back.json()["description"]) == (
        200,
        read["query"],
        read["description"],
    )
    assert api.patch("insights/1/", json={"name": "New"}).json()["name"] == "New"


@pytest.mark.parametrize("board", [1, 2, 3])
def test_activity_log_records_it(api: httpx.Client, board: int) -> None:
    api.patch(f"dashboards/{board}/", json={"pinned": True}).raise_for_status()
    versions = list_versions(api, board)
    state = api.get(f"dashboards/{board}/versions/{versions[0]}/").raise_for_status().json()["state"]
    assert state["pinned"] is True
    api.post(f"dashboards/{board}/versions/{versions[0]}/restore/", json={}).raise_for_status()


def list_versions(api: httpx.Client, board: int) -> list[int]:
    found = api.get(f"dashboards/{board}/versions/").raise_for_status().json()["results"]
    return [row["version"] for row in found]


@pytest.mark.parametrize("board", [1, 2, 3])
def test_pages_show_it(api: httpx.Client, upgraded_service: Service, board: int) -> None:
    sharing = api.patch(f"dashboards/{board}/sharing/", json={"enabled": True}).raise_for_status().json()
    with httpx.Client(base_url=upgraded_service.base, timeout=60, follow_redirects=True) as browser:
        for path in (f"/shared/{sharing['access_token']}", f"/shared/{sharing['access_token']}.json"):
            assert browser.get(path).status_code == 200
        me = api.get(f"{upgraded_service.base}/api/users/@me/").json()
        signed_in = browser.post("/api/login/", json={"email": me["email"], "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        console = f"/projects/{PROJECT}/dashboards"
        for path in (console, *(f"{console}/{board}{part}" for part in ("", "/tiles", "/history"))):
            assert browser.get(path).status_code == 200, path
