"""openapi.yaml for client generators, some of which map several names to the same identifier."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import IntegerChoices

from dashboards.models import PrivilegeLevel, RestrictionLevel
from tests.contract.document import document
from users.models import WeekStartDay

# The prefixes that the Go generator adds to model names, for constructors and wrappers.
GO_PREFIXES = ("New", "Nullable")


def read_schemas() -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"]
    return found


def normalize(name: object) -> str:
    """Return a name in lower case without separators, since a generator may map such names to the same identifier."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def find_collisions(names: Iterable[object]) -> list[str]:
    return [name for name, number in Counter(map(normalize, names)).items() if number > 1]


def iter_objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each schema that has properties, at any depth, with its path."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield path, node["properties"]
        for key, inner in node.items():
            yield from iter_objects(inner, f"{path}/{key}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from iter_objects(inner, f"{path}/{index}")


def test_property_names_do_not_collide() -> None:
    found = {path: find_collisions(properties) for path, properties in iter_objects(document())}
    assert len(found) > 70
    assert {path: names for path, names in found.items() if names} == {}


def test_schema_names_do_not_collide() -> None:
    names = set(read_schemas())
    assert find_collisions(names) == []
    prefixed = {f"{prefix}{name}" for prefix in GO_PREFIXES for name in names}
    assert names & prefixed == set()


def test_enum_members_do_not_collide() -> None:
    """Constants of all enums share one package in Go."""
    enums = {name: schema for name, schema in read_schemas().items() if "enum" in schema}
    members = [member for schema in enums.values() for member in schema.get("x-enum-varnames", schema["enum"])]
    assert len(enums) > 10
    assert find_collisions(members) == []


def test_members_of_numeric_enums_have_names() -> None:
    enums = {name: schema for name, schema in read_schemas().items() if "enum" in schema}
    numeric = {name: schema for name, schema in enums.items() if schema["type"] == "integer"}
    all_choices: dict[str, type[IntegerChoices]] = {
        "RestrictionLevelEnum": RestrictionLevel,
        "PrivilegeLevelEnum": PrivilegeLevel,
        "WeekStartDayEnum": WeekStartDay,
    }
    assert set(numeric) == set(all_choices)
    for name, choices in all_choices.items():
        assert dict(zip(numeric[name]["x-enum-varnames"], numeric[name]["enum"], strict=True)) == {
            each.name: each.value for each in choices
        }


def test_one_alias_of_a_field_is_documented() -> None:
    moved, copied = read_schemas()["MoveTileRequest"], read_schemas()["CopyTileRequest"]
    assert (set(moved["properties"]), set(moved["required"])) == ({"tile", "to_dashboard"},) * 2
    assert (set(copied["properties"]), set(copied["required"])) == ({"fromDashboardId", "tileId"},) * 2
    assert set(read_schemas()["PatchedMoveTileRequest"]["properties"]) == {"tile", "to_dashboard"}


def test_every_body_can_be_json() -> None:
    for methods in document()["paths"].values():
        for operation in methods.values():
            assert "application/json" in operation.get("requestBody", {"content": {"application/json": {}}})["content"]


def test_forms_have_no_components() -> None:
    """The generator for Java imports a component that only forms use, but does not generate this component."""
    bodies = [
        (media_type, content["schema"])
        for methods in document()["paths"].values()
        for operation in methods.values()
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    ]
    forms = [schema for media_type, schema in bodies if media_type != "application/json"]
    assert len(forms) > 50
    assert not [schema for schema in forms if "$ref" in str(schema)]
    assert all("$ref" in str(schema) for media_type, schema in bodies if media_type == "application/json")
