"""Persons of a project without imported persons: each event belongs to the person with which it was sent."""

import pytest

from tests.queries.hogql.documented import FURTHER, TYPICAL, list_queries
from tests.queries.hogql.helpers import print_text, read
from tests.queries.hogql.store import BEN, EVENT_COLUMNS, EVENTS, Store, build_event
from tests.queries.hogql.test_documented import VALUES

ALONE = 3
OF_PERSONS = [text for text in [*list_queries(TYPICAL), *list_queries(FURTHER)] if "person" in text]


@pytest.fixture(scope="module")
def alone(store: Store) -> Store:
    """Return a store with a project that has events, some with properties of their person, and no persons."""
    rows = [build_event(ALONE, "", number) for number in range(len(EVENTS))]
    for row in rows[:3]:
        row[-1] = '{"email": "ann@example.com", "plan": "pro"}'
    store.client.insert_rows("events", EVENT_COLUMNS, rows)
    return store


def has_none() -> bool:
    return False


@pytest.mark.parametrize("text", OF_PERSONS)
def test_results_without_persons_are_those_of_a_join_with_nothing(alone: Store, text: str) -> None:
    joined = read(alone, text, VALUES, project_id=ALONE)
    assert sorted(read(alone, text, VALUES, project_id=ALONE, has_persons=has_none), key=str) == sorted(joined, key=str)


def test_event_belongs_to_the_person_that_it_was_sent_with(alone: Store) -> None:
    text = (
        "select person_id, person.properties.email, count() from events where distinct_id = 'ann-phone' group by 1, 2"
    )
    assert read(alone, text, project_id=ALONE, has_persons=has_none) == [[str(BEN), None, 1]]


def test_nothing_is_joined_without_persons() -> None:
    for column in ("person_id", "person.properties.email", "person.id"):
        assert "JOIN" in print_text(f"select {column} from events").sql
        assert "JOIN" not in print_text(f"select {column} from events", has_persons=has_none).sql


def test_persons_are_asked_for_only_by_queries_that_use_them() -> None:
    asked = []

    def has_persons() -> bool:
        asked.append(True)
        return True

    print_text("select count(), properties.$browser from events group by 2", has_persons=has_persons)
    assert asked == []
    print_text("select uniq(person_id) from events", has_persons=has_persons)
    assert asked == [True]
