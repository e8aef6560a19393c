"""Writers that record each acknowledged write and its expected effect.

Each writer has its own dashboards and sends one request after the other, so that the expected state is known exactly.
Each write with a 2xx response must be complete, and each other write must be atomic.
"""

import http.client
import json
import os
import random
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.security.error_envelope import is_envelope
from tests.security.processes import KillableService
from tests.security.report import Report
from tests.security.stored_state import State, Tiles, sort_tiles

SECONDS_TO_ANSWER = 30
SECONDS_BETWEEN_TRIES = 0.02
MAX_TILES = 8
KINDS = ("fields", "fields", "tiles", "tiles", "move", "move", "template", "copy", "delete", "restore")
QUERY = {"kind": "InsightVizNode", "source": {"kind": "TrendsQuery", "series": []}}


class Operation(NamedTuple):
    """One request, the expected states of dashboards by id, and the dashboard that the request creates, if any."""

    name: str
    method: str
    path: str
    body: Any
    wanted: dict[int, State]
    makes: State | None = None


class Journal:
    """A file of acknowledged writes, one per line, which is synced before the next request is sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("a")
        self.lock = threading.Lock()

    def note(self, operation: str, states: dict[int, State]) -> None:
        with self.lock:
            self.file.write(json.dumps([operation, list(states.items())]) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def replay(self) -> tuple[dict[int, State], dict[int, int]]:
        """Return the last acknowledged state of each dashboard, and the number of acknowledged writes to it."""
        states, changes = dict[int, State](), dict[int, int]()
        for line in self.path.read_text().splitlines():
            operation, noted = json.loads(line)
            for id_, (name, description, deleted, tags, tiles) in noted:
                states[id_] = State(
                    name, description, deleted, tuple(tags), tuple((body, color) for body, color in tiles)
                )
                changes[id_] = changes.get(id_, 0) + (operation != "settled")
        return states, changes

    def count(self) -> int:
        return sum('["settled"' not in line for line in self.path.read_text().splitlines())


class Writer(threading.Thread):
    """A thread that writes until `stop` is set. Operations without a 2xx response are `unsettled`."""

    def __init__(
        self, name: str, service: KillableService, journal: Journal, report: Report, stop: threading.Event
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.service, self.journal, self.report, self.stop = service, journal, report, stop
        self.key = service.key
        self.random = random.Random(name)
        self.states: dict[int, State] = {}
        self.tiles: dict[int, list[dict[str, Any]]] = {}
        self.unsettled: list[Operation] = []
        self.refused = 0
        self.first_success: float | None = None
        self.written = 0
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.stop.is_set():
            operation = self.choose()
            try:
                status, headers, answer = self.send(operation)
            except (OSError, http.client.HTTPException, ValueError):
                self.give_up(operation)
                continue
            if 200 <= status < 300:
                self.acknowledge(operation, answer)
                continue
            self.give_up(operation)
            if status == 503 and is_envelope(answer) and headers.get("Retry-After"):
                self.refused += 1
            else:
                sent = {"method": operation.method, "path": operation.path, "body": operation.body}
                self.report.fault("neither done nor a 503 with Retry-After", **sent, status=status, answer=answer)

    def send(self, operation: Operation) -> tuple[int, Any, Any]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=SECONDS_TO_ANSWER)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        path = f"/api/projects/1/dashboards/{operation.path}"
        self.connection.request(operation.method, path, json.dumps(operation.body), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())

    def give_up(self, operation: Operation) -> None:
        """Stop writing to the dashboards of an operation whose result is unknown."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.unsettled.append(operation)
        for id_ in operation.wanted:
            self.states.pop(id_, None)
        time.sleep(SECONDS_BETWEEN_TRIES)

    def acknowledge(self, operation: Operation, answer: Any) -> None:
        states = dict(operation.wanted)
        if operation.makes:
            states[answer["id"]] = operation.makes
        self.journal.note(operation.name, states)
        self.first_success = self.first_success or time.monotonic()
        self.written += 1
        self.states |= states
        if operation.name != "move":  # the response contains only the source, and the tile is known
            self.tiles[answer["id"]] = answer["tiles"] or self.tiles.get(answer["id"], [])
        if answer["id"] in states and not states[answer["id"]].deleted and parse_state(answer) != states[answer["id"]]:
            self.report.fault("the answer is not what was asked for", body=operation.body, answer=answer)

    def choose(self) -> Operation:
        self.count = getattr(self, "count", 0) + 1
        token = f"{self.name}-{self.count}"
        live = [id_ for id_, state in self.states.items() if not state.deleted]
        deleted = [id_ for id_, state in self.states.items() if state.deleted]
        if len(live) < 3 or self.random.random() < 0.1:
            return create_operation(token)
        name = self.random.choice(
            ["fields", "fields", "tiles", "tiles", "move", "template", "copy", "delete", "restore"]
        )
        id_, other = self.random.sample(live, 2)
        if name == "template":
            return template_operation(token)
        if name == "copy":
            return copy_operation(token, id_, self.states[id_])
        if name == "restore" and deleted:
            back = self.random.choice(deleted)
            return patch_operation("restore", back, {"deleted": False}, self.get_restored_state(back))
        if name == "delete" and len(live) > 4:
            return patch_operation("delete", id_, {"deleted": True}, self.states[id_]._replace(deleted=True, tiles=()))
        if name == "move" and self.tiles[id_] and len(self.tiles[other]) < MAX_TILES:
            return self.build_move(id_, other)
        if name == "tiles" and self.tiles[id_]:
            return self.build_tile_change(token, id_)
        fields = {"name": f"board {token}", "description": token, "tags": [token, "all"]}
        wanted = self.states[id_]._replace(name=f"board {token}", description=token, tags=(token, "all"))
        return patch_operation("fields", id_, fields, wanted)

    def get_restored_state(self, id_: int) -> State:
        return self.states[id_]._replace(deleted=False, tiles=parse_tiles(self.tiles[id_]))

    def build_move(self, source: int, target: int) -> Operation:
        tile = self.random.choice(self.tiles[source])
        self.tiles[source] = [each for each in self.tiles[source] if each is not tile]
        self.tiles[target] = [*self.tiles[target], tile]
        wanted = {id_: self.states[id_]._replace(tiles=parse_tiles(self.tiles[id_])) for id_ in (source, target)}
        body = {"tile": {"id": tile["id"]}, "to_dashboard": target}
        return Operation("move", "PATCH", f"{source}/move_tile/", body, wanted)

    def build_tile_change(self, token: str, id_: int) -> Operation:
        """Return a change to every tile's color and every text's body, with a new text if there are few tiles."""
        items: list[dict[str, Any]] = []
        expected: list[tuple[str, str | None]] = []
        for number, tile in enumerate(self.tiles[id_]):
            text = {"text": {"body": f"text {token}.{number}"}} if tile.get("text") else {}
            items.append({"id": tile["id"], "color": token, **text})
            expected.append((text["text"]["body"] if text else parse_content(tile), token))
        if len(items) < MAX_TILES:
            items.append({"text": {"body": f"text {token}.new"}})
            expected.append((f"text {token}.new", None))
        wanted = self.states[id_]._replace(tiles=sort_tiles(expected))
        return patch_operation("tiles", id_, {"tiles": items}, wanted)


