"""Null in string fields, which is stored as an empty string. A stored null is also returned as an empty string."""

from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, DashboardTemplate, Text
from tests.api.test_shared import share
from tests.builders import PASSWORD, Person, make_dashboard, make_text_tile, set_password
from tests.pages.browsing import get_dashboard_path, get_text, sign_in, visit


@pytest.fixture
def board(alice: Person) -> Dashboard:
    """Create a dashboard with one text that is null, as earlier releases stored it."""
    created = make_dashboard(alice, "Nulls", description="d")
    tile = make_text_tile(alice, created)
    Text.objects.filter(tiles=tile).update(body=None)
    return created


def test_dashboard_texts_accept_null(alice: Person, board: Dashboard) -> None:
    answer = alice.api.post("dashboards/", {"name": "x", "description": None, "use_template": None})
    assert (answer.status, answer.json["description"], answer.json["use_template"]) == (201, "", "")
    assert Dashboard.objects.get(pk=answer.json["id"]).description == ""
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"description": None})
    assert (answer.status, answer.json["description"]) == (200, "")
    board.refresh_from_db()
    assert board.description == ""


def test_new_text_of_null_is_empty(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"tiles": [{"text": {"body": None}}]})
    assert (answer.status, answer.json["tiles"][0]["text"]["body"]) == (201, "")
    assert Text.objects.get().body == ""
    tile = alice.api.post(f"dashboards/{answer.json['id']}/tiles/", {"text": {"body": None}})
    assert (tile.status, tile.json["text"]["body"]) == (201, "")


def test_null_clears_a_text_once(alice: Person) -> None:
    board = make_dashboard(alice)
    tile = make_text_tile(alice, board, "words")
    body = {"tiles": [{"id": tile.pk, "text": {"body": None}}]}
    versions = []
    for _ in range(2):
        answer = alice.api.patch(f"dashboards/{board.pk}/", body)
        assert (answer.status, answer.json["tiles"][0]["text"]["body"]) == (200, "")
        versions.append(answer.headers["ETag"])
    assert versions[0] == versions[1]


def test_stored_null_can_be_sent_back_without_a_change(alice: Person, board: Dashboard) -> None:
    read = alice.api.get(f"dashboards/{board.pk}/")
    assert read.json["tiles"][0]["text"]["body"] is None
    answer = alice.api.patch(f"dashboards/{board.pk}/", read.json)
    assert (answer.status, answer.headers["ETag"]) == (200, read.headers["ETag"])
    assert answer.json["tiles"] == read.json["tiles"]
    text = Text.objects.get()
    assert (text.body, text.last_modified_by) == (None, None)


def test_pages_show_a_stored_null_as_an_empty_text(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    shared = alice.api.get(f"/shared/{token}.json")
    assert shared.json["dashboard"]["tiles"][0]["text"] == {"body": None}
    assert 'aria-label="Text"><div class="prose"></div>' in get_text(visit(f"/shared/{token}"))
    set_password(alice)
    client = Client()
    sign_in(client, alice.user.email, PASSWORD)
    assert '<div class="prose"></div></section>' in get_text(client.get(get_dashboard_path(board)))
    editor: Any = client.get(f"{get_dashboard_path(board)}/tiles")
    assert editor.status_code == 200
    assert "required>\n</textarea>" in get_text(editor)
    assert "None" not in get_text(editor)


def test_export_of_a_stored_null_can_be_imported(alice: Person, board: Dashboard) -> None:
    document = alice.api.get(f"dashboards/{board.pk}/export/").json
    assert document["tiles"][0]["body"] == ""
    created = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert (created.status, created.json["tiles"][0]["text"]["body"]) == (200, "")


def test_stored_null_is_copied(alice: Person, board: Dashboard) -> None:
    copy = alice.api.post("dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True})
    assert (copy.status, copy.json["tiles"][0]["text"]["body"]) == (201, None)


def test_template_texts_accept_null(alice: Person) -> None:
    document: dict[str, Any] = {
        "template_name": "Nulls",
        "dashboard_description": None,
        "dashboard_filters": {},
        "tiles": [{"type": "TEXT", "body": None}],
    }
    created = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert (created.status, created.json["description"], created.json["tiles"][0]["text"]["body"]) == (200, "", "")
    stored = alice.api.post("dashboard_templates/", document)
    assert (stored.status, stored.json["dashboard_description"]) == (201, "")
    assert DashboardTemplate.objects.get().dashboard_description == ""
    used = alice.api.post("dashboards/", {"use_template": "Nulls"})
    assert (used.status, used.json["description"], used.json["tiles"][0]["text"]["body"]) == (201, "", "")
