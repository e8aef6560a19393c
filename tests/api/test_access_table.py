"""One table for every route, method and caller. The suite fails if a route is missing from the table.

Callers: a request without credentials (`nobody`); a key without a matching scope; a key that can only read; a member;
the admin of the project; the admin of another project; a key of the admin that is scoped to another project. Requests
with the member's session get the same status codes as requests with the member's key.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from dashboards.models import Dashboard, Insight
from pages import urls as pages_urls
from tests.api.access_table import CALLERS, METHODS, NO_QUERY, PUBLIC, QUERY, SIGNED_IN, TABLE
from tests.builders import Person, make_dashboard, make_insight, make_key, make_project, make_session, make_template
from tests.client import Api
from users.services.projects import add_member

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def iter_routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Yield every route of the service, with `<str:id>` as `<id>`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern).replace("<str:", "<")
        if isinstance(pattern, URLResolver):
            yield from iter_routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


def test_table_covers_every_route() -> None:
    aliased = {route.replace("api/projects/<", "api/environments/<") for route in TABLE}
    # Pages have a table of their own, in tests/pages/console/test_console.py.
    assert (
        set(iter_routes()) - set(iter_routes(pages_urls.urlpatterns))
        == set(TABLE) | {route for route in aliased if route not in TABLE} | set(SIGNED_IN) | PUBLIC
    )
    assert all(set(rows) == set(METHODS) for rows in TABLE.values())


@pytest.fixture
def callers(alice: Person, bob: Person, carol: Person) -> dict[str, str | None]:
    elsewhere = make_project("Elsewhere")
    add_member(elsewhere, user=alice.user)
    objects = (
        "activity_log",
        "dashboard",
        "dashboard_template",
        "insight",
        "query",
        "event_definition",
        "property_definition",
        "alert",
        "annotation",
        "subscription",
        "sharing_configuration",
        "project",
        "organization",
        "user",
    )
    readable = [f"{name}:read" for name in objects]
    return {
        "nobody": None,
        "no scope": make_key(alice.user, "survey:read"),
        "reader": make_key(alice.user, *readable),
        "member": bob.key,
        "admin": alice.key,
        "outsider": carol.key,
        "scoped elsewhere": make_key(alice.user, project_ids=[elsewhere.pk]),
    }


def build_path(route: str, dashboard: Dashboard, insight: Insight, prefix: str = "projects") -> str:
    id_: object = insight.pk if "/insights/<id>" in route else dashboard.pk
    if "dashboard_templates/<id>" in route:
        id_ = make_template(dashboard.project).pk
    organization_id = dashboard.project.organization_id
    named: dict[str, Any] = {"<project_id>": dashboard.project_id, "<id>": id_, "<dashboard_id>": dashboard.pk}
    named |= {"<organization_id>": organization_id, "<user_uuid>": UNKNOWN, "<password_id>": 999999, "<version>": 1}
    path = "/" + route.replace("api/projects/<", f"api/{prefix}/<")
    for name, value in named.items():
        path = path.replace(name, str(value))
    return path


def build_body(method: str) -> dict[str, Any] | None:
    return None if method in ("GET", "DELETE") else {}


CELLS = [(route, method) for route in TABLE for method in METHODS]
CELL_NAMES = [f"{method} {route}" for route, method in CELLS]


@pytest.mark.parametrize(("route", "method"), CELLS, ids=CELL_NAMES)
def test_each_caller_gets_the_status_in_the_table(
    alice: Person, callers: dict[str, str | None], route: str, method: str
) -> None:
    expected = dict(zip(CALLERS, TABLE[route][method], strict=True))
    for prefix in ("projects", "environments"):
        path = build_path(route, make_dashboard(alice), make_insight(alice), prefix)
        answers = {caller: Api(key, 0).call(method, path, build_body(method)) for caller, key in callers.items()}
        assert {caller: answer.status for caller, answer in answers.items()} == expected, prefix


@pytest.mark.parametrize(("route", "method"), CELLS, ids=CELL_NAMES)
def test_session_gets_the_same_status_as_a_key_of_the_member(
    alice: Person, bob: Person, route: str, method: str
) -> None:
    path = build_path(route, make_dashboard(alice), make_insight(alice))
    expected = TABLE[route][method][CALLERS.index("member")]
    if (route, method) == ("api/personal_api_keys/@current/", "GET"):  # a session has no API key
        expected = 404
    assert make_session(bob).call(method, path, build_body(method)).status == expected


@pytest.mark.parametrize("route", SIGNED_IN)
def test_session_only_operations(alice: Person, route: str) -> None:
    path = "/" + route.replace("<id>", "unknown")
    for method, expected in SIGNED_IN[route].items():
        callers = (Api(None, 0), alice.api, make_session(alice))
        answers = [caller.call(method, path, build_body(method)).status for caller in callers]
        assert answers == list(expected), method


@pytest.mark.parametrize(("route", "method"), CELLS, ids=CELL_NAMES)
def test_error_names_the_missing_scope(alice: Person, callers: dict[str, str | None], route: str, method: str) -> None:
    path = build_path(route, make_dashboard(alice), make_insight(alice))
    answer = Api(callers["no scope"], 0).call(method, path, build_body(method))
    if answer.status == 200:  # the only operation that needs no scope
        assert (route, method) == ("api/personal_api_keys/@current/", "GET")
        return
    objects = {
        "projects": "project",
        "organizations": "organization",
        "personal_api_keys": "user",
        "users": "user",
        "dashboards": "dashboard",
        "dashboard_templates": "dashboard_template",
        "insights": "insight",
        "query": "query",
        "mcp_tools": "query",
        "event_definitions": "event_definition",
        "property_definitions": "property_definition",
        "alerts": "alert",
        "annotations": "annotation",
        "subscriptions": "subscription",
        "sharing": "sharing_configuration",
        "activity": "activity_log",
        "activity_log": "activity_log",
    }
    [*_, object_] = [name for part, name in objects.items() if f"/{part}/" in path]
    object_ = "project" if path.startswith("/api/organizations/") and "/projects/" in path else object_
    object_ = "dashboard" if path.endswith("/undo/") and method == "POST" else object_
    object_ = "query" if path.endswith(("/run_insights/", "/validate/")) else object_
    is_query = TABLE[route][method] in (QUERY, NO_QUERY)
    action = "read" if method == "GET" or is_query else "write"
    assert answer.json["detail"] == f"API key missing required scope '{object_}:{action}'"


@pytest.mark.parametrize("route", TABLE)
def test_options_requires_the_read_scope_and_head_matches_get(
    alice: Person, callers: dict[str, str | None], route: str
) -> None:
    path = build_path(route, make_dashboard(alice), make_insight(alice))
    for method in ("OPTIONS", "HEAD"):
        allowed = TABLE[route]["GET"][CALLERS.index("reader")] if method == "HEAD" else 200
        assert Api(callers["reader"], 0).call(method, path).status == allowed
        unscoped = TABLE[route]["GET"][CALLERS.index("no scope")] if method == "HEAD" else 403
        assert Api(callers["no scope"], 0).call(method, path).status == unscoped
        assert Api(None, 0).call(method, path).status == 401


@pytest.mark.parametrize("route", [route for route in (*TABLE, *SIGNED_IN) if "<" in route])
def test_null_character_in_an_id_is_a_client_error(alice: Person, route: str) -> None:
    path = "/" + re.sub("<project_id>", str(alice.membership.project_id), route)
    path = re.sub("<[a-z_]+>", "a%00b", path)
    for method in ("GET", "PATCH", "DELETE"):
        for api in (alice.api, make_session(alice)):
            assert api.call(method, path, build_body(method)).status in (200, 400, 403, 404, 405)


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "FOO"])
def test_unknown_methods_are_405(alice: Person, method: str) -> None:
    answer = alice.api.call(method, "dashboards/")
    assert answer.error == (405, "invalid_request", "method_not_allowed", None)


def test_405_names_the_method_and_the_allowed_ones(alice: Person) -> None:
    answer = alice.api.put("dashboards/")
    assert answer.json["detail"] == 'Method "PUT" not allowed.'
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.urls("tests.api.failing_urls")
def test_action_without_declared_scopes_is_refused(alice: Person) -> None:
    answer = alice.api.get("/api/undeclared/")
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert answer.json["detail"] == "This action does not support personal API key access"
