"""Empty lists of objects that this service does not have, but that clients of PostHog read."""

import pytest

from tests.builders import Person, make_insight, make_key
from tests.client import Api

SCOPES = {
    "alerts/": "alert:read",
    "annotations/": "annotation:read",
    "subscriptions/": "subscription:read",
    "insights/trending/": "insight:read",
    "dashboards/widget_catalog/": "dashboard:read",
}
PAGE: dict[str, object] = {"count": 0, "next": None, "previous": None, "results": []}


@pytest.mark.parametrize(("path", "scope"), SCOPES.items())
@pytest.mark.parametrize("prefix", ["projects", "environments"])
def test_list_is_empty(alice: Person, path: str, scope: str, prefix: str) -> None:
    make_insight(alice)
    api = Api(make_key(alice.user, scope), alice.membership.project_id)
    answer = api.get(f"/api/{prefix}/{alice.membership.project_id}/{path}", limit=100)
    assert (answer.status, answer.json) == (200, PAGE)


@pytest.mark.parametrize("path", SCOPES)
def test_objects_cannot_be_created(alice: Person, path: str) -> None:
    answer = alice.api.post(path, {"name": "a"})
    assert answer.error == (405, "invalid_request", "method_not_allowed", None)
    assert alice.api.get(path).json == PAGE
