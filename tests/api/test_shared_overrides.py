"""Overrides by viewers of a shared dashboard: `allow_overrides` in its settings."""

import json
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard
from tests.api.test_shared import share, visit
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer

FILTERS = {"date_from": "-7d", "properties": [{"key": "plan"}]}
VARIABLES = {"id-1": {"code_name": "country", "value": "x"}, "id-2": {"code_name": "plan", "value": "free"}}


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, filters=FILTERS, variables=VARIABLES)


def get_with_overrides(token: str, **overrides: Any) -> Answer:
    query = "&".join(f"{name}_override={json.dumps(value)}" for name, value in overrides.items())
    return visit(f"/shared/{token}.json?{query}")


def test_allowed_keys_apply_and_are_not_stored(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={"allow_overrides": ["date_from", "country", "id-2"]})
    answer = get_with_overrides(
        token, filters={"date_from": "-30d"}, variables={"id-1": {"code_name": "country", "value": "y"}}
    )
    assert answer.json["dashboard"]["filters"] == {**FILTERS, "date_from": "-30d"}
    assert answer.json["dashboard"]["variables"]["id-1"]["value"] == "y"
    for name, given in (("id-2", {"value": "paid"}), ("plan", {"value": "paid"}), ("id-2", "paid")):
        shown = get_with_overrides(token, variables={name: given}).json["dashboard"]["variables"]
        assert shown["id-2"] == {"code_name": "plan", "value": "paid"}
    plain = visit(f"/shared/{token}.json").json["dashboard"]
    assert (plain["filters"], plain["variables"]) == (FILTERS, VARIABLES)
    board.refresh_from_db()
    assert (board.filters, board.variables) == (FILTERS, VARIABLES)


@pytest.mark.parametrize(
    ("allowed", "overrides"),
    [
        (["date_from"], {"filters": {"date_from": "-1d", "properties": []}}),
        (["date_from"], {"filters": {"date_to": None}}),
        (["date_from"], {"variables": {"id-1": {"value": "y"}}}),
        (["date_from"], {"variables": {"unknown": {"code_name": "date_from"}}}),
        # Renaming an allowed variable would change another variable.
        (["id-1"], {"variables": {"id-1": {"code_name": "plan", "value": "y"}}}),
        (["new"], {"variables": {"new": {"code_name": "plan", "value": "y"}}}),
        (["new"], {"variables": {"new": {"code_name": "secret", "value": "y"}}}),
        (["country"], {"variables": {"country": {"code_name": "plan", "value": "y"}}}),
        (["country"], {"variables": {"plan": "y"}}),
        ([], {"filters": {"date_from": "-1d"}}),
        (None, {"filters": {"date_from": "-1d"}}),
        (None, {"variables": {"id-1": {"value": "y"}}}),
    ],
)
def test_other_keys_are_403(
    alice: Person, board: Dashboard, allowed: list[str] | None, overrides: dict[str, Any]
) -> None:
    token = share(alice, board, settings=None if allowed is None else {"allow_overrides": allowed})
    answer = get_with_overrides(token, **overrides)
    assert answer.error == (403, "authentication_error", "permission_denied", None)


def test_empty_override_is_always_allowed(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    assert get_with_overrides(token, filters={}, variables={}).status == 200
    assert visit(f"/shared/{token}.json?filters_override=&refresh=force_blocking&cache_keys=x").status == 200


@pytest.mark.parametrize("name", ["filters_override", "variables_override"])
@pytest.mark.parametrize("text", ["{oops", "[]", "5", '"x"', "null"])
def test_override_other_than_an_object_is_400(alice: Person, board: Dashboard, name: str, text: str) -> None:
    answer = visit(f"/shared/{share(alice, board)}.json?{name}={text}")
    assert answer.error == (400, "validation_error", "invalid_input", name)


def test_stored_variables_of_any_shape_are_handled(alice: Person) -> None:
    board = make_dashboard(alice, variables={"a": None, "b": ["x"], "c": "text"})
    token = share(alice, board, settings={"allow_overrides": ["x"]})
    for name in ("a", "b", "c"):
        assert get_with_overrides(token, variables={name: {"value": 1}}).status == 403


def test_overrides_of_viewers_apply_to_queries(alice: Person, board: Dashboard) -> None:
    make_insight(alice, board, query={"kind": "TrendsQuery"})
    token = share(alice, board, settings={"allow_overrides": ["date_from"]})

    def shown(**overrides: Any) -> Any:
        [tile] = get_with_overrides(token, **overrides).json["dashboard"]["tiles"]
        return tile["insight"]["query"]["dateRange"]["date_from"]

    assert (shown(), shown(filters={"date_from": "-1d"})) == ("-7d", "-1d")


@pytest.mark.parametrize("suffix", [".json", ""])
def test_too_large_override_is_400(alice: Person, board: Dashboard, suffix: str) -> None:
    items = [{"text": {"body": str(number)}} for number in range(110)]
    assert alice.api.patch(f"dashboards/{board.pk}/", {"tiles": items}).status == 200
    token = share(alice, board, settings={"allow_overrides": ["properties"]})
    given = json.dumps({"properties": [{"key": "x" * 20_000}]})
    answer = Client().get(f"/shared/{token}{suffix}?filters_override={given}")
    assert answer.status_code == 400
    assert "more than 2 MB" in answer.content.decode()
