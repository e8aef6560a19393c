"""openapi.yaml contains the whole frozen contract of PostHog's documentation (seed.json)."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboards.views.dashboards import DashboardViewSet
from dashboards.views.dashboards_create import DashboardCreateViewSet
from dashboards.views.sharing import SharingConfigurationViewSet
from dashboards.views.tiles import TileViewSet
from tests.contract.document import document

SEED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "seed.json").read_text())
MEDIA_TYPES = {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}


def find_operation(name: str) -> dict[str, Any]:
    method, path = name.split(" ")
    found: dict[str, Any] = document()["paths"][path][method.lower()]
    return found


def get_properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a schema, after following references."""
    for wrapped in schema.get("allOf", []):
        schema = wrapped
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: dict[str, Any] = schema["properties"]
    return found


def get_response_properties(name: str) -> dict[str, Any] | None:
    content = find_operation(name)["responses"][str(SEED[name]["status"])].get("content")
    return get_properties(content["application/json"]["schema"]) if content else None


@pytest.mark.parametrize("name", SEED)
def test_operation_has_the_id_and_parameters_of_the_seed(name: str) -> None:
    documented = find_operation(name)
    assert documented["operationId"] == SEED[name]["operation"]
    types = {(each["in"], each["name"]): each["schema"]["type"] for each in documented["parameters"]}
    for place in ("path", "query"):
        for parameter, type_ in SEED[name].get(place, {}).items():
            assert types[place, parameter] == type_


@pytest.mark.parametrize("name", SEED)
def test_response_has_every_field_of_the_seed(name: str) -> None:
    fields = get_response_properties(name)
    if SEED[name]["answer"] is None:
        assert fields is None
    else:
        assert fields is not None
        assert set(SEED[name]["answer"]) <= set(fields)


@pytest.mark.parametrize("name", [name for name in SEED if "rows" in SEED[name]])
def test_list_rows_have_every_field_of_the_seed(name: str) -> None:
    fields = get_response_properties(name)
    assert fields is not None
    rows = get_properties(fields["results"]["items"])
    assert set(SEED[name]["rows"]) <= set(rows)
    assert "tiles" not in rows
    assert set(SEED[name]["rows.created_by"]) <= set(get_properties(rows["created_by"]))


@pytest.mark.parametrize("name", [name for name in SEED if "body" in SEED[name]])
def test_bodies_accept_every_field_of_the_seed_and_require_none(name: str) -> None:
    content = find_operation(name)["requestBody"]["content"]
    assert set(content) == MEDIA_TYPES
    for media in content.values():
        takes_all = media["schema"].get("additionalProperties") is True
        assert takes_all or set(SEED[name]["body"]) <= set(get_properties(media["schema"]))
    assert find_operation(name)["requestBody"].get("required", False) is False


def test_scopes_equal_those_of_the_seed() -> None:
    declared = {
        **{f"dashboards_{action}": scopes for action, scopes in DashboardViewSet.required_scopes.items()},
        "dashboards_sharing_list": SharingConfigurationViewSet.required_scopes["retrieve"],
        "dashboards_move_tile_partial_update": TileViewSet.required_scopes["move_tile"],
        "dashboards_create_from_template_json_create": DashboardCreateViewSet.required_scopes[
            "create_from_template_json"
        ],
    }
    for each in SEED.values():
        assert declared[each["operation"]] == each["scopes"]
