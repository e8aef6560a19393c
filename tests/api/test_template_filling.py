"""Templates are filled before the transaction of their request. `fill_template` fails inside a transaction."""

from typing import Any

import pytest
from django.db import transaction

from dashboards.changelog.tracking import write_transaction
from dashboards.models import Dashboard, DashboardTemplate
from dashboards.services.dashboards import create_dashboard
from dashboards.services.templates import check_template_changes, update_template
from dashboards.template_documents.placeholders import fill_template
from dashboards_api.errors import Conflict
from tests.builders import Person, make_template

DOCUMENT: dict[str, Any] = {
    "template_name": "Mine",
    "dashboard_description": "",
    "dashboard_filters": {},
    "tags": [],
    "tiles": [{"type": "TEXT", "body": "{GREETING}"}],
    "variables": [
        {"id": "GREETING", "name": "g", "description": "", "type": "event", "default": "hello", "required": True}
    ],
}
BAD: dict[str, Any] = {**DOCUMENT, "tiles": [{"type": "TEXT", "body": "{NOTHING}"}]}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("dashboards/", {"use_template": "DEFAULT_APP"}, 201),
        ("dashboards/create_from_template_json/", {"template": DOCUMENT}, 200),
        ("dashboard_templates/", DOCUMENT, 201),
        ("dashboards/", {"use_template": "NO_SUCH"}, 400),
        ("dashboards/create_from_template_json/", {"template": BAD}, 400),
        ("dashboard_templates/", BAD, 400),
    ],
)
def test_template_is_filled_before_the_transaction_with_an_idempotency_key(
    alice: Person, path: str, body: dict[str, Any], status: int
) -> None:
    answers = [alice.api.post(path, body, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [status] * 2
    assert answers[1].json == answers[0].json
    assert answers[1].headers.get("Idempotency-Replayed") == "true"
    assert Dashboard.objects.count() + DashboardTemplate.objects.count() == (status < 400)


@pytest.mark.django_db(transaction=True)
def test_filling_a_template_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="must not run inside a transaction"):
        fill_template(DOCUMENT)
    assert fill_template(DOCUMENT)["tiles"][0]["body"] == "hello"


def test_creating_a_dashboard_requires_a_filled_template(alice: Person) -> None:
    with pytest.raises(ValueError, match="filled first"), write_transaction(alice.membership) as changes:
        create_dashboard(changes, alice.membership.project, content={"use_template": "X"})
    assert Dashboard.objects.count() == 0


def test_template_changed_after_its_check_is_a_conflict(alice: Person) -> None:
    project, caller = alice.membership.project, alice.membership
    template = make_template(project, "Weekly")
    checked = check_template_changes(template.pk, project=project, changes={"tags": ["a"]}, updated_by=caller)
    DashboardTemplate.objects.update(tiles=[])
    with pytest.raises(Conflict):
        update_template(template.pk, project=project, checked=checked, updated_by=caller)
    template.refresh_from_db()
    assert (template.tags, template.tiles) == ([], [])
