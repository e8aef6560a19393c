"""Examples of requests and responses in openapi.yaml. tests/docs/ compares them with responses of the service."""

import json
from collections.abc import Iterator
from typing import Any

from dashboards_api.http.openapi_examples import FILE
from tests.contract.document import check_value, document, resolve
from tests.contract.test_operations import OPERATIONS

RECORDED: dict[str, dict[str, Any]] = json.loads(FILE.read_text())
BY_ID = {operation["operationId"]: operation for _, operation in OPERATIONS}
# The operations that clients of all kinds use.
MOST_USED = """
dashboards_list dashboards_create dashboards_retrieve dashboards_partial_update
dashboards_create_from_template_json_create dashboards_tiles_create dashboards_create_text_tile_create
dashboards_update_text_tile_create dashboards_move_tile_create dashboards_copy_tile_create
dashboards_reorder_tiles_create dashboards_delete_tile_create insights_list insights_create insights_retrieve
insights_partial_update dashboards_sharing_list dashboards_sharing_partial_update activity_log_list users_me_retrieve
projects_list personal_api_keys_create
""".split()  # noqa: SIM905  a table is easier to read


def find_bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the JSON bodies of an operation: `request`, and `response` for each successful status."""
    bodies = [("request", operation.get("requestBody", {}))]
    bodies += [("response", resolve(each)) for status, each in operation["responses"].items() if status < "300"]
    for kind, body in bodies:
        if content := body.get("content", {}).get("application/json"):
            yield kind, content


def test_the_most_used_operations_have_examples() -> None:
    assert len(MOST_USED) > 20
    for name in MOST_USED:
        missing = [kind for kind, content in find_bodies(BY_ID[name]) if "examples" not in content]
        assert missing == [], name


def test_every_example_matches_its_schema() -> None:
    checked = set()
    for name, operation in OPERATIONS:
        for kind, content in find_bodies(operation):
            for reference in content.get("examples", {}).values():
                value = resolve(reference)["value"]
                check_value(value, content["schema"], closed=kind == "response", where=f"{name} ({kind})")
                checked.add(reference["$ref"].rpartition("/")[2])
    assert checked == set(document()["components"]["examples"])


def test_no_field_of_a_request_in_an_example_is_unknown() -> None:
    for name in RECORDED:
        for kind, content in find_bodies(BY_ID[name]):
            if kind == "request":
                fields = resolve(content["schema"])["properties"]
                assert set(RECORDED[name]["request"]) <= set(fields), name


def test_every_recorded_example_is_in_the_document() -> None:
    """`python -m tests.docs.update` fills in the examples of operations with a request on a page of docs/api/."""
    for name, example in RECORDED.items():
        bodies = {kind for kind, content in find_bodies(BY_ID[name]) if "examples" in content}
        assert bodies == set(example) & {"request", "response"}, name
        assert example["status"] in BY_ID[name]["responses"], name


def test_both_prefixes_have_the_same_examples() -> None:
    for name in RECORDED:
        if alias := BY_ID.get(f"environments_{name}"):
            both = [[content.get("examples") for _, content in find_bodies(each)] for each in (BY_ID[name], alias)]
            assert both[0] == both[1], name
