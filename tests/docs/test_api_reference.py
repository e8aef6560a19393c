"""docs/api/: every operation has an example, and every example has the documented response."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import resolve

from tests.docs.examples import MORE_PAGES, read_examples, read_request
from tests.docs.operations import ALL_PAGES, find_operation, read_document, read_headings, read_operations
from tests.docs.runner import PageRunner, find_differences
from tests.live.conftest import Service

PAGES_WITH_EXAMPLES = [page for page in [*ALL_PAGES, *MORE_PAGES] if read_examples(page)]


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES, ids=lambda page: page.stem)
def test_every_example_has_the_documented_response(
    fresh_environment: dict[str, str], tmp_path: Path, page: Path
) -> None:
    service = Service(fresh_environment | {"WORKERS": "1"}, tmp_path / "log").wait()
    try:
        runner = PageRunner(fresh_environment, service.base, service.printed_keys[0], tmp_path)
        differences = list(find_differences(runner, page))
    finally:
        service.stop()
    assert not differences, "\n\n".join(differences)


def test_every_command_has_a_response() -> None:
    unanswered = [
        f"{page.name}: {example.command}"
        for page in PAGES_WITH_EXAMPLES
        for example in read_examples(page)
        if not example.is_setup and example.answer is None and "curl" in example.command
    ]
    assert unanswered == []


def test_every_operation_has_an_example() -> None:
    requests = [
        find_operation(*read_request(example.command))
        for page in PAGES_WITH_EXAMPLES
        for example in read_examples(page)
        if example.answer and not example.is_setup
    ]
    assert sorted(set(read_operations()) - set(requests)) == []


def test_sections_equal_the_operations() -> None:
    assert sorted(read_headings()) == sorted(read_operations())


@pytest.mark.parametrize("operation", sorted(read_operations()), ids=" ".join)
def test_section_names_the_required_scopes(operation: tuple[str, str]) -> None:
    method, path = operation
    example = path.replace("{user_uuid}", "0192f3a0-0000-4000-8000-000000000001")
    view = resolve(re.sub(r"\{\w+\}", "1", example)).func
    action = view.actions[method.lower()]  # type: ignore[attr-defined]  # an attribute of viewsets
    required = view.cls.required_scopes.get(action, [])  # type: ignore[attr-defined]  # an attribute of viewsets
    assert read_headings()[operation][1] == required


@pytest.mark.parametrize("operation", sorted(read_operations()), ids=" ".join)
def test_page_names_every_parameter_and_field_of_the_operation(operation: tuple[str, str]) -> None:
    page, _ = read_headings()[operation]
    details = read_operations()[operation]
    taken = {each["name"] for each in details.get("parameters", []) if each["in"] == "query"}
    taken |= set(read_body_properties(details))
    text = page.read_text()
    assert sorted(name for name in taken if f"`{name}`" not in text) == []


def read_body_properties(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the JSON body of an operation."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = read_document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    properties: dict[str, Any] = schema.get("properties", {})
    return properties
