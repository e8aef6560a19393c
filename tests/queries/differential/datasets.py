"""Random datasets: a few persons and their events around a DST transition, and date ranges of queries."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from queries.runners.context import QueryContext
from tests.queries.hogql.store import EVENT_COLUMNS, MOMENT, Store

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
EVENT_NAMES = ("view", "buy", "leave")
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
# Values of properties. Some strings look like numbers. Null, empty and absent values are equal in breakdowns.
VALUES = ("a", "b", "a", "b", "", None, 1, 2.5, "2.5", '"x"', True, "ß")
AMOUNTS = (1, 2, 3.5, -4, "5", "x", None, 0)
FULL_FACTOR = 5
_FIRST_PROJECT = 500_000
_projects = iter(range(_FIRST_PROJECT, 10 * _FIRST_PROJECT))


@dataclass(frozen=True)
class Person:
    """A person. `created_at` is None if the store has no row of the person. Such a person has no properties."""

    id: UUID
    created_at: datetime | None
    properties: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Event:
    """An event. `sender_id` is the person sent by the client, and `person` is the current owner of the distinct id."""

    uuid: UUID
    name: str
    distinct_id: str
    sender_id: UUID
    person: Person
    time: datetime
    properties: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Span:
    """A date range as JSON, with its start and its end in the time zone of the dataset."""

    json: dict[str, Any]
    first: datetime
    last: datetime


@dataclass
class Dataset:
    """The persons and events of one project, without duplicate events."""

    zone: ZoneInfo
    week_start_day: int
    change: datetime
    now: datetime
    persons: list[Person]
    owners: dict[str, Person]
    events: list[Event]

    def build_context(self, project_id: int) -> QueryContext:
        return QueryContext(project_id, time_zone=self.zone.key, week_start_day=self.week_start_day, now=self.now)


@cache
def find_clock_changes(zone: str, year: int) -> tuple[datetime, ...]:
    """Return the times of the DST transitions in a year, to the hour."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    hours = [start + number * HOUR for number in range(366 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return tuple(hour for hour, new, old in zip(hours[1:], offsets[1:], offsets, strict=False) if new != old)


def make_dataset(random: Random) -> Dataset:
    """Return a dataset of 2 to 7 persons with up to 120 events within twelve days of a DST transition."""
    zone = ZoneInfo(random.choice(ZONES))
    change = random.choice(find_clock_changes(zone.key, 2025) or (datetime(2025, 2, 27, tzinfo=UTC),))
    now = change + random.randrange(-5 * 24, 12 * 24) * HOUR + timedelta(minutes=random.choice((0, 17)))
    persons = [_make_person(random, change) for _ in range(random.randint(2, 7))]
    owners = {f"d{number}": random.choice(persons) for number in range(random.randint(2, 10))}
    dataset = Dataset(zone, random.randrange(2), change, now, persons, owners, [])
    dataset.events = [_make_event(random, dataset) for _ in range(random.randint(1, 120))]
    return dataset


def _make_person(random: Random, change: datetime) -> Person:
    created_at = _choose_time(random, change, ZoneInfo("UTC")) if random.random() < 0.7 else None
    properties = {"plan": random.choice(VALUES)} if created_at and random.random() < 0.8 else {}
    return Person(UUID(int=random.getrandbits(128)), created_at, properties)


def _make_event(random: Random, dataset: Dataset) -> Event:
    """Return an event with a mapped distinct id, or with an unmapped distinct id, which belongs to the sender."""
    uuid, sender = UUID(int=random.getrandbits(128)), random.choice(dataset.persons)
    distinct_id = random.choice(list(dataset.owners))
    if random.random() < 0.2:
        distinct_id = f"unknown-{dataset.persons.index(sender)}"
    person = dataset.owners.get(distinct_id, sender)
    moment = _choose_time(random, dataset.change, dataset.zone)
    if dataset.events and random.random() < 0.1:
        moment = random.choice(dataset.events).time
    properties = {}
    for name, values in (("plan", VALUES), ("amount", AMOUNTS)):
        if random.random() < 0.8:
            properties[name] = random.choice(values)
    return Event(uuid, random.choice(EVENT_NAMES), distinct_id, sender.id, person, moment, properties)


def _choose_time(random: Random, change: datetime, zone: ZoneInfo) -> datetime:
    """Return a time near the change, often at the very start or end of an hour or of a day."""
    moment = change + random.choice((3, 24, 24 * 12)) * random.uniform(-1, 1) * HOUR
    local = moment.astimezone(zone)
    match random.randrange(5):
        case 0:
            local = local.replace(minute=0, second=0, microsecond=0)
        case 1:
            local = datetime.combine(local.date(), time.min, zone)
        case 2:
            local = (datetime.combine(local.date(), time.min, zone).astimezone(UTC) - TICK).astimezone(zone)
    return local.astimezone(UTC)


