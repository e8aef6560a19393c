"""The examples of the OpenAPI document: the first accepted request in the section of an operation, and the response.

An operation has an example if dashboards_api/http/openapi_examples.json contains its id. To add an example, write
`"<operation id>": {}` into that file and run `python -m tests.docs.update`.
"""

import json
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from dashboards_api.http.openapi_examples import FILE
from tests.docs.answers import update_answer
from tests.docs.examples import Example, is_json, read_examples, read_request
from tests.docs.operations import find_operation, read_headings, read_operations
from tests.docs.placeholders import Placeholders

ApiExamples = dict[str, dict[str, Any]]


def read_api_examples() -> ApiExamples:
    examples: ApiExamples = json.loads(FILE.read_text())
    return examples


def write_api_examples(examples: ApiExamples) -> None:
    FILE.write_text(json.dumps(examples, indent=2, ensure_ascii=False) + "\n")


def find_operation_id(page: Path, example: Example) -> str | None:
    """Return the id of the operation whose example in the OpenAPI document is this example of a page."""
    return _select_examples(page).get(example.answer.start) if example.answer else None


@cache
def _select_examples(page: Path) -> dict[int, str]:
    """Return the operation ids by the position at which the response to their example begins."""
    wanted, selected = set(read_api_examples()), {}
    for example in read_examples(page):
        if example.is_setup or not example.answer or example.answer.status >= 300:
            continue
        operation = find_operation(*read_request(example.command))
        if operation and read_headings()[operation][0] == page:
            name = read_operations()[operation]["operationId"]
            if name in wanted:
                wanted.remove(name)
                selected[example.answer.start] = name
    return selected


def read_api_example(command: str, status: int, body: str) -> dict[str, Any]:
    """Return a command and its response as an example of an operation."""
    request = {"request": read_body(command)} if read_body(command) else {}
    response = {"response": json.loads(body)} if is_json(body) else {}
    return {**request, "status": str(status), **response}


def update_api_example(
    documented: dict[str, Any], actual: dict[str, Any], placeholders: Placeholders
) -> dict[str, Any]:
    """Return the actual example with placeholders for the values that differ in each database."""
    if "response" not in actual:
        return actual
    return {**actual, "response": update_answer(documented.get("response"), actual["response"], placeholders)}


def read_body(command: str) -> dict[str, Any]:
    """Return the body of a curl command as JSON. Numbers and booleans in forms become JSON values."""
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    values = [value for option, value in pairwise(words) if option == "-d"]
    if values and values[0].startswith("{"):
        body: dict[str, Any] = json.loads(values[0])
        return body
    return {name: _parse_field(text) for name, _, text in (value.partition("=") for value in values)}


def _parse_field(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
