"""Query parameters: reporting or refusing unknown parameters, and the limits on the number of parameters."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from dashboards.models import Dashboard
from dashboards_api.http.parameter_validation import get_declared_parameters
from tests.api.test_access_table import build_path
from tests.builders import Person, make_dashboard, make_insight, make_key, make_session
from tests.client import Api
from tests.contract.document import document, resolve

STRICT = {"Prefer": "handling=strict"}
UNKNOWN = (400, "validation_error", "unknown_field", "zz")


def iter_operations(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield the route, method and view of every operation below /api/ except the OpenAPI document."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern).replace("<str:", "<")
        if isinstance(pattern, URLResolver):
            yield from iter_operations(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("api/") and hasattr(pattern.callback, "actions"):
            for method in pattern.callback.actions:
                yield path, method.upper(), pattern.callback


OPERATIONS = list(iter_operations())
NAMES = [f"{method} {route}" for route, method, _ in OPERATIONS]
REFUSED = [
    (route, method) for route, method, view in OPERATIONS if method in getattr(view.cls, "refused_methods", frozenset())
]


# Parameters that dashboard writes accept, but the OpenAPI document omits (see `dashboards/views/base.py`).
UNDOCUMENTED = {"include_dashboards"}
DASHBOARDS = re.compile(r"api/(projects|environments)/<project_id>/dashboards/(<id>/)?")


def get_documented_parameters(route: str, method: str) -> set[str]:
    operation = document()["paths"]["/" + route.replace("<", "{").replace(">", "}")][method.lower()]
    parameters = [each for each in operation.get("parameters", []) if each["in"] == "query"]
    return {name for each in parameters for name in list_names(each)}


def list_names(parameter: dict[str, Any]) -> list[str]:
    """Return the name of a parameter, or the property names of an object that is spread over several parameters."""
    return [*resolve(parameter["schema"])["properties"]] if parameter.get("explode") else [parameter["name"]]


@pytest.mark.parametrize(("route", "method", "view"), OPERATIONS, ids=NAMES)
def test_operation_accepts_the_documented_parameters(route: str, method: str, view: Any) -> None:
    instance = view.cls(**view.initkwargs)
    instance.action, instance.kwargs = view.actions[method.lower()], {}
    instance.request = Request(getattr(APIRequestFactory(), method.lower())("/"))
    declared = get_declared_parameters(instance)
    undocumented = UNDOCUMENTED if method in ("POST", "PUT", "PATCH") and re.fullmatch(DASHBOARDS, route) else set()
    assert declared - undocumented == get_documented_parameters(route, method)
    assert undocumented <= declared


@pytest.mark.parametrize(("route", "method", "view"), OPERATIONS, ids=NAMES)
def test_every_operation_refuses_or_reports_unknown_parameters(
    alice: Person, route: str, method: str, view: Any
) -> None:
    route = route.replace("api/environments/<", "api/projects/<")
    path = build_path(route, make_dashboard(alice), make_insight(alice)) + "?zz=1"
    body: Any = None if method in ("GET", "DELETE") else {}
    caller = alice.api if "personal_api_keys/" not in route and "logout" not in route else make_session(alice)
    if route.endswith("personal_api_keys/@current/"):
        caller = alice.api
    answer = caller.call(method, path, body, headers=STRICT)
    if (route, method) in REFUSED:
        assert answer.status == 405
        return
    assert answer.error == UNKNOWN
    answer = caller.call(method, path, body)
    if answer.status < 400:
        assert answer.headers["Ignored-Fields"] == "zz"


def test_misspelled_filter_is_reported_and_refused_under_strict_handling(alice: Person) -> None:
    for name in ("alpha", "beta"):
        make_dashboard(alice, name)
    answer = alice.api.get("dashboards/", saerch="beta", page=2, limit=1)
    assert (answer.json["count"], answer.headers["Ignored-Fields"]) == (2, "saerch, page")
    assert "Ignored-Fields" not in alice.api.get("dashboards/", search="beta", limit=1).headers
    refused = alice.api.call("GET", "dashboards/?saerch=beta", headers=STRICT)
    assert refused.error == (400, "validation_error", "unknown_field", "saerch")
    assert refused.json["detail"] == "This parameter is unknown. Did you mean 'search'?"


@pytest.mark.parametrize("name", ["format", "basic", "fields"])
def test_parameters_of_other_services_are_reported(alice: Person, name: str) -> None:
    for path in ("insights/", f"insights/{make_insight(alice).pk}/", f"dashboards/{make_dashboard(alice).pk}/"):
        answer = alice.api.get(path, **{name: "true"})
        assert (answer.status, answer.headers["Ignored-Fields"]) == (200, name)


def test_names_are_encoded_and_limited(alice: Person) -> None:
    answer = alice.api.get("dashboards/", **{"a,b ü": "1", "a\r\nSet-Cookie: x=1": "1"})
    assert answer.headers["Ignored-Fields"] == "a%2Cb%20%C3%BC, a%0D%0ASet-Cookie%3A%20x%3D1"
    answer = alice.api.get("dashboards/", **{f"key{number}": "1" for number in range(50)})
    assert answer.headers["Ignored-Fields"].split(", ") == [f"key{number}" for number in range(20)]
    answer = alice.api.get("dashboards/", **{"short": "1", "x" * 2000: "1"})
    assert answer.headers["Ignored-Fields"] == "short"
    assert "Ignored-Fields" not in alice.api.call("GET", "dashboards/?=1&&").headers


def test_api_key_is_never_repeated(alice: Person) -> None:
    for query in (f"?personal_api_key={alice.key}", f"?{alice.key}=1", f"?a{alice.key}=1"):
        for headers in ({}, STRICT):
            answer = alice.api.call("GET", f"dashboards/{query}", headers=headers)
            assert alice.key not in str(answer.headers.items()) + answer.text
    assert alice.api.get("dashboards/", personal_api_key=alice.key).headers["Ignored-Fields"] == "personal_api_key"


def test_body_keys_and_parameters_are_reported_together(alice: Person) -> None:
    answer = alice.api.call("POST", "dashboards/?zz=1&nmae=2", {"nmae": "x", "other": 1}, documented=False)
    assert (answer.status, answer.headers["Ignored-Fields"]) == (201, "zz, nmae, other")


def test_refused_write_changes_nothing(alice: Person) -> None:
    assert alice.api.call("POST", "dashboards/?zz=1", {"name": "x"}, headers=STRICT).error == UNKNOWN
    assert not Dashboard.objects.exists()


def test_replayed_response_reports_ignored_fields_of_the_first(alice: Person) -> None:
    headers = {"Idempotency-Key": "k"}
    first = alice.api.call("POST", "dashboards/?zz=1", {"other": 1}, headers=headers, documented=False)
    again = alice.api.call("POST", "dashboards/?zz=1", {"other": 1}, headers=headers, documented=False)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Ignored-Fields"] == again.headers["Ignored-Fields"] == "zz, other"


def test_304_reports_unknown_parameters(alice: Person) -> None:
    etag = alice.api.get("dashboards/", zz=1).headers["ETag"]
    answer = alice.api.call("GET", "dashboards/?zz=1", headers={"If-None-Match": etag})
    assert (answer.status, answer.headers["Ignored-Fields"]) == (304, "zz")


def test_permissions_are_checked_first(alice: Person, carol: Person) -> None:
    for key, status in ((None, 401), (carol.key, 403), (make_key(alice.user, "insight:read"), 403)):
        answer = Api(key, alice.membership.project_id).call("GET", "dashboards/?zz=1", headers=STRICT)
        assert answer.status == status


def test_shared_dashboard_reports_unknown_parameters(alice: Person) -> None:
    board = make_dashboard(alice)
    token = alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True}).json["access_token"]
    path = f"/shared/{token}.json?embedded=1&filters_override={{}}"
    stranger = Api(None, 0)
    assert "Ignored-Fields" not in stranger.call("GET", path).headers
    assert stranger.call("GET", f"{path}&basic=true").headers["Ignored-Fields"] == "basic"
    assert stranger.call("GET", f"{path}&basic=true", headers=STRICT).error[2:] == ("unknown_field", "basic")


def test_query_string_length_is_limited(alice: Person) -> None:
    many = alice.api.call("GET", "dashboards/?" + "&".join(f"a{number}=1" for number in range(251)))
    assert many.error == (400, "validation_error", "max_length", None)
    assert "250" in many.json["detail"]
    repeated = alice.api.call("GET", "dashboards/?" + "tags=a&" * 101)
    assert repeated.error == (400, "validation_error", "max_length", "tags")
    assert "100" in repeated.json["detail"]
    assert alice.api.call("GET", "dashboards/?" + "tags=a&" * 100).status == 200
    assert alice.api.call("GET", "dashboards/?" + "a=1&" * 1001).status == 400


@pytest.mark.parametrize("path", ["dashboards/", "insights/"])
def test_lists_in_parameters_are_limited(alice: Person, path: str) -> None:
    for name, values in (("tags", [str(number) for number in range(101)]), ("created_by", list(range(101)))):
        answer = alice.api.get(path, **{name: str(values).replace("'", '"')})
        assert answer.error == (400, "validation_error", "max_length", name)
        assert "100" in answer.json["detail"]


def test_schema_endpoints_report_unknown_parameters() -> None:
    stranger = Api(None, 0)
    for path in ("/api/schema/?format=json", "/api/schema/swagger-ui/?"):
        known, named = (stranger.client.get(f"{path}{more}") for more in ("", "&zz=1"))
        assert (known.status_code, "Ignored-Fields" in known.headers) == (200, False)
        assert (named.status_code, named.headers["Ignored-Fields"]) == (200, "zz")
        assert stranger.call("GET", f"{path}&zz=1", headers=STRICT).error == UNKNOWN


def test_users_and_tags_are_lists_or_repeated(alice: Person, bob: Person) -> None:
    for person, tag in ((alice, "a,b"), (bob, "[c]")):
        make_dashboard(person, tag, tags=[tag])
        make_insight(person, name=tag, tags=[tag])
    both = {"a,b", "[c]"}
    ids = [alice.user.pk, bob.user.pk]
    for path in ("dashboards/", "insights/"):
        for query, names in (
            ({"created_by": ids}, both),
            ({"created_by": str(ids)}, both),
            ({"created_by": [str(ids[:1]), ids[1]]}, both),
            ({"created_by": "[]"}, both),
            ({"created_by": ids[1]}, {"[c]"}),
            ({"tags": '["A,B", "[c]"]'}, both),
            ({"tags": ["a,b", "[c]"]}, both),
            ({"tags": "[c]"}, {"[c]"}),
            ({"tags": "[]"}, both),
            ({"tags": '["none"]'}, set()),
        ):
            found = alice.api.get(path, **query)
            assert {row["name"] for row in found.json["results"]} == names, (path, query)
        assert alice.api.get(path, created_by='["me"]').error[2:] == ("invalid_input", "created_by")
        assert alice.api.get(path, created_by="[1").error[2:] == ("invalid_input", "created_by")
    assert alice.api.get("insights/", user="true", created_by=ids[1]).json["count"] == 0
