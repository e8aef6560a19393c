"""Limits that hold under concurrent requests."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from dashboards_api.errors import ValidationFailed
from dashboards_api.limits import MAX_PROJECTS
from tests.builders import Person
from tests.concurrency import run_concurrently
from users.models import AttemptCounter, Project, User
from users.rate_limiting.attempts import (
    Attempt,
    AttemptLimit,
    AttemptLimitReached,
    count_attempts,
    record_success,
)
from users.services.api_keys import create_api_key
from users.services.project_settings import ProjectSettings
from users.services.projects import create_organization_project


@pytest.mark.django_db(transaction=True)
def test_concurrent_creations_never_exceed_ten_keys(alice: Person) -> None:
    raised = run_concurrently(*[lambda: create_api_key(alice.user, label="k", scopes=["*"])] * 11)
    assert len(raised) == 2
    assert alice.user.personal_api_keys.count() == 10


@pytest.mark.django_db(transaction=True)
def test_concurrent_creations_never_exceed_the_limit_of_projects(alice: Person) -> None:
    organization = alice.membership.project.organization
    Project.objects.bulk_create(Project(name="p", organization=organization) for _ in range(MAX_PROJECTS - 3))
    settings: ProjectSettings = {"name": "Growth"}
    raised = run_concurrently(*[lambda: create_organization_project(alice.membership, settings)] * 5)
    assert [type(error) for error in raised] == [ValidationFailed] * 3
    assert organization.projects.count() == MAX_PROJECTS


@pytest.mark.django_db(transaction=True)
def test_concurrent_correct_guesses_do_not_fail() -> None:
    limit = AttemptLimit("test", attempts=5, within=timedelta(minutes=1))
    other = AttemptLimit("other", attempts=5, within=timedelta(minutes=1))
    pair, overall = Attempt(limit, "a@example.com", "192.0.2.1"), Attempt(other, "a@example.com")

    def guess() -> None:
        for _ in range(20):
            count_attempts([pair, overall])
            record_success(reset=[pair], refund=[overall])

    assert [repr(error) for error in run_concurrently(*[guess] * 4)] == []


@pytest.mark.django_db(transaction=True)
def test_concurrent_guesses_never_exceed_the_limit() -> None:
    limit = AttemptLimit("test", attempts=5, within=timedelta(minutes=1))
    raised = run_concurrently(*[lambda: count_attempts([Attempt(limit, "a@example.com", "192.0.2.1")])] * 12)
    assert [type(error) for error in raised] == [AttemptLimitReached] * 7
    assert AttemptCounter.objects.get().attempts == 5


@pytest.mark.django_db(transaction=True)
def test_concurrent_commands_create_a_user_once_and_report_the_conflict(capsys: pytest.CaptureFixture[str]) -> None:
    raised = run_concurrently(*[lambda: call_command("create_user", "a@example.com")] * 4)
    assert [type(error) for error in raised] == [CommandError] * 3
    assert User.objects.count() == 1
