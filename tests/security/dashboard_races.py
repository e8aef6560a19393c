"""Race conditions on one dashboard and its tiles. Each function runs one round."""

from typing import Any

from tests.security.concurrent_clients import ClientRequest
from tests.security.race_harness import LOST, TWICE, WRONG, RaceHarness, filter_by_status

TILES = 12
TRANSPARENT = 5
SAME_FIELD = 20
BOARDS = 20
ADDED = 12
VERSIONS = 5
PATCHES = 15


def build_texts(count: int) -> list[dict[str, Any]]:
    return [{"text": {"body": f"text {number}"}} for number in range(count)]


def get_bodies(board: dict[str, Any]) -> list[str]:
    return sorted(tile["text"]["body"] for tile in board["tiles"])


def parse_version(etag: str) -> str:
    """Return the version in an ETag. The rest of the ETag depends on the request."""
    return etag.removeprefix('W/"').rstrip('"').partition(".")[0]


def race_different_fields(harness: RaceHarness, token: str) -> None:
    """Send 50 changes to different fields of one dashboard. All of them must be stored."""
    board = harness.create_dashboard("different fields", tiles=build_texts(TILES))
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
    requests = [ClientRequest("PATCH", path, {name: value}) for name, value in fields.items()]
    requests += [ClientRequest("PATCH", path, {"tiles": [{"id": id_, **change}]}) for id_, change in changes]
    harness.send_together(requests, {200})
    found = harness.read(board["id"])
    tiles = {tile["id"]: tile for tile in found["tiles"]}
    for name, value in fields.items():
        harness.check(LOST, found[name] == value, name, board=board["id"], wanted=value, found=found[name])
    for id_, change in changes:
        kept = {**tiles[id_], "text": {"body": tiles[id_]["text"]["body"]}}
        harness.check(LOST, kept.items() >= change.items(), "of a tile", tile=id_, wanted=change, found=kept)


def race_same_fields(harness: RaceHarness, token: str) -> None:
    """Send 20 changes to the same fields and tiles. The stored values must be those of one change, not a mix."""
    board = harness.create_dashboard("same fields", tiles=build_texts(3))
    requests = []
    for number in range(SAME_FIELD):
        mark = f"{token}.{number}"
        tiles = [{"id": tile["id"], "color": mark, "text": {"body": mark}} for tile in board["tiles"]]
        body = {"name": mark, "description": mark, "tags": [mark], "filters": {"date_from": mark}, "tiles": tiles}
        requests.append(ClientRequest("PATCH", f"dashboards/{board['id']}/", body))
    answers = harness.send_together(requests, {200})
    for about in [answer.body for answer in filter_by_status(answers, 200)] + [harness.read(board["id"])]:
        marks = {about["name"], about["description"], *about["tags"], about["filters"]["date_from"]}
        marks |= {tile["color"] for tile in about["tiles"]} | set(get_bodies(about))
        harness.check(LOST, len(marks) == 1, "a mix of several changes", board=board["id"], found=sorted(marks))


def race_moves(harness: RaceHarness, token: str) -> None:
    """Move a tile to 20 dashboards. The tile must be unchanged on exactly one of these dashboards."""
    source = harness.create_dashboard("source", tiles=[{"text": {"body": token}, "color": "blue"}])
    targets = [harness.create_dashboard(f"target {number}")["id"] for number in range(BOARDS)]
    tile = source["tiles"][0]["id"]
    path = f"dashboards/{source['id']}/move_tile/"
    answers = harness.send_together(
        [ClientRequest("PATCH", path, {"tile": {"id": tile}, "to_dashboard": target}) for target in targets], {200, 404}
    )
    done = [answer.request.body["to_dashboard"] for answer in filter_by_status(answers, 200)]
    boards = [harness.read(board_id) for board_id in [source["id"], *targets]]
    homes = [(board["id"], each["id"], each["color"]) for board in boards for each in board["tiles"]]
    kind = LOST if not homes else TWICE
    harness.check(kind, homes == [(each, tile, "blue") for each in done[:1]], "a moved tile", homes=homes, done=done)
    harness.check(TWICE, len(done) == 1, "a tile that was moved more than once", tile=tile, done=done)


