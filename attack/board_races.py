"""Races for one dashboard and its tiles. Each function is one round."""

from typing import Any

from attack.crowd import Sent
from attack.scene import LOST, TWICE, WRONG, Scene, with_status

TILES = 12
TRANSPARENT = 5
SAME_FIELD = 20
BOARDS = 20
ADDED = 12
VERSIONS = 5
PATCHES = 15


def texts(count: int) -> list[dict[str, Any]]:
    return [{"text": {"body": f"text {number}"}} for number in range(count)]


def bodies(board: dict[str, Any]) -> list[str]:
    return sorted(tile["text"]["body"] for tile in board["tiles"])


def version_in(etag: str) -> str:
    """The number of a version: what follows it in an ETag is about who asks for what."""
    return etag.removeprefix('W/"').rstrip('"').partition(".")[0]


def different_fields(scene: Scene, token: str) -> None:
    """50 changes of one dashboard, none of the same field: all of them are there afterwards."""
    board = scene.board("different fields", tiles=texts(TILES))
    path = f"dashboards/{board['id']}/"
    fields = {
        "name": f"name {token}",
        "description": f"description {token}",
        "pinned": True,
        "tags": [f"tag {token}", "x"],
        "filters": {"date_from": token},
        "variables": {token: {"id": token}},
        "breakdown_colors": [{"breakdownValue": token, "colorToken": "preset-1"}],
        "data_color_theme_id": 7,
        "restriction_level": 37,
    }
    changes: list[tuple[int, dict[str, Any]]] = []
    for number, tile in enumerate(board["tiles"]):
        places = {"sm": {"x": number, "y": number, "w": 1, "h": 1}}
        changes += [(tile["id"], {"color": f"c{number} {token}"}), (tile["id"], {"layouts": places})]
        changes.append((tile["id"], {"text": {"body": f"body {number} {token}"}}))
        changes += [(tile["id"], {"transparent_background": True})] if number < TRANSPARENT else []
    requests = [Sent("PATCH", path, {name: value}) for name, value in fields.items()]
    requests += [Sent("PATCH", path, {"tiles": [{"id": id_, **change}]}) for id_, change in changes]
    scene.at_once(requests, {200})
    found = scene.read(board["id"])
    tiles = {tile["id"]: tile for tile in found["tiles"]}
    for name, value in fields.items():
        scene.check(LOST, found[name] == value, name, board=board["id"], wanted=value, found=found[name])
    for id_, change in changes:
        kept = {**tiles[id_], "text": {"body": tiles[id_]["text"]["body"]}}
        scene.check(LOST, kept.items() >= change.items(), "of a tile", tile=id_, wanted=change, found=kept)


def same_fields(scene: Scene, token: str) -> None:
    """20 changes of the same fields and tiles: one of them is there, never a mix."""
    board = scene.board("same fields", tiles=texts(3))
    requests = []
    for number in range(SAME_FIELD):
        mark = f"{token}.{number}"
        tiles = [{"id": tile["id"], "color": mark, "text": {"body": mark}} for tile in board["tiles"]]
        body = {"name": mark, "description": mark, "tags": [mark], "filters": {"date_from": mark}, "tiles": tiles}
        requests.append(Sent("PATCH", f"dashboards/{board['id']}/", body))
    answers = scene.at_once(requests, {200})
    for about in [answer.body for answer in with_status(answers, 200)] + [scene.read(board["id"])]:
        marks = {about["name"], about["description"], *about["tags"], about["filters"]["date_from"]}
        marks |= {tile["color"] for tile in about["tiles"]} | set(bodies(about))
        scene.check(LOST, len(marks) == 1, "a mix of several changes", board=board["id"], found=sorted(marks))


def moves(scene: Scene, token: str) -> None:
    """A tile is moved to 20 dashboards: it lives on exactly one, as it was."""
    source = scene.board("source", tiles=[{"text": {"body": token}, "color": "blue"}])
    targets = [scene.board(f"target {number}")["id"] for number in range(BOARDS)]
    tile = source["tiles"][0]["id"]
    path = f"dashboards/{source['id']}/move_tile/"
    answers = scene.at_once(
        [Sent("PATCH", path, {"tile": {"id": tile}, "to_dashboard": target}) for target in targets], {200, 404}
    )
    done = [answer.request.body["to_dashboard"] for answer in with_status(answers, 200)]
    boards = [scene.read(board_id) for board_id in [source["id"], *targets]]
    homes = [(board["id"], each["id"], each["color"]) for board in boards for each in board["tiles"]]
    kind = LOST if not homes else TWICE
    scene.check(kind, homes == [(each, tile, "blue") for each in done[:1]], "a moved tile", homes=homes, done=done)
    scene.check(TWICE, len(done) == 1, "a tile that was moved more than once", tile=tile, done=done)


