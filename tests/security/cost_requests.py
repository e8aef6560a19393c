"""The most expensive known request of each operation, or else a request with the largest documented body."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.security.accounts import get_email
from tests.security.cost_bodies import build_largest_body
from tests.security.cost_custom_requests import ExpensiveRequest, iter_reads, iter_writes
from tests.security.cost_fixtures import CostFixtures

ALIAS = "/api/environments/"
TIMES = 5
WRONG = "wrong password"
# Hashing a password is slow on purpose.
MAX_HASHING_SECONDS = 0.6
# The shared page of a full dashboard. The shared pages of most dashboards are small.
MAX_FULL_PAGE_SECONDS = 1.0


def iter_expensive_requests(fixtures: CostFixtures, document: dict[str, Any]) -> Iterator[ExpensiveRequest]:
    """Yield the custom requests of each documented operation, or else a request with the largest body."""
    by_hand = [*iter_reads(fixtures), *iter_writes(fixtures)]
    known = {each.operation for each in by_hand}
    yield from by_hand
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path.removeprefix('/api/')}"
            if method in ("get", "post", "put", "patch", "delete") and name not in known and not path.startswith(ALIAS):
                yield _largest(fixtures, document, name, path, operation)


def _largest(
    fixtures: CostFixtures, document: dict[str, Any], name: str, path: str, operation: Any
) -> ExpensiveRequest:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    components = document["components"]["schemas"]
    known = {"id": 1, "scopes": ["*"], "deleted": False}
    body = build_largest_body(content["schema"], components, known) if content else b""
    client = fixtures.browser if path.startswith("/api/personal_api_keys/") else fixtures.owner
    client = fixtures.target.session("bob") if path == "/api/logout/" else client
    address = re.sub(r"\{(\w+)\}", lambda found: str(_id(fixtures, path, found[1])), path)
    return ExpensiveRequest(
        name, "the largest body" if body else "without a body", client, address, body, is_taken=False
    )


def _id(fixtures: CostFixtures, path: str, name: str) -> Any:
    if name == "project_id":
        return fixtures.target.projects["Home"]
    if name == "id" and "/personal_api_keys/" in path:
        return fixtures.target.key_ids["read-only"]
    if name == "id" and "/insights/" in path:
        return fixtures.insights[0]
    if name == "id" and "/dashboard_templates/" in path:
        return fixtures.template_id
    if name == "organization_id":
        return fixtures.organization
    return {"id": fixtures.full, "dashboard_id": fixtures.full, "version": 1}.get(name, 1)


def iter_anonymous_requests(fixtures: CostFixtures) -> Iterator[ExpensiveRequest]:
    """Yield requests without a key. Hashing a password and the page of a full dashboard have separate limits."""
    large, brackets = _json(password=["[" * 50] * 1000), b"[" + b"[]," * 20_000 + b"[]]"
    page = partial(ExpensiveRequest, client=fixtures.nobody, times=TIMES, is_taken=False)
    hashed = partial(ExpensiveRequest, client=fixtures.nobody, is_taken=False, seconds_max=MAX_HASHING_SECONDS)
    full = partial(ExpensiveRequest, client=fixtures.nobody, seconds_max=MAX_FULL_PAGE_SECONDS)
    shared, locked = f"/shared/{fixtures.token}", f"/shared/{fixtures.locked}"
    wrong = _json(email=get_email("bob"), password=WRONG)
    yield hashed("POST login/", "a wrong password", path="/api/login/", body=wrong)
    yield page("POST login/", "60 kB of brackets", path="/api/login/", body=brackets)
    yield page("POST login/", "60 kB of text", path="/api/login/", body=large)
    yield full("GET /shared", "a full page", path=shared)
    yield full("GET /shared", "a full page as JSON", path=f"{shared}.json")
    yield page("GET /shared", "no such link", path=f"/shared/{'A' * 32}")
    yield page("GET /shared", "a locked link", path=locked)
    yield hashed("POST /shared", "a wrong password", path=locked, body=_json(password=WRONG))
    yield page("POST /shared", "60 kB of brackets", path=locked, body=brackets)
    yield page("GET /setup", "no such link", path="/setup/1-abcdef-0123456789abcdef0123456789abcdef")
    yield page("GET /login", "without a body", path="/login")
    yield page("GET /healthz", "without a body", path="/healthz")


def _json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()