def race_deletion(harness: RaceHarness, token: str) -> None:
    """Add tiles while their dashboard is deleted, and then while it is deleted and restored repeatedly."""
    board = harness.create_dashboard("deleted and restored", tiles=build_texts(3))
    path = f"dashboards/{board['id']}/"
    known = get_bodies(board)
    for deleted in ([True], [True, False] * 5):
        added = [
            ClientRequest("POST", f"{path}create_text_tile/", {"body": f"added {token}.{number}.{len(deleted)}"})
            for number in range(ADDED)
        ]
        changes = [ClientRequest("PATCH", path, {"deleted": each}) for each in deleted]
        requests = [*added[: ADDED // 2], *changes, *added[ADDED // 2 :]]
        answers = harness.send_together(requests, {200, 201, 404})
        known += [answer.body["text"]["body"] for answer in filter_by_status(answers, 201)]
        if deleted == [True]:
            after_deletion = harness.client.get(harness.path(path))
            harness.check(WRONG, after_deletion.status_code == 404, "a deleted dashboard can be read", path=path)
        restored = harness.send_one("PATCH", path, {"deleted": False})
        for found in (get_bodies(restored), get_bodies(harness.read(board["id"]))):
            kind = TWICE if len(found) > len(known) else LOST
            harness.check(kind, found == sorted(known), "tiles after a restore", wanted=sorted(known), found=found)


def race_preconditions(harness: RaceHarness, token: str) -> None:
    """Send 20 changes with the same `If-Match`. One must succeed, and the others must be refused with 412."""
    board = harness.create_dashboard("seen")
    path = f"dashboards/{board['id']}/"
    seen_etag = harness.client.get(harness.path(path)).headers["ETag"]
    requests = [
        ClientRequest("PATCH", path, {"name": f"{token}.{number}"}, {"If-Match": seen_etag})
        for number in range(SAME_FIELD)
    ]
    answers = harness.send_together(requests, {200, 412})
    done = [answer.request.body["name"] for answer in filter_by_status(answers, 200)]
    found = harness.read(board["id"])["name"]
    harness.check(LOST, done == [found], "more than one If-Match held, or none", done=done, found=found)
    current = parse_version(harness.client.get(harness.path(path)).headers["ETag"])
    for answer in filter_by_status(answers, 412):
        answered = parse_version(answer.headers.get("ETag", ""))
        harness.check(WRONG, answered == current, "a 412 with another version", answered=answered, current=current)


def race_versions(harness: RaceHarness, token: str) -> None:
    """Restore versions while the dashboard changes. Each write must be logged, and the last version must be current."""
    board = harness.create_dashboard("v0", description="v0", tags=["v0"], tiles=build_texts(2))
    path = f"dashboards/{board['id']}/"
    for number in range(1, VERSIONS + 1):
        harness.send_one("PATCH", path, {"name": f"v{number}", "description": f"v{number}"})
    before = harness.send_one("GET", f"{path}versions/")["results"]
    harness.check(LOST, len(before) == VERSIONS + 1, "versions", path=path, found=len(before))
    requests = [ClientRequest("POST", f"{path}versions/{row['version']}/restore/") for row in before[1:]]
    for number in range(PATCHES):
        mark = f"{token}.{number}"
        requests.append(ClientRequest("PATCH", path, {"name": mark, "description": mark, "tags": [mark]}))
    answers = harness.send_together(requests, {200})
    rows = harness.send_one("GET", f"{path}versions/")["results"]
    acts = harness.send_one("GET", f"{path}activity/")["results"]
    wanted = len(before) + len(filter_by_status(answers, 200))
    numbers = {row["version"] for row in rows}
    harness.check(LOST, len(acts) == wanted, "acts in the log", path=path, wanted=wanted, found=len(acts))
    harness.check(
        LOST, len(rows) == len(numbers) == wanted, "versions", path=path, wanted=wanted, found=sorted(numbers)
    )
    found = harness.read(board["id"])
    state = harness.send_one("GET", f"{path}versions/{max(numbers)}/")["state"]
    for name in ("name", "description", "tags"):
        harness.check(LOST, state[name] == found[name], f"{name} of the last version", state=state, found=found[name])
    harness.check(LOST, found["name"] == found["description"], "a mix of a version and a change", found=found["name"])
