"""The requests whose function calls are counted, on an in-memory database."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from dashboards.models import Tile
from users.models import MembershipLevel
from users.services.api_keys import create_api_key
from users.services.projects import add_member, create_project
from users.services.users import create_user

START = datetime(2020, 1, 1, tzinfo=UTC)


class Api:
    """A test client that sends an API key and raises RuntimeError for a response with an error status."""

    def __init__(self, key: str, project_id: int) -> None:
        self.key = key
        self.base = f"/api/projects/{project_id}"
        self.client = Client(SERVER_NAME="localhost")

    def send(self, method: str, path: str, body: Any) -> Any:
        response = self.client.generic(
            method,
            f"{self.base}/{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        if response.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.content.decode()}")
        return response.json()


def build_requests() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the name of each request and a function that sends it.

    Similar writes are sent beforehand, so that caches are filled before the first measured request.
    """
    user = create_user("alice@example.com")
    project = create_project("Acme", organization_name="Acme")
    add_member(project, user=user, level=MembershipLevel.ADMIN)
    api = Api(create_api_key(user, label="people", scopes=["*"]).value, project.pk)
    robot_key = create_api_key(user, label="robot", scopes=["*"])
    robot = Api(robot_key.value, project.pk)
    one = api.send("POST", "dashboards/", {"name": "one", "tiles": [{"text": {"body": "a"}}, {"text": {"body": "b"}}]})
    two = api.send("POST", "dashboards/", {"name": "two", "tiles": [{"text": {"body": "c"}}]})
    tiles = [tile["id"] for tile in one["tiles"]]
    for name in ("x", "y"):
        body = {"name": name, "tiles": [{"id": tiles[0], "text": {"body": name}}, {"text": {"body": name}}]}
        api.send("PATCH", f"dashboards/{one['id']}/", body)
    body = {"name": "z", "tiles": [{"id": tiles[0], "text": {"body": "z"}}, {"text": {"body": "z"}}]}
    yield "PATCH with tiles", lambda: api.send("PATCH", f"dashboards/{one['id']}/", body)
    yield "list", lambda: api.client.get(f"{api.base}/dashboards/", headers={"Authorization": f"Bearer {api.key}"})
    yield (
        "retrieve",
        lambda: api.client.get(f"{api.base}/dashboards/{one['id']}/", headers={"Authorization": f"Bearer {api.key}"}),
    )
    other = Tile.objects.filter(dashboard=two["id"]).values_list("pk", flat=True)[0]
    move = {"tile": {"id": other}, "to_dashboard": one["id"]}
    yield "move_tile", lambda: api.send("PATCH", f"dashboards/{two['id']}/move_tile/", move)
    for number in range(4):
        robot.send("PATCH", f"dashboards/{one['id']}/", {"name": f"r{number}", "description": str(number)})
        robot.send("PATCH", f"dashboards/{two['id']}/", {"tiles": [{"text": {"body": str(number)}}]})
    undo = {"key_id": robot_key.key.pk, "since": START.isoformat()}
    yield "undo of eight activities", lambda: api.send("POST", "activity_log/undo/", undo)
