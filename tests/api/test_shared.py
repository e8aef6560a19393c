"""/shared/:token.json and /embedded/:token.json"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboards.models import Dashboard, ReplacedAccessToken, Tile
from tests.builders import QUERY, Person, make_dashboard, make_insight, make_text_tile
from tests.client import Answer, iter_keys


@pytest.fixture
def board(alice: Person) -> Dashboard:
    dashboard = make_dashboard(
        alice,
        "Quarter <b>",
        description="for all",
        filters={"date_from": "-7d"},
        variables={"v1": {"code_name": "country", "value": "x"}},
        breakdown_colors=[{"breakdownValue": 1, "colorToken": None}],
        tags=["internal-tag"],
    )
    make_text_tile(alice, dashboard, "hello", layouts={"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}, color="blue")
    make_insight(alice, dashboard, name="Visits", description="all of them")
    button: Any = {"button_tile": {"url": "https://example.com/", "text": "Go"}}
    assert alice.api.patch(f"dashboards/{dashboard.pk}/", {"tiles": [button]}).status == 200
    return dashboard


def share(person: Person, dashboard: Dashboard, **changes: Any) -> str:
    """Share a dashboard, and return its access token."""
    answer = person.api.patch(f"dashboards/{dashboard.pk}/sharing/", {"enabled": True, **changes})
    assert answer.status == 200
    token: str = answer.json["access_token"]
    return token


def visit(path: str, method: str = "GET", **headers: str) -> Answer:
    return Answer(Client().generic(method, path, headers=headers))  # type: ignore[arg-type]  # the stubs of the test client are narrower


def test_only_dashboard_content_is_shown(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    answer = visit(f"/shared/{token}.json")
    assert answer.status == 200
    text, insight, button = answer.json["dashboard"].pop("tiles")
    assert answer.json == {
        "type": "scene",
        "accessToken": token,
        "themes": [],
        "dashboard": {
            "name": "Quarter <b>",
            "description": "for all",
            "data_color_theme_id": None,
            "filters": {"date_from": "-7d"},
            "variables": {"v1": {"code_name": "country", "value": "x"}},
            "breakdown_colors": [{"breakdownValue": 1, "colorToken": None}],
        },
    }
    assert text["text"] == {"body": "hello"}
    assert (text["layouts"], text["color"]) == ({"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}, "blue")
    assert (text["insight"], text["button_tile"], insight["text"]) == (None, None, None)
    assert insight["insight"]["name"] == "Visits"
    shown_source = {**QUERY["source"], "dateRange": {"date_from": "-7d", "date_to": None}}
    assert (insight["insight"]["query"], insight["insight"]["filters"]) == ({**QUERY, "source": shown_source}, {})
    assert insight["insight"]["result_state"] == "failed"
    assert insight["insight"]["query_status"]["error_message"] == "This insight could not be computed."
    assert (button["button_tile"]["url"], button["button_tile"]["text"]) == ("https://example.com/", "Go")
    assert [tile["id"] for tile in (text, insight, button)] == list(
        Tile.objects.on_dashboard(board).in_layout_order().values_list("pk", flat=True)
    )


def test_users_urls_and_origins_are_not_shown(alice: Person, board: Dashboard) -> None:
    answer = visit(f"/shared/{share(alice, board)}.json")
    assert alice.user.email not in answer.text
    assert str(alice.user.uuid) not in answer.text
    assert "internal-tag" not in answer.text
    hidden = {
        "created_by",
        "last_modified_by",
        "user_access_level",
        "team",
        "dashboards",
        "dashboard_tiles",
        "creation_mode",
        "use_template",
        "use_dashboard",
        "effective_restriction_level",
        "effective_privilege_level",
    }
    assert not hidden & set(iter_keys(answer.json))


def test_queries_can_be_hidden(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={"hideQueries": True})
    answer = visit(f"/shared/{token}.json")
    [insight] = [tile["insight"] for tile in answer.json["dashboard"]["tiles"] if tile["insight"]]
    assert (insight["query"], insight["filters"]) == (None, {})
    assert "$pageview" not in answer.text
    assert "hideQueries" not in answer.json


def test_enabled_settings_are_shown(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={"noHeader": True, "legend": False, "theme": "dark"})
    data = visit(f"/embedded/{token}.json").json
    assert (data["noHeader"], data["theme"], "legend" in data) == (True, "dark", False)
    assert "whitelabel" not in visit(f"/shared/{token}.json?whitelabel").json


@pytest.mark.parametrize(
    ("path", "page_type"),
    [
        ("/shared/{}.json", "scene"),
        ("/shared/{}.json?embedded", "embed"),
        ("/shared/{}.json?embedded=true", "embed"),
        ("/shared/{}.json?embedded=false", "scene"),
        ("/embedded/{}.json", "embed"),
        ("/shared_dashboard/{}.json", "scene"),
    ],
)
def test_content_type_matches_the_url(alice: Person, board: Dashboard, path: str, page_type: str) -> None:
    assert visit(path.format(share(alice, board))).json["type"] == page_type


def test_responses_are_neither_cached_nor_indexed(alice: Person, board: Dashboard) -> None:
    locked = share(alice, make_dashboard(alice), password_required=True)
    for token, status in {share(alice, board): 200, locked: 401, "a" * 30: 404}.items():
        answer = visit(f"/shared/{token}.json")
        assert answer.status == status
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
        assert answer.headers["Content-Type"] == "application/json"
        assert visit(f"/shared/{token}.json", "OPTIONS").json == {"methods": ["GET", "HEAD", "OPTIONS"]}


def test_unshared_dashboard_is_404(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/sharing/"
    before = alice.api.get(path).json["access_token"]
    assert visit(f"/shared/{before}.json").error == (404, "invalid_request", "not_found", None)
    token = share(alice, board)
    assert visit(f"/shared/{token}.json").status == 200
    shown = alice.api.patch(path, {"enabled": False}).json["access_token"]
    assert [visit(f"/shared/{each}.json").status for each in (token, shown)] == [404, 404]
    again = share(alice, board)
    assert [visit(f"/shared/{each}.json").status for each in (token, again)] == [404, 200]


def test_deleted_dashboard_is_404_until_it_is_restored(alice: Person, board: Dashboard) -> None:
    path = f"/shared/{share(alice, board)}.json"
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert visit(path).status == 404
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert visit(path).status == 200


@pytest.mark.parametrize("token", ["nosuchtoken", "a" * 30, "a" * 400, "..%2f..%2fetc", "%00", "1%27%20OR%201=1", "7"])
def test_unknown_tokens_are_404(alice: Person, token: str) -> None:
    for step in ("shared", "embedded", "shared_dashboard"):
        assert Client().get(f"/{step}/{token}.json").status_code == 404


def test_replaced_token_is_valid_for_a_grace_period_without_revealing_the_new_one(
    alice: Person, board: Dashboard
) -> None:
    old = share(alice, board)
    new = alice.api.post(f"dashboards/{board.pk}/sharing/refresh/").json["access_token"]
    answer = visit(f"/shared/{old}.json")
    assert answer.json["accessToken"] == old
    assert new not in answer.text
    assert visit(f"/shared/{new}.json").status == 200
    # The second value occurs after the clock is set back.
    for left in (timedelta(seconds=-1), timedelta(hours=1)):
        ReplacedAccessToken.objects.update(expires_at=timezone.now() + left)
        assert [visit(f"/shared/{each}.json").status for each in (old, new)] == [404, 200]


def test_protected_dashboard_reveals_nothing(alice: Person, board: Dashboard) -> None:
    answer = visit(f"/shared/{share(alice, board, password_required=True)}.json")
    assert answer.error == (401, "authentication_error", "password_required", None)
    assert "Quarter" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_shared_dashboard_is_read_only(alice: Person, board: Dashboard, method: str) -> None:
    assert visit(f"/shared/{share(alice, board)}.json", method).error[0] == 405
    board.refresh_from_db()
    assert board.name == "Quarter <b>"


def test_credentials_are_ignored(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    plain = visit(f"/shared/{token}.json").json
    for key in (alice.key, "phx_notakey"):
        assert visit(f"/shared/{token}.json", Authorization=f"Bearer {key}").json == plain
    assert visit("/api/projects/@current/dashboards/", Authorization=f"Bearer {token}").status == 401


def test_damaged_tile_does_not_affect_others(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dashboards_insight SET query = '{oops'")
    tiles = visit(f"/shared/{token}.json").json["dashboard"]["tiles"]
    assert [tile.get("error", {}).get("type") for tile in tiles] == [None, "damaged_tile", None]
    assert tiles[1]["insight"]["query"] is None


def test_visit_takes_four_queries(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    with CaptureQueriesContext(connection) as captured:
        visit(f"/shared/{token}.json")
    # The link, the tiles, their results, and the store of events, without which nothing is queued.
    assert len(captured) == 4
