"""The size of a shared page with 20 charts of three series, after compression."""

import gzip
import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard
from events.models import Store
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard, make_insight
from tests.pages.browsing import visit
from tests.pages.computing import complete

CHARTS, SERIES = 20, 3


def build_trend(seed: int) -> dict[str, Any]:
    """Return a trend of one event, so that each chart has its own query."""
    node = {"kind": "EventsNode", "event": f"event {seed}"}
    return {"kind": "InsightVizNode", "source": {"kind": "TrendsQuery", "series": [node]}}


def build_series(random_numbers: random.Random, label: str, count: int) -> dict[str, Any]:
    """Return counts that are lower at weekends and differ by some percent from day to day."""
    days = [date(2026, 9, 1) + timedelta(days=number) for number in range(count)]
    level = random_numbers.randint(200, 5000)
    data = [round(level * (0.6 if day.weekday() > 4 else 1) * random_numbers.gauss(1, 0.08)) for day in days]
    texts = [day.isoformat() for day in days]
    return {"label": label, "data": data, "labels": texts, "days": texts, "count": sum(data)}


@pytest.mark.parametrize(
    ("display", "days", "bytes_max"),
    [
        ("ActionsLineGraph", 30, 31_000),
        ("ActionsAreaGraph", 30, 32_000),
        ("ActionsBar", 30, 34_000),
        ("ActionsLineGraph", 90, 43_000),
        ("ActionsAreaGraph", 90, 59_000),
        ("ActionsBar", 90, 62_000),
    ],
)
def test_page_of_20_charts_is_small(alice: Person, display: str, days: int, bytes_max: int) -> None:
    Store.objects.update_or_create(pk=1, defaults={"is_confirmed": True})
    board: Dashboard = make_dashboard(alice, "Quarter")
    for number in range(CHARTS):
        query = build_trend(number)
        query["source"]["trendsFilter"] = {"display": display}
        make_insight(alice, board, name=f"Chart {number}", query=query)
    path = f"/shared/{share(alice, board)}"
    visit(path)
    random_numbers = random.Random(1)  # noqa: S311  the same numbers in each run
    for _ in range(CHARTS):
        series = [build_series(random_numbers, label, days) for label in ("Visits", "Sign-ups", "Orders")]
        complete(series, details={})
    response = Client().get(path, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    page = gzip.decompress(response.content).decode()
    assert page.count('<table class="tips') == CHARTS
    assert page.count('<td class="grid__number c1">') == CHARTS * 2 * days  # in the data, and at the pointer
    assert len(response.content) < bytes_max
