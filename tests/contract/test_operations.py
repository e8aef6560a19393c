"""openapi.yaml for readers: every operation has a summary, a description and a declared tag."""

import re
from typing import Any

import pytest

from tests.contract.document import document, resolve

TAGS = [
    "dashboards",
    "tiles",
    "insights",
    "query",
    "event_definitions",
    "property_definitions",
    "sharing",
    "dashboard_templates",
    "collaborators",
    "activity_log",
    "versions",
    "projects",
    "organizations",
    "users",
    "personal_api_keys",
    "empty_lists",
    "login",
]
VERBS = """
Add Cancel Compare Copy Create Delete Export List Move Read Remove Reorder Replace Restore Retrieve Rotate Run Sign
Stream Undo Update Validate
""".split()  # noqa: SIM905  a table is easier to read
OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    (f"{method.upper()} {path}", operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
]


def test_tags_are_ordered_and_explained() -> None:
    assert [each["name"] for each in document()["tags"]] == TAGS
    for each in document()["tags"]:
        assert re.fullmatch(r"[A-Z].{15,}\.", each["description"]), each


def test_every_tag_has_operations() -> None:
    assert {tag for _, operation in OPERATIONS for tag in operation["tags"]} == set(TAGS)


def test_every_operation_has_one_declared_tag() -> None:
    """The Go generator declares an operation with two tags twice, and the package does not build."""
    assert {
        name: each["tags"] for name, each in OPERATIONS if len(each["tags"]) != 1 or each["tags"][0] not in TAGS
    } == {}


def test_every_operation_has_a_summary() -> None:
    """The summary is the first sentence of the docstring of the action. It is short and begins with a verb."""
    summaries = {name: each.get("summary", "") for name, each in OPERATIONS}
    pattern = rf"(?:{'|'.join(VERBS)}) [^.`:;]{{1,50}}"
    assert {name: summary for name, summary in summaries.items() if not re.fullmatch(pattern, summary)} == {}


def test_every_operation_has_a_description() -> None:
    """The description is the rest of the docstring, in complete sentences without line breaks within a paragraph."""
    descriptions = {name: each.get("description", "") for name, each in OPERATIONS}
    paragraph = r"[A-Z`][^\n]{15,}\."
    pattern = rf"{paragraph}(?:\n\n{paragraph})*"
    assert {name: text for name, text in descriptions.items() if not re.fullmatch(pattern, text)} == {}


def test_every_response_has_a_description() -> None:
    for name, each in OPERATIONS:
        for status, response in each["responses"].items():
            assert re.fullmatch(r"[A-Z`].*\.", resolve(response)["description"]), f"{name} {status}"


def test_operations_that_are_always_refused_are_deprecated() -> None:
    refused = {name for name, each in OPERATIONS if not any(status < "300" for status in each["responses"])}
    assert refused == {name for name, each in OPERATIONS if each.get("deprecated")}
    assert len(refused) == 6


def test_operations_of_both_prefixes_have_equal_texts() -> None:
    operations = dict(OPERATIONS)
    aliased = {name: each for name, each in operations.items() if "/api/environments/" in name}
    assert len(aliased) > 50
    for name, alias in aliased.items():
        operation = operations[name.replace("/environments/", "/projects/")]
        for key in ("summary", "description", "tags"):
            assert alias[key] == operation[key], name


@pytest.mark.parametrize(
    ("tag", "operation_id"),
    [
        ("dashboards", "dashboards_create"),
        ("dashboards", "dashboards_bulk_restore_create"),
        ("tiles", "dashboards_tiles_create"),
        ("tiles", "dashboards_move_tile_partial_update"),
        ("sharing", "dashboards_sharing_passwords_create"),
        ("collaborators", "dashboards_collaborators_list"),
        ("activity_log", "insights_activity_retrieve"),
        ("versions", "dashboards_versions_restore_create"),
        ("projects", "environments_projects_retrieve"),
        ("organizations", "organizations_projects_list"),
        ("personal_api_keys", "personal_api_keys_current_retrieve"),
        ("login", "logout_create"),
    ],
)
def test_tags_group_operations_by_resource(tag: str, operation_id: str) -> None:
    assert [each["tags"] for _, each in OPERATIONS if each["operationId"] == operation_id] == [[tag]]
