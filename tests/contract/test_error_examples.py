"""The example of each error status equals the response of the service."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings

from dashboards_api.environment import Rate
from dashboards_api.http.request_body import SMALL_BODY_BYTES, BodyTimeout, BodyTooLarge
from tests.builders import Person, make_dashboard, make_key
from tests.client import Answer, Api
from tests.contract.document import check_value, document, resolve
from tests.contract.test_operations import OPERATIONS

RESPONSES: dict[str, Any] = document()["components"]["responses"]
NUMBER = re.compile(r"\d+")


def get_example(name: str) -> dict[str, Any]:
    example: dict[str, Any] = RESPONSES[name]["content"]["application/json"]["example"]
    return example


def send_unknown_key(person: Person) -> Answer:
    return Api("phx_unknown", person.membership.project_id).get("dashboards/")


def send_without_scope(person: Person) -> Answer:
    reader = Api(make_key(person.user, "dashboard:read"), person.membership.project_id)
    return reader.post("dashboards/", {"name": "Ops"})


def create_twice(person: Person) -> Answer:
    return [person.api.post("dashboards/create_unlisted_dashboard/", {"tag": "checkout"}) for _ in range(2)][1]


def update_older_version(person: Person) -> Answer:
    dashboard = make_dashboard(person)
    path = f"dashboards/{dashboard.pk}/"
    return [person.api.patch(path, {"pinned": pinned}, headers={"If-Match": "1"}) for pinned in (True, False)][1]


def update_without_version(person: Person) -> Answer:
    dashboard = make_dashboard(person)
    with override_settings(REQUIRE_IF_MATCH=True):
        return person.api.patch(f"dashboards/{dashboard.pk}/", {"pinned": True})


def reuse_key(person: Person) -> Answer:
    headers = {"Idempotency-Key": "weekly"}
    return [person.api.post("dashboards/", {"name": name}, headers=headers) for name in ("a", "b")][1]


def exceed_rate_limit(person: Person) -> Answer:
    with override_settings(RATE_LIMITS=[Rate(1, 60)], RATE_LIMIT_UNIT_SECONDS=60):
        return [person.api.get("dashboards/") for _ in range(2)][1]


REFUSED: dict[str, Callable[[Person], Answer]] = {
    "BadRequest": lambda person: person.api.post("dashboards/", {"pinned": "perhaps"}),
    "Unauthorized": send_unknown_key,
    "Forbidden": send_without_scope,
    "NotFound": lambda person: person.api.get("dashboards/1000000/"),
    "NotAcceptable": lambda person: person.api.call("GET", "dashboards/", headers={"Accept": "text/html"}),
    "Conflict": create_twice,
    "PreconditionFailed": update_older_version,
    "UnsupportedMediaType": lambda person: person.api.post("dashboards/", raw=b"x", content_type="text/plain"),
    "UnprocessableEntity": reuse_key,
    "PreconditionRequired": update_without_version,
    "TooManyRequests": exceed_rate_limit,
}


@pytest.mark.parametrize("name", REFUSED)
def test_example_equals_the_response(alice: Person, name: str) -> None:
    answer = REFUSED[name](alice)
    expected, actual = get_example(name), answer.json
    if name == "TooManyRequests":  # the seconds to wait depend on the clock
        expected, actual = ({**error, "detail": NUMBER.sub("N", error["detail"])} for error in (expected, actual))
    assert actual == expected
    documented = {status for status, reference in _list_references() if reference == name}
    assert documented == {str(answer.status)}


@pytest.mark.urls("tests.api.failing_urls")
@pytest.mark.parametrize(
    ("name", "path"), [("InternalServerError", "/api/fault/"), ("ServiceUnavailable", "/api/database-away/")]
)
def test_example_of_a_server_error_equals_the_response(alice: Person, name: str, path: str) -> None:
    answer = Client(raise_request_exception=False).get(path, headers={"Authorization": f"Bearer {alice.key}"})
    assert answer.json() == get_example(name)


def test_examples_of_body_errors_equal_those_of_the_edge() -> None:
    """The test client bypasses the edge. tests/live/ sends such bodies."""
    assert get_example("RequestTimeout")["detail"] == BodyTimeout.detail
    assert get_example("PayloadTooLarge")["detail"] == BodyTooLarge(SMALL_BODY_BYTES).detail


def test_every_error_has_an_example_that_matches_its_schema() -> None:
    tested = {*REFUSED, "InternalServerError", "ServiceUnavailable", "RequestTimeout", "PayloadTooLarge"}
    assert set(RESPONSES) == {name for _, name in _list_references()} == tested
    for name, response in RESPONSES.items():
        content = response["content"]["application/json"]
        check_value(content["example"], content["schema"], closed=True, where=name)


def test_every_error_is_documented_by_a_reference() -> None:
    for operation, details in OPERATIONS:
        for status, response in details["responses"].items():
            if status >= "400" and "content" in resolve(response):
                assert set(response) == {"$ref"}, f"{operation} {status}"


def _list_references() -> set[tuple[str, str]]:
    """Return each error status that operations document, with the name of its response."""
    return {
        (status, response["$ref"].rpartition("/")[2])
        for _, operation in OPERATIONS
        for status, response in operation["responses"].items()
        if "$ref" in response
    }
