"""Share links show no SQL from legacy filters, even from values that a client encoded as JSON twice."""

from typing import Any

import pytest
from django.test import Client

from tests.api.test_shared import share
from tests.builders import Person, make_dashboard, make_insight

ENCODED = {
    "events": '[{"id": "e", "math": "hogql", "math_hogql": "secret_math()"}]',
    "properties": ' [{"type": "hogql", "key": "secret_key"}]',
    "breakdowns": '[{"type": "hogql", "property": "secret_property"}]',
    "new_entity": "[" * 50 + '{"type": "hogql", "key": "secret_deep"}' + "]" * 50,
}


@pytest.mark.parametrize("settings", [{}, {"hideQueries": True}])
def test_sql_in_texts_is_not_shown(alice: Person, settings: dict[str, Any]) -> None:
    dashboard = make_dashboard(alice, filters={"properties": ENCODED["properties"]})
    make_insight(alice, dashboard, query=None, filters={"insight": "TRENDS", **ENCODED, "note": "[not JSON"})
    token = share(alice, dashboard, settings=settings)
    for path in (f"/shared/{token}.json", f"/embedded/{token}.json", f"/shared/{token}"):
        assert "secret" not in Client().get(path).content.decode()
    assert "secret_math" in alice.api.get(f"dashboards/{dashboard.pk}/").text


def test_other_texts_stay(alice: Person) -> None:
    dashboard = make_dashboard(alice)
    filters = {"insight": "TRENDS", "events": '[{"id": "hogql page"}]', "note": "[hogql, not JSON"}
    make_insight(alice, dashboard, query=None, filters=filters)
    token = share(alice, dashboard)
    [tile] = alice.api.get(f"/shared/{token}.json").json["dashboard"]["tiles"]
    assert tile["insight"]["filters"] == {**filters, "events": '[{"id":"hogql page"}]'}
