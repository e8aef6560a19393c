"""GET insights/:id/export/: the result of an insight as a file."""

import struct
from typing import Any
from xml.etree import ElementTree

import pytest

from dashboards.models import Dashboard, Insight
from dashboards.readers.insight_files import FORMATS
from queries.models import QueryResult
from queries.refresh import Freshness
from tests.api.stored_results import count_queued, make_sql_insight, store_failure, store_result, wrap
from tests.builders import Person, make_dashboard, make_insight, make_key
from tests.client import Answer, Api
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
DETAILS = {"columns": ["name", "n"], "types": [["name", "String"], ["n", "UInt64"]]}


def export(person: Person, insight: Any, **query: Any) -> Answer:
    return person.api.get(f"insights/{insight.pk}/export/", **query)


def test_result_is_a_table_in_csv(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice, name="Weekly visits")
    store_result(home, wrap(), [["é,x", 1], ["=1+1", None]], details=DETAILS)
    answer = export(alice, insight)
    assert (answer.status, answer.text) == (200, 'name,n\r\n"é,x",1\r\n\'=1+1,\r\n')
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Weekly visits.csv"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert export(alice, insight, format="csv").text == answer.text
    assert alice.api.get(f"insights/{insight.short_id}/export/").text == answer.text
    path = f"/api/environments/{home.pk}/insights/{insight.pk}/export/"
    assert alice.api.get(path).text == answer.text


def test_series_have_a_row_for_each_interval(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    series = [{"label": "a", "data": [1.5, 2], "days": ["2026-11-01", "2026-11-02"]}]
    store_result(home, wrap(), series, details={})
    assert export(alice, insight).text == "Date,a\r\n2026-11-01,1.5\r\n2026-11-02,2\r\n"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("", 'attachment; filename="insight.csv"'),
        ('a/../b\\c:"d"', 'attachment; filename="a-..-b-c--d-.csv"'),
        ("..", 'attachment; filename="insight.csv"'),
        ("a\r\nSet-Cookie: x=1", 'attachment; filename="aSet-Cookie- x=1.csv"'),
        ("Währung 日\u202e本", "attachment; filename*=utf-8''W%C3%A4hrung%20%E6%97%A5%E6%9C%AC.csv"),
        ("x" * 400, f'attachment; filename="{"x" * 100}.csv"'),
    ],
)
def test_file_has_a_safe_name(alice: Person, home: Project, name: str, header: str) -> None:
    insight = make_sql_insight(alice, name=name)
    store_result(home, wrap())
    assert export(alice, insight).headers["Content-Disposition"] == header


def test_missing_result_is_a_conflict_until_it_is_computed(alice: Person) -> None:
    insight = make_sql_insight(alice)
    assert export(alice, insight).error == (409, "invalid_request", "not_computed", None)
    assert "refresh=blocking" in export(alice, insight).json["detail"]
    assert count_queued() == 0
    assert export(alice, insight, refresh="blocking").error == (409, "invalid_request", "queued", None)
    assert count_queued() == 1