def create_operation(token: str) -> Operation:
    name, url = f"board {token}", f"https://example.com/{token}"
    texts = [f"text {token}.{number}" for number in range(2)]
    items = [*({"text": {"body": text}} for text in texts), {"button_tile": {"url": url, "text": "Go"}}]
    makes = State(name, "", False, (), sort_tiles((each, None) for each in [*texts, url]))
    return Operation("create", "POST", "", {"name": name, "tiles": items}, {}, makes)


def template_operation(token: str) -> Operation:
    names = [f"insight {token}.{number}" for number in range(2)]
    texts = [f"text {token}.{number}" for number in range(3)]
    tiles = [
        *({"type": "INSIGHT", "name": name, "query": QUERY, "layouts": {}, "color": "blue"} for name in names),
        *({"type": "TEXT", "body": text, "layouts": {}} for text in texts),
    ]
    name = f"board {token}"
    about = {"template_name": name, "dashboard_description": token, "dashboard_filters": {}, "tags": ["all"]}
    template = {**about, "tiles": tiles, "variables": []}
    expected = [*((each, "blue") for each in names), *((each, None) for each in texts)]
    makes = State(name, token, False, ("all",), sort_tiles(expected))
    return Operation("template", "POST", "create_from_template_json/", {"template": template}, {}, makes)


def copy_operation(token: str, source: int, state: State) -> Operation:
    name = f"board {token}"
    body = {"name": name, "use_dashboard": source, "duplicate_tiles": True}
    tiles = sort_tiles(
        (f"{each} (Copy)" if each.startswith("insight ") else each, color) for each, color in state.tiles
    )
    return Operation("copy", "POST", "", body, {}, state._replace(name=name, tiles=tiles))


def patch_operation(name: str, id_: int, body: dict[str, Any], wanted: State) -> Operation:
    return Operation(name, "PATCH", f"{id_}/", body, {id_: wanted})


def parse_state(answer: dict[str, Any]) -> State:
    return State(
        answer["name"], answer["description"], answer["deleted"], tuple(answer["tags"]), parse_tiles(answer["tiles"])
    )


def parse_tiles(tiles: list[dict[str, Any]]) -> Tiles:
    return sort_tiles((parse_content(tile), tile["color"]) for tile in tiles)


def parse_content(tile: dict[str, Any]) -> str:
    if tile.get("text"):
        return str(tile["text"]["body"])
    return str(tile["button_tile"]["url"] if tile.get("button_tile") else tile["insight"]["name"])