def deletion(scene: Scene, token: str) -> None:
    """Tiles are added while their dashboard is deleted, and then while it is deleted and restored again and again."""
    board = scene.board("deleted and restored", tiles=texts(3))
    path = f"dashboards/{board['id']}/"
    known = bodies(board)
    for deleted in ([True], [True, False] * 5):
        added = [
            Sent("POST", f"{path}create_text_tile/", {"body": f"added {token}.{number}.{len(deleted)}"})
            for number in range(ADDED)
        ]
        changes = [Sent("PATCH", path, {"deleted": each}) for each in deleted]
        requests = [*added[: ADDED // 2], *changes, *added[ADDED // 2 :]]
        answers = scene.at_once(requests, {200, 201, 404})
        known += [answer.body["text"]["body"] for answer in with_status(answers, 201)]
        if deleted == [True]:
            gone = scene.client.get(scene.path(path))
            scene.check(WRONG, gone.status_code == 404, "a deleted dashboard can be read", path=path)
        restored = scene.do("PATCH", path, {"deleted": False})
        for found in (bodies(restored), bodies(scene.read(board["id"]))):
            kind = TWICE if len(found) > len(known) else LOST
            scene.check(kind, found == sorted(known), "tiles after a restore", wanted=sorted(known), found=found)


def preconditions(scene: Scene, token: str) -> None:
    """20 who have seen the same version: one may change it, the others learn that they come too late."""
    board = scene.board("seen")
    path = f"dashboards/{board['id']}/"
    seen = scene.client.get(scene.path(path)).headers["ETag"]
    requests = [Sent("PATCH", path, {"name": f"{token}.{number}"}, {"If-Match": seen}) for number in range(SAME_FIELD)]
    answers = scene.at_once(requests, {200, 412})
    done = [answer.request.body["name"] for answer in with_status(answers, 200)]
    found = scene.read(board["id"])["name"]
    scene.check(LOST, done == [found], "more than one If-Match held, or none", done=done, found=found)
    current = version_in(scene.client.get(scene.path(path)).headers["ETag"])
    for answer in with_status(answers, 412):
        told = version_in(answer.headers.get("ETag", ""))
        scene.check(WRONG, told == current, "a 412 with another version", told=told, current=current)


def versions(scene: Scene, token: str) -> None:
    """Versions are restored while the dashboard changes: every act is written down, the last one is what is read."""
    board = scene.board("v0", description="v0", tags=["v0"], tiles=texts(2))
    path = f"dashboards/{board['id']}/"
    for number in range(1, VERSIONS + 1):
        scene.do("PATCH", path, {"name": f"v{number}", "description": f"v{number}"})
    before = scene.do("GET", f"{path}versions/")["results"]
    scene.check(LOST, len(before) == VERSIONS + 1, "versions", path=path, found=len(before))
    requests = [Sent("POST", f"{path}versions/{row['version']}/restore/") for row in before[1:]]
    for number in range(PATCHES):
        mark = f"{token}.{number}"
        requests.append(Sent("PATCH", path, {"name": mark, "description": mark, "tags": [mark]}))
    answers = scene.at_once(requests, {200})
    rows = scene.do("GET", f"{path}versions/")["results"]
    acts = scene.do("GET", f"{path}activity/")["results"]
    wanted = len(before) + len(with_status(answers, 200))
    numbers = {row["version"] for row in rows}
    scene.check(LOST, len(acts) == wanted, "acts in the log", path=path, wanted=wanted, found=len(acts))
    scene.check(LOST, len(rows) == len(numbers) == wanted, "versions", path=path, wanted=wanted, found=sorted(numbers))
    found = scene.read(board["id"])
    state = scene.do("GET", f"{path}versions/{max(numbers)}/")["state"]
    for name in ("name", "description", "tags"):
        scene.check(LOST, state[name] == found[name], f"{name} of the last version", state=state, found=found[name])
    scene.check(LOST, found["name"] == found["description"], "a mix of a version and a change", found=found["name"])
