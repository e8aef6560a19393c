"""PATCH and PUT /api/projects/:id/dashboards/:id/"""

from typing import Any

import pytest

from dashboards.models import Dashboard, Tag
from tests.builders import Person, make_dashboard


def test_only_fields_in_the_body_change(alice: Person) -> None:
    board = make_dashboard(alice, "before", description="d", pinned=True, tags=["t"], filters={"a": 1})
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"name": "after"})
    assert answer.status == 200
    row = Dashboard.objects.get(pk=board.pk)
    assert (row.name, row.description, row.pinned, row.filters) == ("after", "d", True, {"a": 1})
    assert answer.json["tags"] == ["t"]
    assert row.name_key == "after"


@pytest.mark.parametrize("cleared", [{}, None])
@pytest.mark.parametrize("field", ["filters", "variables"])
def test_empty_and_null_clear_an_object(alice: Person, field: str, cleared: Any) -> None:
    board = make_dashboard(alice, "n", **{field: {"a": 1}})
    shown = alice.api.patch(f"dashboards/{board.pk}/", {field: cleared}).json
    assert (shown[field], shown[f"persisted_{field}"]) == ({}, None)
    assert getattr(Dashboard.objects.get(pk=board.pk), field) == {}


def test_different_key_order_or_number_type_is_a_change(alice: Person) -> None:
    board = make_dashboard(alice, filters={"a": 1, "b": 2})
    shown = alice.api.patch(f"dashboards/{board.pk}/", {"filters": {"b": 2.0, "a": 1}})
    assert '"filters":{"b":2.0,"a":1}' in shown.text


def test_tags_are_replaced_and_cleared(alice: Person) -> None:
    board = make_dashboard(alice, tags=["a", "b"])
    assert alice.api.patch(f"dashboards/{board.pk}/", {"tags": ["C", "b"]}).json["tags"] == ["b", "c"]
    assert alice.api.patch(f"dashboards/{board.pk}/", {"tags": []}).json["tags"] == []
    assert Tag.objects.filter(project=alice.membership.project).count() == 3


def test_put_is_partial_in_json_and_in_forms(alice: Person) -> None:
    board = make_dashboard(alice, "n", description="keep", pinned=True, tags=["t"])
    answer = alice.api.send_form("PUT", f"dashboards/{board.pk}/", {"name": "form"})
    assert answer.status == 200
    assert {key: answer.json[key] for key in ("name", "description", "pinned", "tags")} == {
        "name": "form",
        "description": "keep",
        "pinned": True,
        "tags": ["t"],
    }
    assert alice.api.put(f"dashboards/{board.pk}/", {}).json["name"] == "form"


def test_provenance_fields_are_ignored_in_an_update(alice: Person) -> None:
    board = make_dashboard(alice)
    body = {"use_template": "X", "use_dashboard": board.pk, "delete_insights": True, "creation_mode": "template"}
    answer = alice.api.patch(f"dashboards/{board.pk}/", body, documented=False)
    assert answer.status == 200
    shown = (answer.json[key] for key in body)
    assert tuple(shown) == ("", None, False, "default")
    assert "Ignored-Fields" not in answer.headers


def test_failed_update_changes_nothing(alice: Person) -> None:
    board = make_dashboard(alice, "before", tags=["t"])
    answer = alice.api.patch(
        f"dashboards/{board.pk}/",
        {"name": "after", "tags": ["u"], "tiles": [{"text": {"body": "new"}}, {"id": 999999, "text": {"body": "x"}}]},
    )
    assert answer.error == (400, "validation_error", "does_not_exist", "tiles__1__id")
    shown = alice.api.get(f"dashboards/{board.pk}/").json
    assert (shown["name"], shown["tags"], shown["tiles"]) == ("before", ["t"], [])


def test_unknown_or_foreign_dashboard_is_404_for_any_body(alice: Person, carol: Person) -> None:
    theirs = make_dashboard(carol, "theirs")
    for id_ in (theirs.pk, 999999999, "abc"):
        assert alice.api.patch(f"dashboards/{id_}/", {"name": ["bad"]}).error[0] == 404
    assert Dashboard.objects.get(pk=theirs.pk).name == "theirs"


def test_only_creator_and_admins_edit_a_restricted_dashboard(alice: Person, bob: Person) -> None:
    of_bob, of_alice = make_dashboard(bob, restriction_level=37), make_dashboard(alice, restriction_level=37)
    assert bob.api.patch(f"dashboards/{of_bob.pk}/", {"name": "mine"}).status == 200
    assert alice.api.patch(f"dashboards/{of_bob.pk}/", {"name": "admin was here"}).status == 200
    answer = bob.api.patch(f"dashboards/{of_alice.pk}/", {"name": "no"})
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert Dashboard.objects.get(pk=of_alice.pk).name == "Board"


def test_changing_the_restriction_requires_the_right_to_restrict(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice)
    answer = bob.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert bob.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 21, "name": "same level"}).status == 200
    assert alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37}).json["restriction_level"] == 37
    row = Dashboard.objects.get(pk=board.pk)
    assert (row.name, row.restriction_level) == ("same level", 37)


def test_trailing_slash_is_optional(alice: Person) -> None:
    board = make_dashboard(alice)
    assert alice.api.patch(f"dashboards/{board.pk}", {"name": "no slash"}).json["name"] == "no slash"
    assert alice.api.post("dashboards").status == 201
    assert alice.api.put(f"dashboards/{board.pk}", {}).status == 200
    assert alice.api.delete(f"dashboards/{board.pk}").status == 405
    assert alice.api.get("dashboards").status == 200
