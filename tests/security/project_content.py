"""The initial content of projects, and a check that each row is readable at the end."""

from typing import Any

import httpx

from tests.security.accounts import get_email
from tests.security.report import Report
from tests.security.service import Target

PAGE = 500
COLLECTIONS = ("dashboards", "insights", "dashboard_templates")
QUERY = {"kind": "InsightVizNode", "source": {"kind": "TrendsQuery", "series": [{"event": "$pageview"}]}}
TEMPLATE = {
    "template_name": "Attack",
    "dashboard_description": "",
    "dashboard_filters": {},
    "tiles": [{"type": "TEXT", "body": "text"}],
}


def expect_success(answer: httpx.Response) -> Any:
    """Return the JSON of a response. Raises RuntimeError unless the response is a success."""
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


def fill_project(target: Target, project: str = "Home", key: str = "admin", count: int = 3) -> dict[str, list[str]]:
    """Create shared dashboards with tiles of all kinds, and templates, and return the ids by collection."""
    ids: dict[str, list[str]] = {name: [] for name in (*COLLECTIONS, "passwords", "users")}
    with target.client(key) as client:
        for number in range(count):
            for name, id_ in create_dashboard(
                client, target.home(project=project), f"{project} secret {number}"
            ).items():
                ids[name].append(id_)
        if project == "Home":
            ids["users"].append(_collaborator(client, target, ids["dashboards"][0]))
    return ids


def create_dashboard(client: httpx.Client, root: str, name: str) -> dict[str, str]:
    """Create a shared dashboard with content, and a template, and return the id of each row by collection."""
    tiles: list[Any] = [{"text": {"body": name}}, {"button_tile": {"url": "/a", "text": name}}]
    board = expect_success(client.post(f"{root}dashboards/", json={"name": name, "tags": [name], "tiles": tiles}))
    path = f"{root}dashboards/{board['id']}/"
    insight = {"name": name, "query": QUERY, "dashboards": [board["id"]]}
    created = expect_success(client.post(f"{root}insights/", json=insight))
    template = expect_success(client.post(f"{root}dashboard_templates/", json={**TEMPLATE, "template_name": name}))
    expect_success(client.patch(f"{path}sharing/", json={"enabled": True, "password_required": True}))
    password = expect_success(client.post(f"{path}sharing/passwords/", json={"note": "attack"}))
    rows = {"dashboards": board, "insights": created, "dashboard_templates": template, "passwords": password}
    return {collection: str(row["id"]) for collection, row in rows.items()}


def _collaborator(client: httpx.Client, target: Target, board: str) -> str:
    """Restrict a dashboard, make Bob a collaborator, and return his UUID."""
    path = target.home(f"dashboards/{board}/")
    expect_success(client.patch(path, json={"restriction_level": 37}))
    with target.client("member") as bob:
        uuid: str = expect_success(bob.get("/api/users/@me/"))["uuid"]
    row = expect_success(client.post(f"{path}collaborators/", json={"user_uuid": uuid, "level": 37}))
    if row["user"]["email"] != get_email("bob"):
        raise RuntimeError("the collaborator is somebody else")
    return uuid


def read_everything(target: Target, report: Report, project: str = "Home") -> int:
    """Read every row of a project in lists and one by one, and return the number of rows.

    Unreadable rows are faults.
    """
    rows = 0
    with target.client("admin") as client:
        for collection in COLLECTIONS:
            path = target.home(f"{collection}/", project)
            for row in list_rows(client, path, report):
                rows += 1
                check_readable(client, f"{path}{row['id']}/", report)
    return rows


def list_rows(client: httpx.Client, path: str, report: Report) -> list[Any]:
    """Return all rows of a list."""
    found: list[Any] = []
    address: str | None = f"{path}?limit={PAGE}"
    while address:
        answer = client.get(address)
        if answer.status_code != 200:
            report.fault("a list cannot be read", path=address, status=answer.status_code, body=answer.text[:500])
            break
        page = answer.json()
        found += page["results"]
        address = page["next"]
    return found


def check_readable(client: httpx.Client, path: str, report: Report) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        report.fault("a row cannot be read", path=path, status=answer.status_code, body=answer.text[:500])
