"""Undoing all changes of an API key restores the state before these changes, and leaves nothing to undo."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.changelog.snapshots import load_snapshots
from dashboards.models import Activity, Dashboard, Insight, Tile
from dashboards.services.undo import GIVES_RIGHTS
from tests.api.test_undo import robot, undo
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer, Api

__all__ = ["robot"]

BUTTON = {"url": "/a", "text": "b"}
SEEDS = 40 if os.environ.get("CHECK_FULL") else 15


class World:
    """Four dashboards that share insights and a text, and random operations on them with an API key."""

    def __init__(self, alice: Person, robot: Api, seed: int) -> None:
        self.api, self.chance = robot, random.Random(seed)  # noqa: S311  not a secret
        texts = [{"text": {"body": "a"}, "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}}, {"button_tile": BUTTON}]
        first = make_dashboard(alice, "first", tiles=texts, tags=["t"])
        second = make_dashboard(alice, "second", tiles=[{"text": {"body": "b"}}])
        make_dashboard(alice, "third")
        make_insight(alice, first)
        make_insight(alice, first, second)
        make_insight(alice)
        alice.api.post("dashboards/", {"use_dashboard": second.pk})

    def run_random_operation(self) -> Answer:
        chance = self.chance
        board, other = (chance.choice(list(Dashboard.objects.order_by("pk"))).pk for _ in range(2))
        insight = chance.choice(list(Insight.objects.order_by("pk"))).pk
        tiles = list(Tile.objects.filter(dashboard=board).order_by("pk").values_list("pk", flat=True))
        tile, word, coin = chance.choice(tiles or [0]), str(chance.randrange(3)), chance.random() < 0.5
        version = chance.choice(list(Activity.objects.versions_of(board).values_list("version", flat=True)))

        def change(**body: Any) -> Answer:
            return self.api.patch(f"dashboards/{board}/", body)

        def edit(**body: Any) -> Answer:
            return self.api.patch(f"insights/{insight}/", body)

        def call(action: str, **body: Any) -> Answer:
            return self.api.post(f"dashboards/{board}/{action}/", body)

        ways: list[Callable[[], Answer]] = [
            lambda: change(name=word, tags=[word], filters={"date_from": word}),
            lambda: change(deleted=True, delete_insights=coin),
            lambda: change(deleted=False),
            lambda: change(tiles=[{"id": tile, "deleted": True}]),
            lambda: change(tiles=[{"id": tile, "deleted": False, "color": word}]),
            lambda: change(tiles=[{"id": tile, "color": word, "layouts": {"sm": {"x": 1, "y": int(word)}}}]),
            lambda: change(tiles=[{"text": {"body": word}}]),
            lambda: change(tiles=[{"id": tile, "text": {"body": word}}]),
            lambda: change(tiles=[{"insight": insight, "color": word}]),
            lambda: change(duplicate_tiles=[{"id": tile}]),
            lambda: change(restriction_level=37 if coin else 21),
            lambda: call("move_tile", tile={"id": tile}, to_dashboard=other),
            lambda: call("copy_tile", fromDashboardId=other, tileId=tile),
            lambda: call("delete_tile", tile_id=tile),
            lambda: call(f"versions/{version}/restore"),
            lambda: self.api.patch(f"dashboards/{board}/sharing/", {"enabled": coin}),
            lambda: self.api.post("dashboards/", {"use_dashboard": board, "duplicate_tiles": coin}),
            lambda: self.api.post("insights/", {"name": "new", "dashboards": [board]}),
            lambda: edit(name=word, tags=[word]),
            lambda: edit(deleted=coin),
            lambda: edit(dashboards=[board, other]),
        ]
        return chance.choice(ways)()


def read_snapshot() -> dict[str, Any]:
    """Return all visible dashboards and insights, without the ids of content."""
    seen: dict[str, Any] = {}
    for dashboard in Dashboard.objects.filter(deleted=False):
        [shown] = load_snapshots([dashboard.pk])
        hidden = set(Tile.objects.filter(dashboard=dashboard, insight__deleted=True).values_list("pk", flat=True))
        tiles = [remove_ids(tile) for id_, tile in shown.current["tiles"].items() if int(id_) not in hidden]
        seen[f"dashboard {dashboard.pk}"] = {**shown.current, "tiles": sorted(tiles, key=repr)}
    for insight in Insight.objects.filter(deleted=False):
        seen[f"insight {insight.pk}"] = (insight.name, insight.tag_names, insight.query)
    return seen


def remove_ids(tile: dict[str, Any]) -> dict[str, Any]:
    contents: dict[str, Any] = {kind: {**tile[kind], "id": None} for kind in ("text", "button_tile") if kind in tile}
    return {**dict(sorted(tile.items())), **contents}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_undo_restores_everything_if_only_the_key_made_changes(alice: Person, robot: Api, seed: int) -> None:
    world = World(alice, robot, seed)
    before, done = read_snapshot(), 0
    while done < 1 + seed % 5:
        answer = world.run_random_operation()
        assert answer.status < 500, answer
        done += answer.status < 300
    preview, undone = undo(alice, preview=True).json, undo(alice).json
    assert preview == {**undone, "preview": True}
    assert {each["reason"] for each in undone["skipped"]} <= {GIVES_RIGHTS}
    held = {(each["item_id"], path) for each in undone["skipped"] for path in each["paths"]}
    now = read_snapshot()
    for id_, path in held:  # refused items remain as the key left them
        for seen in (before, now):
            seen.get(f"dashboard {id_}", {}).pop(path.partition("__")[0], None)
    assert now == before
    assert undo(alice).json["undone"] == []
    assert alice.api.get("dashboards/?limit=1").json["count"] == Dashboard.objects.filter(deleted=False).count()
