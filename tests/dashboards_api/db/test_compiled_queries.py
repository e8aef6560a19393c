"""Compiled queries return the same rows as queries of the ORM."""

import pytest
from django.db import connection

from dashboards.models import Dashboard, Insight
from dashboards.readers import dashboards, dashboards_list
from dashboards_api.db.compiled_queries import CompiledQuery, get_columns, int_param, text_param
from tests.builders import Person, make_dashboard, make_insight

READ = {
    "list": (dashboards_list._FIRST.query, dashboards_list.LIST_COLUMNS),
    "detail": (
        dashboards._DETAIL,
        [*get_columns(dashboards.DashboardRow), *get_columns(dashboards.DetailRow)],
    ),
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


@pytest.mark.parametrize("name", READ)
def test_columns_are_ordered_by_name(alice: Person, name: str) -> None:
    """Readers rely on the order, and some versions of Django put annotations after columns."""
    prepared, names = READ[name]
    compiler = prepared.build().query.get_compiler(connection=connection)
    compiler.as_sql()
    selected = [alias or expression.target.attname for expression, _, alias in compiler.select or []]
    assert selected == list(names)
