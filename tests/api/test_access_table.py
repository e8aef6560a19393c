"""One table for every route, method and caller. A route that is missing from it fails the suite.

Callers: nobody; a key without a fitting scope; a key that may only read; a member; the admin of the project; the admin
of another project; a key of the admin's that is narrowed to another project.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.builders import Person, make_dashboard, make_key, make_project
from tests.client import Api
from users.services import add_member

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CALLERS = ("nobody", "no scope", "reader", "member", "admin", "outsider", "narrowed")

# Answers of one method for the callers in that order.
Row = tuple[int, int, int, int, int, int, int]
READ: Row = (401, 403, 200, 200, 200, 403, 403)
CREATE: Row = (401, 403, 403, 201, 201, 403, 403)
WRITE: Row = (401, 403, 403, 200, 200, 403, 403)
NO_SUCH_METHOD: Row = (401, 403, 403, 405, 405, 403, 403)
CALLER_READ: Row = (401, 403, 200, 200, 200, 200, 200)

TABLE: dict[str, dict[str, Row]] = {
    "api/users/@me/": {"GET": CALLER_READ, **dict.fromkeys(METHODS[1:], (401, 403, 403, 405, 405, 405, 405))},
    "api/projects/": {
        "GET": (401, 403, 200, 200, 200, 200, 403),
        **dict.fromkeys(METHODS[1:], (401, 403, 403, 405, 405, 405, 403)),
    },
    "api/projects/<project_id>/": {"GET": READ, **dict.fromkeys(METHODS[1:], NO_SUCH_METHOD)},
    "api/projects/<project_id>/dashboards/": {
        "GET": READ,
        "POST": CREATE,
        **dict.fromkeys(("PUT", "PATCH", "DELETE"), NO_SUCH_METHOD),
    },
    "api/projects/<project_id>/dashboards/<id>/": {
        "GET": READ,
        "PUT": WRITE,
        "PATCH": WRITE,
        "POST": NO_SUCH_METHOD,
        "DELETE": NO_SUCH_METHOD,
    },
    "api/projects/<project_id>/dashboards/<dashboard_id>/sharing/": {
        "GET": READ,
        **dict.fromkeys(METHODS[1:], NO_SUCH_METHOD),
    },
}
# Everyone may read the document and ask whether the service is well.
PUBLIC = {"healthz", "readyz", "api/schema/", "api/schema/swagger-ui/"}


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Every route of the service, `<str:id>` written as `<id>`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern).replace("<str:", "<")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


def test_the_table_names_every_route() -> None:
    aliased = {route.replace("api/projects/<", "api/environments/<") for route in TABLE}
    assert set(routes()) == set(TABLE) | {route for route in aliased if route not in TABLE} | PUBLIC
    assert all(set(rows) == set(METHODS) for rows in TABLE.values())


@pytest.fixture
def callers(alice: Person, bob: Person, carol: Person) -> dict[str, str | None]:
    elsewhere = make_project("Elsewhere")
    add_member(elsewhere, user=alice.user)
    readable = ("dashboard:read", "sharing_configuration:read", "project:read", "user:read")
    return {
        "nobody": None,
        "no scope": make_key(alice.user, "annotation:read"),
        "reader": make_key(alice.user, *readable),
        "member": bob.key,
        "admin": alice.key,
        "outsider": carol.key,
        "narrowed": make_key(alice.user, project_ids=[elsewhere.pk]),
    }


CELLS = [(route, method) for route in TABLE for method in METHODS]


@pytest.mark.parametrize("prefix", ["projects", "environments"])
@pytest.mark.parametrize(("route", "method"), CELLS, ids=[f"{method} {route}" for route, method in CELLS])
def test_every_caller_gets_the_answer_of_the_table(
    alice: Person, callers: dict[str, str | None], route: str, method: str, prefix: str
) -> None:
    if prefix == "environments" and "<project_id>" not in route:
        return
    dashboard = make_dashboard(alice)
    path = "/" + route.replace("<project_id>", str(dashboard.project_id)).replace("api/projects/", f"api/{prefix}/")
    path = path.replace("<id>", str(dashboard.pk)).replace("<dashboard_id>", str(dashboard.pk))
    body: dict[str, Any] | None = None if method in ("GET", "DELETE") else {}
    answers = {caller: Api(key, dashboard.project_id).call(method, path, body) for caller, key in callers.items()}
    assert {caller: answer.status for caller, answer in answers.items()} == dict(
        zip(CALLERS, TABLE[route][method], strict=True)
    )


@pytest.mark.parametrize(("route", "method"), CELLS, ids=[f"{method} {route}" for route, method in CELLS])
def test_scopes_are_named_in_the_refusal(
    alice: Person, callers: dict[str, str | None], route: str, method: str
) -> None:
    path = "/" + route.replace("<project_id>", str(alice.membership.project_id)).replace("<id>", "1")
    path = path.replace("<dashboard_id>", "1")
    answer = Api(callers["no scope"], 0).call(method, path, None if method in ("GET", "DELETE") else {})
    object_ = "sharing_configuration" if "sharing" in route else "dashboard" if "dashboards" in route else "project"
    object_ = "user" if "users" in route else object_
    action = "read" if method == "GET" else "write"
    assert answer.json["detail"] == f"API key missing required scope '{object_}:{action}'"


@pytest.mark.parametrize("route", TABLE)
def test_options_needs_the_read_scope_and_head_answers_like_get(
    alice: Person, callers: dict[str, str | None], route: str
) -> None:
    dashboard = make_dashboard(alice)
    path = "/" + route.replace("<project_id>", str(dashboard.project_id)).replace("<id>", str(dashboard.pk))
    path = path.replace("<dashboard_id>", str(dashboard.pk))
    for method in ("OPTIONS", "HEAD"):
        assert Api(callers["reader"], 0).call(method, path).status == 200
        assert Api(callers["no scope"], 0).call(method, path).status == 403
        assert Api(None, 0).call(method, path).status == 401


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "FOO"])
def test_odd_verbs_are_405(alice: Person, method: str) -> None:
    answer = alice.api.call(method, "dashboards/")
    assert answer.error == (405, "invalid_request", "method_not_allowed", None)


def test_a_405_names_the_method_and_those_allowed(alice: Person) -> None:
    answer = alice.api.put("dashboards/")
    assert answer.json["detail"] == 'Method "PUT" not allowed.'
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.urls("tests.api.urls_with_faults")
def test_an_action_that_declares_no_scope_is_refused(alice: Person) -> None:
    answer = alice.api.get("/api/undeclared/")
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert answer.json["detail"] == "This action does not support personal API key access"
