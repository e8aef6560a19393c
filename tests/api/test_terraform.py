"""The exact requests of PostHog's Terraform provider: create, plan, update, remove a tile, drift, destroy.

The provider compares each field that it reads with the value that it wrote. If a field differs, no plan is ever empty.
"""

from typing import Any

from tests.builders import Person
from tests.client import Api

LAYOUTS = {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}, "xs": {"x": 0, "y": 0, "w": 1, "h": 5}}
QUERY = {
    "kind": "InsightVizNode",
    "source": {"kind": "TrendsQuery", "series": [{"kind": "EventsNode", "event": "$pageview", "math": "total"}]},
}


class Terraform:
    """The calls of the provider."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def read(self, path: str) -> dict[str, Any] | None:
        answer = self.api.get(path)
        assert answer.status in (200, 404)
        return answer.json if answer.status == 200 else None

    def write(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.api.call(method, path, body)
        assert answer.status == (201 if method == "POST" else 200), answer
        assert "Ignored-Fields" not in answer.headers
        written: dict[str, Any] = answer.json
        return written


def is_up_to_date(state: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Return whether a plan for `wanted` is empty. Tags are compared as a set, and other fields as JSON."""
    return state is not None and all(
        sorted(state[key]) == sorted(value) if key == "tags" else state[key] == value for key, value in wanted.items()
    )


def test_project_is_applied_planned_and_updated(alice: Person) -> None:
    terraform = Terraform(alice.api)
    organization = terraform.read("/api/organizations/@current/")
    assert organization is not None
    path = f"/api/organizations/{organization['id']}/projects/"
    defaults = terraform.write("POST", path, {"name": "Defaults"})
    assert is_up_to_date(terraform.read(f"{path}{defaults['id']}/"), {"name": "Defaults", "timezone": "UTC"})
    wanted = {"name": "Growth", "timezone": "Europe/Berlin"}
    created = terraform.write("POST", path, wanted)
    assert isinstance(created["id"], int)
    row = f"{path}{created['id']}/"
    wanted = {**wanted, "organization": organization["id"], "api_token": created["api_token"]}
    assert created["api_token"].startswith("phc_")
    assert is_up_to_date(terraform.read(row), wanted)
    changes = {"name": "Growth team", "timezone": "America/New_York"}
    assert is_up_to_date(terraform.write("PATCH", row, changes), {**wanted, **changes})
    assert is_up_to_date(terraform.read(row), {**wanted, **changes})
    assert terraform.write("POST", f"/api/projects/{created['id']}/dashboards/", {"name": "First"})["id"]
    assert alice.api.delete(row).status == 405
    assert terraform.read(row) is not None


def test_apply_plan_update_drift_and_destroy(alice: Person) -> None:
    terraform = Terraform(alice.api)
    board = {"name": "  From code ", "description": "made by code", "pinned": True, "tags": ["managed", "a team"]}
    insight = {"name": "Visits", "description": "", "query": QUERY, "tags": ["managed"]}

    # Create.
    created = terraform.write("POST", "dashboards/", board)
    assert is_up_to_date(created, {**board, "deleted": False})
    path = f"dashboards/{created['id']}/"
    placed = terraform.write("POST", "insights/", {**insight, "_create_in_folder": "Unfiled/Insights"})
    insight_path = f"insights/{placed['id']}/"
    terraform.write("PATCH", insight_path, {"dashboards": [created["id"]]})
    added = terraform.write(
        "PATCH", path, {"tiles": [{"text": {"body": "# Notes\n"}, "layouts": LAYOUTS, "color": "blue"}]}
    )
    text_tile = next(tile for tile in added["tiles"] if tile["text"])
    insight_tile = next(tile for tile in added["tiles"] if tile["insight"])
    terraform.write(
        "PATCH", path, {"tiles": [{"id": insight_tile["id"], "layouts": LAYOUTS, "show_description": True}]}
    )

    # An empty plan.
    assert is_up_to_date(terraform.read(path), {**board, "deleted": False})
    insight["_create_in_folder"] = "Unfiled/Insights"
    assert is_up_to_date(terraform.read(insight_path), {**insight, "deleted": False, "dashboards": [created["id"]]})
    read = terraform.read(path)
    assert read is not None
    tiles = {tile["id"]: tile for tile in read["tiles"]}
    assert tiles[text_tile["id"]]["layouts"] == tiles[insight_tile["id"]]["layouts"] == LAYOUTS
    assert (tiles[text_tile["id"]]["text"]["body"], tiles[text_tile["id"]]["color"]) == ("# Notes\n", "blue")
    assert tiles[insight_tile["id"]]["show_description"] is True
    assert tiles[insight_tile["id"]]["insight"]["id"] == placed["id"]

    # Update: the provider sends all configured fields, and `deleted: false`.
    board = {"name": "From code", "description": "", "pinned": False, "tags": ["managed"]}
    terraform.write("PATCH", path, {**board, "deleted": False})
    assert is_up_to_date(terraform.read(path), {**board, "deleted": False})
    changed = {"id": text_tile["id"], "text": {"body": "# Changed"}, "color": "", "layouts": {"sm": {"x": 6, "y": 0}}}
    after = terraform.write("PATCH", path, {"tiles": [changed]})
    shown = next(tile for tile in after["tiles"] if tile["id"] == text_tile["id"])
    assert (shown["text"]["body"], shown["color"], shown["layouts"]) == ("# Changed", "", {"sm": {"x": 6, "y": 0}})
    assert next(tile for tile in after["tiles"] if tile["id"] == insight_tile["id"])["layouts"] == LAYOUTS

    # Remove a tile.
    after = terraform.write("PATCH", path, {"tiles": [{"id": text_tile["id"], "deleted": True}]})
    assert [tile["id"] for tile in after["tiles"]] == [insight_tile["id"]]

    # Drift: a resource that was deleted outside of Terraform is created again.
    alice.api.patch(path, {"deleted": True})
    assert terraform.read(path) is None
    assert alice.api.patch(path, {"name": "x"}).status == 404
    again = terraform.write("POST", "dashboards/", board)
    new_path = f"dashboards/{again['id']}/"
    terraform.write("PATCH", insight_path, {"dashboards": [again["id"]]})
    recreated = terraform.read(new_path)
    assert recreated is not None
    [tile] = recreated["tiles"]

    # Destroy.
    terraform.write("PATCH", new_path, {"tiles": [{"id": tile["id"], "layouts": {}}]})
    assert terraform.write("PATCH", insight_path, {"deleted": True})["id"] == placed["id"]
    assert terraform.write("PATCH", new_path, {"deleted": True})["id"] == again["id"]
    assert terraform.read(insight_path) is None
    assert terraform.read(new_path) is None
