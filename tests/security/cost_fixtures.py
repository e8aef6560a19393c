"""The data of the most expensive requests: full dashboards, and many other dashboards."""

from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import httpx

from tests.security.cost_bodies import build_free_json
from tests.security.project_content import expect_success
from tests.security.service import Target

SECONDS_TO_ANSWER = 120
TEXT = "**x** " * 650
# A query of the largest size that does not count against the limit of a dashboard.
QUERY: dict[str, Any] = {
    "kind": "InsightVizNode",
    "source": {"kind": "TrendsQuery", "series": [{"event": "$pageview", "custom_name": "x" * 350}] * 9},
}
STORED_QUERY = {**QUERY, "source": {**QUERY["source"], "series": QUERY["source"]["series"][:8]}}
TAGS = [f"{number:03}{'t' * 17}" for number in range(100)]


class Scale(NamedTuple):
    """The amounts of test data: tiles and copies of large dashboards, small dashboards, and dashboards to undo."""

    tiles: int
    copies: int
    boards: int
    undoable: int


class CostFixtures:
    """The dashboards of the most expensive requests.

    `full` has as much free JSON and text as is allowed. `seen` has large insights, which its filters change. The texts
    of `shared` are also on its copies.
    """

    def __init__(self, target: Target, scale: Scale) -> None:
        self.target, self.scale = target, scale
        self.owner, self.browser, self.nobody = target.client("admin"), target.session("alice"), target.client(None)
        for client in (self.owner, self.browser, self.nobody):
            client.timeout = httpx.Timeout(SECONDS_TO_ANSWER)
        self.root = target.home()
        self.full = self.post("dashboards/", self.full_board())["id"]
        self.tiles: list[Any] = self.get(f"dashboards/{self.full}/")["tiles"]
        self.seen = self.post("dashboards/create_from_template_json/", {"template": self.template()})["id"]
        self.filters = {"date_from": "-7d", "properties": [{"key": "k" * 40, "value": "v" * 40}] * 8}
        self.patch(f"dashboards/{self.seen}/", {"filters": self.filters})
        self.insights: list[int] = [tile["insight"]["id"] for tile in self.get(f"dashboards/{self.seen}/")["tiles"]]
        texts = [{"text": {"body": "x"}} for _ in range(scale.tiles)]
        self.shared = self.post("dashboards/", {"name": "shared", "tiles": texts})["id"]
        self.texts: list[Any] = self.get(f"dashboards/{self.shared}/")["tiles"]
        for source in (self.shared, self.seen):
            self.copies = [self.post("dashboards/", {"use_dashboard": source})["id"] for _ in range(scale.copies)]
        self.boards = [self.post("dashboards/", self.small_board(number))["id"] for number in range(scale.boards)]
        self.token, self.locked = self.share(self.full), self.share(self.boards[0], password_required=True)
        self.since = datetime.now(UTC).isoformat()
        change = {"name": "changed", "tags": ["changed"], "tiles": [{"text": {"body": "new"}}]}
        for board in self.boards[-scale.undoable :]:
            self.patch(f"dashboards/{board}/", change)
        self.until = datetime.now(UTC).isoformat()
        self.template_id = self.post("dashboard_templates/", self.stored_template("stored"))["id"]
        self.organization = self.get("")["organization"]
        self.turn = 0
        # The first tile is on every breakpoint, which makes its removal expensive.
        self.patch(f"dashboards/{self.full}/", {"tiles": [{"id": self.tiles[0]["id"], "layouts": build_layouts(0)}]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in (self.owner, self.browser, self.nobody):
            client.close()

    def get(self, path: str) -> Any:
        return expect_success(self.owner.get(self.root + path))

    def post(self, path: str, body: Any) -> Any:
        return expect_success(self.owner.post(self.root + path, json=body))

    def patch(self, path: str, body: Any) -> Any:
        return expect_success(self.owner.patch(self.root + path, json=body))

    def share(self, board: int, **settings: Any) -> str:
        path = f"dashboards/{board}/sharing/"
        token: str = self.patch(path, {"enabled": True, **settings})["access_token"]
        if settings:
            self.post(f"{path}passwords/", {"raw_password": "correct horse"})
        return token

    def full_board(self) -> dict[str, Any]:
        # With more breakpoints, a body with the whole dashboard would have too many values.
        texts = [{"text": {"body": TEXT}, "layouts": build_layouts(number, 8)} for number in range(self.scale.tiles)]
        return {
            "name": "full",
            "description": "d" * 10_000,
            "tags": TAGS,
            "filters": build_free_json(),
            "variables": build_free_json(),
            "tiles": texts,
        }

    def small_board(self, number: int) -> dict[str, Any]:
        tiles = [{"text": {"body": "x"}}] * 20
        return {"name": f"b{number}", "tags": TAGS[:20], "description": "d" * 500, "tiles": tiles}

    def next_turn(self) -> int:
        """Return a number that no earlier request used."""
        self.turn += 1
        return self.turn

    def stored_template(self, name: str) -> dict[str, Any]:
        """Return a template of the maximum stored size."""
        return {**self.template(STORED_QUERY), "template_name": name}

    def template(self, query: dict[str, Any] = QUERY) -> dict[str, Any]:
        tile = {"type": "INSIGHT", "name": "n", "query": query, "filters_overrides": {"date_from": "-1d"}}
        tiles = [{**tile, "layouts": build_layouts(number)} for number in range(self.scale.tiles)]
        return {"template_name": "seen", "dashboard_description": "", "dashboard_filters": {}, "tiles": tiles}


def build_layouts(number: int, breakpoints: int = 10) -> dict[str, Any]:
    """Return the layouts of a tile. By default, they have the maximum number of breakpoints."""
    place = {"x": number % 2 * 6, "y": number // 2 * 5, "w": 6, "h": 5}
    return {"sm": place, "xs": {**place, "x": 0, "w": 1}, **{f"b{each}": place for each in range(breakpoints - 2)}}
