"""Pruning of unread results, and of query names after a day."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from queries.models import QueryReference, QueryResult, ResultVersion
from queries.services import pruning
from queries.services.api_queries import name_query
from queries.services.pruning import delete_results, limit_stored_results, prune_references, prune_results
from tests.queries.rows import make_result
from users.models import Project


def test_results_that_were_not_read_for_a_month_are_deleted(home: Project, away: Project) -> None:
    moment = now()
    kept = make_result(home, "select 1", read_at=moment - timedelta(days=29))
    waiting = make_result(home, "select 2", read_at=moment - timedelta(days=31), requested_at=moment)
    for number in range(3):
        make_result(home, f"select 1{number}", read_at=moment - timedelta(days=31))
    make_result(away, "select 3")
    assert prune_results(moment) == 3
    assert set(QueryResult.objects.in_project(home).values_list("pk", flat=True)) == {kept.pk, waiting.pk}
    assert QueryResult.objects.in_project(away).count() == 1
    assert list(ResultVersion.objects.values_list("project", "number")) == [(home.pk, 1)]


def test_results_of_a_project_are_limited_in_number(
    home: Project, away: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MAX_STORED", 150)
    moment = now()
    make_result(away, "select 1", read_at=moment - timedelta(days=9))
    waiting = make_result(home, "select 'waits'", read_at=moment - timedelta(days=9), requested_at=moment)
    for number in range(155):
        make_result(home, f"select {number}", read_at=moment - timedelta(minutes=number))
    assert limit_stored_results(home.pk) == 100
    left = QueryResult.objects.in_project(home)
    assert left.count() == 56
    assert left.filter(pk=waiting.pk).exists()
    assert min(left.exclude(pk=waiting.pk).values_list("read_at", flat=True)) == moment - timedelta(minutes=54)
    assert QueryResult.objects.in_project(away).count() == 1
    assert limit_stored_results(home.pk) == 0


def test_results_of_a_project_are_limited_in_size(home: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "MAX_STORED_CHARACTERS", 1000)
    row = make_result(home, "select 1")
    QueryResult.objects.filter(pk=row.pk).update(size=1001)
    assert limit_stored_results(home.pk) == 1
    assert not QueryResult.objects.exists()


def test_results_of_a_project_can_be_deleted(home: Project, away: Project) -> None:
    make_result(home, "select 1", requested_at=now())
    kept = make_result(away, "select 1")
    assert delete_results(home.pk) == 1
    assert list(QueryResult.objects.values_list("pk", flat=True)) == [kept.pk]


def test_names_of_queries_are_deleted_after_a_day(home: Project) -> None:
    row = make_result(home)
    name_query(home, "old", row.pk)
    QueryReference.objects.update(created_at=now() - timedelta(hours=25))
    name_query(home, "new", row.pk)
    assert prune_references(now()) == 1
    assert list(QueryReference.objects.values_list("client_query_id", flat=True)) == ["new"]
    assert QueryResult.objects.count() == 1