def test_stale_result_is_exported_unless_the_request_waits_for_a_current_one(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_result(home, wrap(), state=Freshness.STALE)
    assert export(alice, insight).text == "a\r\n1\r\n"
    assert export(alice, insight, refresh="async").text == "a\r\n1\r\n"
    assert export(alice, insight, refresh="blocking").error[2] == "queued"


def test_failed_result_is_its_error(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_failure(home, wrap(), "query_timeout", "The query took too long.")
    answer = export(alice, insight)
    assert answer.error == (400, "validation_error", "query_timeout", "query")
    assert answer.json["detail"] == "The query took too long."
    QueryResult.objects.update(error_code="worker_lost")
    assert export(alice, insight).error[:3] == (503, "server_error", "worker_lost")


def test_insight_without_a_table_is_refused(alice: Person, home: Project) -> None:
    nothing = make_insight(alice, query=None)
    assert export(alice, nothing).error == (400, "validation_error", "not_exportable", "format")
    paths = make_sql_insight(alice)
    store_result(home, wrap(), [{"source": "1_/", "target": "2_/a"}], details={})
    assert export(alice, paths).error == (400, "validation_error", "not_exportable", "format")


def test_empty_result_is_an_empty_table(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_result(home, wrap(), [], details=DETAILS)
    assert export(alice, insight).text == "name,n\r\n"


def test_overrides_and_a_dashboard_apply(alice: Person, home: Project) -> None:
    board: Dashboard = make_dashboard(alice, filters={"date_from": "-7d"})
    insight = make_sql_insight(alice, board, sql="select count() from events where {filters}")

    for query in ({"from_dashboard": board.pk}, {"filters_override": '{"date_from": "-30d"}'}):
        assert export(alice, insight, refresh="force_async", **query).error[2] == "queued"
        read = alice.api.get(f"insights/{insight.pk}/", refresh="force_cache", **query)
        assert read.json["result_state"] == "queued"
    assert count_queued() == 2
    assert export(alice, insight, filters_override="[]").status == 400
    assert export(alice, insight, from_dashboard=99).error[3] == "from_dashboard"


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"format": "xlsx"}, "format"),
        ({"from_dashboard": "a"}, "from_dashboard"),
        ({"format": "png", "width": 319}, "width"),
        ({"format": "png", "height": 1601}, "height"),
        ({"width": "a"}, "width"),
    ],
)
def test_invalid_parameter_is_named(alice: Person, query: dict[str, Any], attr: str) -> None:
    answer = export(alice, make_sql_insight(alice), **query)
    assert (answer.status, answer.json["attr"]) == (400, attr)


def test_insight_of_another_project_or_deleted_is_404(alice: Person, carol: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_result(home, wrap())
    assert carol.api.get(f"insights/{insight.pk}/export/").status == 404
    assert alice.api.patch(f"insights/{insight.pk}/", {"deleted": True}).status == 200
    assert export(alice, insight).status == 404
    assert alice.api.get("insights/99999999/export/").status == 404


def test_key_needs_the_scope_of_insights(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_result(home, wrap())
    for scope, status in (("insight:read", 200), ("query:read", 403), ("dashboard:read", 403)):
        api = Api(make_key(alice.user, scope), home.pk)
        assert api.get(f"insights/{insight.pk}/export/").status == status


def test_accept_header_does_not_matter(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_result(home, wrap())
    path = f"insights/{insight.pk}/export/"
    assert alice.api.call("GET", path, headers={"Accept": "text/csv"}).status == 200


SERIES = [{"label": "Visits <&>", "data": [1, 5, 3], "days": ["2026-11-01", "2026-11-02", "2026-11-03"]}]


@pytest.fixture
def chart(alice: Person, home: Project) -> Insight:
    insight = make_insight(alice, name="Visits", query={"kind": "TrendsQuery", "series": [{"event": "visit"}]})
    store_result(home, insight.query, SERIES, details={})
    return insight


def test_chart_is_a_picture_in_svg(alice: Person, chart: Insight) -> None:
    answer = export(alice, chart, format="svg", width=800, height=400)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Visits.svg"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    root = ElementTree.fromstring(answer.text)  # noqa: S314  output of the service
    assert (root.tag, root.get("width"), root.get("height")) == ("{http://www.w3.org/2000/svg}svg", "800", "400")
    assert {each.tag.rpartition("}")[2] for each in root.iter()} & {"script", "style", "image", "use", "a"} == set()


def test_chart_is_a_picture_in_png(alice: Person, chart: Insight) -> None:
    for query, size in (({}, (1200, 630)), ({"width": 400, "height": 300}, (400, 300))):
        answer = export(alice, chart, format="png", **query)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png"), answer.text
        content = answer.response.content
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", content[16:24]) == size


@pytest.mark.parametrize("format", ["svg", "png"])
def test_result_without_a_chart_is_refused(alice: Person, home: Project, format: str) -> None:
    paths = make_sql_insight(alice)
    store_result(home, wrap(), [{"source": "1_/", "target": "2_/a"}], details={})
    assert export(alice, paths, format=format).error == (400, "validation_error", "not_exportable", "format")


def test_missing_result_is_an_error_of_every_format(alice: Person) -> None:
    insight = make_sql_insight(alice)
    for format in FORMATS:
        assert export(alice, insight, format=format).error[2] == "not_computed"