def insert_dataset(store: Store, dataset: Dataset, random: Random) -> int:
    """Insert a dataset into a new project, and return the project's id. Some rows are inserted twice."""
    project_id = next(_projects)
    persons = [
        [project_id, person.id, dump(person.properties), person.created_at, 1]
        for person in dataset.persons
        if person.created_at
    ]
    ids = [[project_id, distinct_id, person.id, 2] for distinct_id, person in dataset.owners.items()]
    ids += [[project_id, distinct_id, random.choice(dataset.persons).id, 1] for distinct_id in list(dataset.owners)[:2]]
    events = [_build_row(project_id, event) for event in dataset.events]
    insert = store.client.insert_rows
    if persons:
        insert("persons", ["project_id", "person_id", "properties", "created_at", "version"], persons)
    insert("person_distinct_ids", ["project_id", "distinct_id", "person_id", "version"], ids)
    insert("events", EVENT_COLUMNS, events)
    if repeated := [row for row in events if random.random() < 0.05]:
        insert("events", EVENT_COLUMNS, repeated)
    return project_id


def _build_row(project_id: int, event: Event) -> list[Any]:
    columns = [event.uuid, event.name, event.distinct_id, event.sender_id, event.time, MOMENT]
    return [project_id, *columns, dump(event.properties), ""]


def dump(properties: dict[str, Any]) -> str:
    return orjson.dumps(properties).decode()


def make_span(random: Random, dataset: Dataset, interval: str) -> Span:
    """Return a date range around the DST transition, given by dates, by times, or by a number of days before now."""
    if interval in ("second", "minute", "hour") and random.random() < 0.5:
        return _make_short_span(random, dataset)
    if random.random() < 0.3:
        return _make_relative_span(random, dataset, interval)
    days = 40 if interval == "month" else 12
    first = dataset.change.astimezone(dataset.zone).date() - random.randrange(days) * DAY
    last = first + random.randrange(4 if interval in ("minute", "hour") else 2 * days) * DAY
    return build_dates(first, last, dataset.zone)


def build_dates(first: date, last: date, zone: ZoneInfo) -> Span:
    """Return the range between two dates, both included."""
    json = {"date_from": first.isoformat(), "date_to": last.isoformat()}
    return Span(json, datetime.combine(first, time.min, zone), find_end_of_day(last, zone))


def find_end_of_day(day: date, zone: ZoneInfo) -> datetime:
    return (datetime.combine(day + DAY, time.min, zone).astimezone(UTC) - TICK).astimezone(zone)


def _make_short_span(random: Random, dataset: Dataset) -> Span:
    first = dataset.change + random.randrange(-6, 3) * HOUR + timedelta(minutes=random.choice((0, 20)))
    last = first + random.randrange(1, 10) * HOUR + timedelta(minutes=random.choice((0, 45)))
    json = {"date_from": first.isoformat(), "date_to": last.isoformat()}
    return Span(json, first.astimezone(dataset.zone), last.astimezone(dataset.zone))


def _make_relative_span(random: Random, dataset: Dataset, interval: str) -> Span:
    """Return the range that begins some days ago, and ends at the end of the current day, hour or minute."""
    days = random.randint(1, 3 if interval in ("minute", "hour") else 15)
    today = dataset.now.astimezone(dataset.zone)
    first = datetime.combine(today.date() - days * DAY, time.min, dataset.zone)
    last = find_end_of_day(today.date(), dataset.zone)
    if interval in ("hour", "minute"):
        minute = 0 if interval == "hour" else today.minute
        start = today.replace(minute=minute, second=0, microsecond=0)
        length = HOUR if interval == "hour" else timedelta(minutes=1)
        last = (start.astimezone(UTC) + length - TICK).astimezone(dataset.zone)
    return Span({"date_from": f"-{days}d"}, first, last)


def read_seed() -> int:
    """Return the seed from the environment, or a new seed."""
    return int(os.environ.get("SEED") or Random().getrandbits(32))


def count_queries(usual: int) -> int:
    """Return the number of queries of a test."""
    if count := os.environ.get("DIFFERENTIAL_COUNT"):
        return int(count)
    return usual * FULL_FACTOR if os.environ.get("CHECK_FULL") == "1" else usual


def make_datasets(store: Store, random: Random, count: int, queries: int = 5) -> Iterator[tuple[Dataset, int]]:
    """Yield a dataset and its project for each of `count` queries. Some queries share a dataset."""
    for number in range(count):
        if number % queries == 0:
            dataset = make_dataset(random)
            project_id = insert_dataset(store, dataset, random)
        yield dataset, project_id
