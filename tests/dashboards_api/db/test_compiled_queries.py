"""Compiled queries return the same rows as queries of the ORM."""

import json
import re
from typing import Any

import pytest
from django.db import connection

from dashboards.models import Dashboard, Insight
from dashboards.readers import dashboards, dashboards_list
from dashboards_api.db.compiled_queries import CompiledQuery, IsAnyOf, get_columns, int_param, text_param
from queries.models import QueryResult
from queries.readers import results
from tests.builders import Person, make_dashboard, make_insight

READ = {
    "list": (dashboards_list._FIRST.query, dashboards_list.LIST_COLUMNS),
    "detail": (
        dashboards._DETAIL,
        [*get_columns(dashboards.DashboardRow), *get_columns(dashboards.DetailRow)],
    ),
    "results": (results._RESULTS.query, get_columns(results.StoredResult)),
}


def test_values_equal_those_of_the_models(alice: Person) -> None:
    board = make_dashboard(alice, "Board", tags=["b", "a"], filters={"n": 1.0})
    make_insight(alice, board, name="Visits", tags=["t"])
    query = CompiledQuery(lambda: Dashboard.objects.filter(name=text_param("name"), pk=int_param("id")).values_list())
    [row] = query.rows(name="Board", id=board.pk)
    assert row == Dashboard.objects.values_list().get()
    assert query.rows(name="Other", id=board.pk) == []
    assert [type(value) for value in row] == [type(value) for value in Dashboard.objects.values_list().get()]
    insights = CompiledQuery(lambda: Insight.objects.order_by("pk").values_list())
    make_insight(alice, board, name="More")
    assert insights.rows(limit=1) == list(Insight.objects.order_by("pk").values_list()[:1])


def test_percent_signs_and_placeholders_of_a_statement_are_distinguished(alice: Person) -> None:
    ids = {name: make_dashboard(alice, name).pk for name in ("50% off", "50 off", "$1 %s", "%%")}
    # Django writes `LIKE '%%' || … || '%%'` for a string that a column contains.
    query = CompiledQuery(
        lambda: (
            Dashboard.objects.filter(name__contains=text_param("text"), pk__gte=int_param("id"))
            .order_by("pk")
            .values_list("name")
        )
    )
    first = min(ids.values())
    assert query.rows(text="50", id=first) == [("50% off",), ("50 off",)]
    assert query.rows(text="% o", id=first) == [("50% off",)]
    assert query.rows(text="$1 %s", id=first) == [("$1 %s",)]
    assert query.rows(text="%%", id=first) == [("%%",)]
    assert query.rows(text="50", id=ids["50 off"]) == [("50 off",)]


def test_texts_of_a_list_are_found(alice: Person) -> None:
    names = ["a", "", "q\"uo'te", "é\\u0041", "%s", "null"]
    for name in [*names, "other"]:
        make_dashboard(alice, name)
    query = CompiledQuery(lambda: Dashboard.objects.filter(IsAnyOf("name", "names")).values_list("name"))
    for wanted in (names, names[:1], [], ["missing", "a"]):
        found = {name for (name,) in query.rows(names=json.dumps(wanted))}
        assert found == set(wanted) - {"missing"}


def test_list_of_keys_uses_the_index(alice: Person) -> None:
    """A scan of the results of a project would read all their columns."""
    project = alice.membership.project
    QueryResult.objects.bulk_create(
        QueryResult(project=project, cache_key=f"key {number}", query={}) for number in range(2000)
    )
    compiled = results._RESULTS.query._compile()
    values: dict[str, Any] = {"keys": '["a","b"]', "project": project.pk, "characters_max": 10}
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE queries_queryresult")
        cursor.execute(f"{explain} {compiled.sql}", [values[each.name] for each in compiled.parameters])
        plan = str(cursor.fetchall())
    assert re.search(r"cache_key=\?|one_result_per_key", plan), plan


@pytest.mark.parametrize("name", READ)
def test_columns_are_ordered_by_name(alice: Person, name: str) -> None:
    """Readers rely on the order, and some versions of Django put annotations after columns."""
    prepared, names = READ[name]
    compiler = prepared.build().query.get_compiler(connection=connection)
    compiler.as_sql()
    selected = [alias or expression.target.attname for expression, _, alias in compiler.select or []]
    assert selected == list(names)
