"""A shared dashboard whose fields are written, and the reads that must succeed after each write."""

import json
import time
from typing import Any

import httpx

from tests.security.project_content import COLLECTIONS, PAGE, QUERY, TEMPLATE, expect_success

SECONDS = 5
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
# Times that change with each read.
TIMESTAMPS = ("last_accessed_at", "last_viewed_at", "last_used_at")


class Fixtures:
    """Fresh rows for each field, in the project of the client."""

    def __init__(self, client: httpx.Client, browser: httpx.Client, root: str, known: dict[str, Any]) -> None:
        self.client, self.browser, self.root = client, browser, root
        tiles: list[Any] = [{"text": {"body": "# text"}}, {"button_tile": {"url": "/a", "text": "button"}}]
        about = {"name": "plain", "description": "plain", "tags": ["plain"], "tiles": tiles}
        board = expect_success(client.post(f"{root}dashboards/", json=about))
        insight = {"name": "plain", "description": "plain", "query": QUERY, "dashboards": [board["id"]]}
        self.board = str(board["id"])
        self.insight = str(expect_success(client.post(f"{root}insights/", json=insight))["id"])
        self.known = {**known, "tile": board["tiles"][0]["id"], "board": board["id"]}
        self.button = board["tiles"][1]["id"]
        self.token = self.enable_sharing(self.board)

    def template(self) -> str:
        template = {**TEMPLATE, "template_name": f"plain {self.board}"}
        return str(expect_success(self.client.post(f"{self.root}dashboard_templates/", json=template))["id"])

    def enable_sharing(self, board: str) -> str:
        """Enable sharing without a password, and return the access token."""
        path = f"{self.root}dashboards/{board}/sharing/"
        answer = expect_success(self.client.patch(path, json={"enabled": True, "password_required": False}))
        return str(answer["access_token"])

    def reads(self, board: str, token: str) -> list[str]:
        """Return the paths of a dashboard, its activities and latest version, and its shared page."""
        path = f"{self.root}dashboards/{board}/"
        version = expect_success(self.client.get(f"{path}versions/"))["results"][0]["version"]
        of_api = [f"{path}{each}" for each in ("", "activity/", f"versions/{version}/")]
        return [*of_api, f"/shared/{token}.json", f"/shared/{token}"]

    def more_reads(self, board: str) -> list[str]:
        """Return paths that are read less often."""
        return [f"{self.root}dashboards/{board}/{each}" for each in ("export/", "stream_tiles/", "sharing/")]

    def pages(self, board: str) -> list[str]:
        """Return the paths of the console pages of a dashboard."""
        project = self.root.rstrip("/").rpartition("/")[2]
        return [f"/projects/{project}/dashboards/{board}{rest}" for rest in ("", "/tiles", "/history")]

    def read_state(self, row: str, collection: str = "") -> str:
        """Return the row at a path, the dashboard and the number of rows of the collection as JSON, for comparison."""
        client = self.browser if "personal_api_keys" in row else self.client
        paths = dict.fromkeys([row, f"{self.root}dashboards/{self.board}/"])
        found = [_without_timestamps(expect_success(client.get(path))) for path in paths]
        if collection in COLLECTIONS:
            found.append(expect_success(self.client.get(f"{self.root}{collection}/?limit=1"))["count"])
        return json.dumps(found)

    def lists(self, collection: str) -> list[str]:
        return [f"{self.root}{name}/?limit={PAGE}" for name in dict.fromkeys(["dashboards", collection]) if name]


def get_timed(client: httpx.Client, path: str) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    answer = client.get(path, headers=HTML if "/api/" not in path and not path.endswith(".json") else {})
    return answer, time.monotonic() - started


def _without_timestamps(row: Any) -> Any:
    return {key: value for key, value in row.items() if key not in TIMESTAMPS} if isinstance(row, dict) else row
