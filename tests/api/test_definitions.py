"""GET …/event_definitions/ and …/property_definitions/."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import EventDefinition, PropertyDefinition, PropertyOwner
from tests.builders import Person
from users.models import Project

MOMENT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
ABSENT: dict[str, Any] = {
    "description": None,
    "tags": [],
    "updated_by": None,
    "verified": False,
    "verified_at": None,
    "verified_by": None,
    "hidden": False,
}


def make_events(project: Project, *names: str) -> None:
    for name in names:
        EventDefinition.objects.create(project=project, name=name, created_at=MOMENT, last_seen_at=MOMENT)


def make_property(project: Project, name: str, kind: str = "String", owner: str = PropertyOwner.EVENT) -> None:
    PropertyDefinition.objects.create(
        project=project, owner=owner, name=name, property_type=kind, created_at=MOMENT, last_seen_at=MOMENT
    )


def names(page: dict[str, Any]) -> list[str]:
    return [row["name"] for row in page["results"]]


def test_events_of_the_project_are_listed(alice: Person, home: Project, away: Project) -> None:
    make_events(home, "signed up")
    make_events(away, "foreign")
    page = alice.api.get("event_definitions/").json
    row = EventDefinition.objects.get(project=home)
    assert page["results"] == [
        {
            "id": str(row.pk),
            "name": "signed up",
            "owner": None,
            "created_at": "2026-11-01T09:30:00Z",
            "created_by": None,
            "updated_at": "2026-11-01T09:30:00Z",
            "last_updated_at": "2026-11-01T09:30:00Z",
            "last_seen_at": "2026-11-01T09:30:00Z",
            "is_action": False,
            "post_to_slack": False,
            **ABSENT,
        }
    ]


def test_properties_of_events_and_of_persons_are_listed(alice: Person, home: Project, away: Project) -> None:
    make_property(home, "amount", "Numeric")
    make_property(home, "email", owner=PropertyOwner.PERSON)
    make_property(away, "foreign")
    page = alice.api.get("property_definitions/").json
    assert page["results"] == [
        {
            "id": str(PropertyDefinition.objects.get(name="amount").pk),
            "name": "amount",
            "property_type": "Numeric",
            "is_numerical": True,
            "is_seen_on_filtered_events": None,
            "updated_at": "2026-11-01T09:30:00Z",
            **ABSENT,
        }
    ]
    assert names(alice.api.get("property_definitions/", type="event").json) == ["amount"]
    [email] = alice.api.get("property_definitions/", type="person").json["results"]
    assert (email["name"], email["property_type"], email["is_numerical"]) == ("email", "String", False)


@pytest.mark.parametrize("path", ["event_definitions/", "property_definitions/"])
def test_pages_are_in_the_order_of_names(alice: Person, home: Project, path: str) -> None:
    for name in ("b", "$a", "ä", "B", "a"):
        make_events(home, name)
        make_property(home, name)
    assert names(alice.api.get(path).json) == ["$a", "B", "a", "b", "ä"]
    page = alice.api.get(path, limit=2, offset=2).json
    assert (page["count"], names(page)) == (5, ["a", "b"])
    assert "offset=4" in page["next"]
    assert "limit=2" in page["previous"]
    assert names(alice.api.get(path, offset=9).json) == []


@pytest.mark.parametrize("path", ["event_definitions/", "property_definitions/"])
@pytest.mark.parametrize(
    ("text", "found"), [("PAGE", ["$pageview", "page left"]), ("ä", ["Ärger"]), ("%", []), ("", 3)]
)
def test_search_finds_text_in_any_case(alice: Person, home: Project, path: str, text: str, found: Any) -> None:
    for name in ("$pageview", "page left", "Ärger"):
        make_events(home, name)
        make_property(home, name)
    page = alice.api.get(path, search=text).json
    assert (names(page) if isinstance(found, list) else page["count"]) == found


def test_bad_parameters_are_refused(alice: Person) -> None:
    answer = alice.api.get("property_definitions/", type="group")
    assert answer.error == (400, "validation_error", "invalid_choice", "type")
    answer = alice.api.get("event_definitions/", search="x" * 10_000)
    assert answer.error == (400, "validation_error", "max_length", "search")


def test_number_of_statements_does_not_grow(alice: Person, home: Project) -> None:
    counts = []
    alice.api.get("property_definitions/")  # the first request also records that the key is used
    for number in range(0, 30, 15):
        for each in range(number, number + 15):
            make_property(home, f"p{each}")
        with CaptureQueriesContext(connection) as captured:
            assert len(alice.api.get("property_definitions/").json["results"]) == number + 15
        counts.append(len(captured))
    assert counts[0] == counts[1]
