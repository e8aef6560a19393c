"""Golden cases: their files, and the datasets of each folder. The format is in tests/golden/README.md."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest
import yaml

from queries.runners.compiled import Rows
from queries.runners.context import QueryContext
from tests.queries.hogql.store import EVENT_COLUMNS, MOMENT, Store
from tests.queries.runners.helpers import compute, run

OWN_FOLDER = Path(__file__).parents[1] / "golden"
FOLDER_VARIABLE = "GOLDEN_DIR"
DATASETS = "datasets.yaml"
NO_DATASET = "none"
FIRST_PROJECT = 1_000

Dataset = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A query of a small dataset, and its expected result."""

    id: str
    query: dict[str, Any]
    expect: dict[str, Any]
    context: QueryContext
    dataset: Dataset | None

    @property
    def kind(self) -> str:
        return str(self.query["kind"])


def list_folders() -> list[Path]:
    """Return the folder of this repository, and GOLDEN_DIR if set. Raises FileNotFoundError without datasets."""
    further = os.environ.get(FOLDER_VARIABLE)
    folders = [OWN_FOLDER, Path(further)] if further else [OWN_FOLDER]
    for folder in folders:
        if not (folder / DATASETS).is_file():
            raise FileNotFoundError(f"{folder} has no {DATASETS}")
    return folders


def read_cases() -> list[Case]:
    return [case for folder in list_folders() for case in read_folder(folder)]


def read_folder(folder: Path) -> Iterator[Case]:
    datasets = {dataset["name"]: dataset for dataset in read_yaml(folder / DATASETS)["datasets"]}
    for path in sorted(folder.glob("*.yaml")):
        if path.name != DATASETS:
            for case in read_yaml(path)["cases"]:
                dataset = None if case["dataset"] == NO_DATASET else datasets[case["dataset"]]
                yield Case(case["id"], case["query"], case["expect"], read_context(case), dataset)


def read_context(case: dict[str, Any]) -> QueryContext:
    project = case.get("project") or {}
    now = datetime.fromisoformat(case["now"]) if "now" in case else datetime(2030, 1, 1, tzinfo=UTC)
    return QueryContext(
        1, time_zone=project.get("timezone", "UTC"), week_start_day=project.get("week_start_day", 0), now=now
    )


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def insert_dataset(store: Store, project_id: int, dataset: Dataset) -> None:
    """Insert the persons and events of a dataset into an empty project."""
    persons: list[list[Any]] = []
    ids: list[list[Any]] = []
    owners: dict[str, UUID] = {}
    for person in dataset["persons"]:
        person_id = uuid5(UUID(int=project_id), person["name"])
        created_at = person.get("created_at", MOMENT)
        persons.append([project_id, person_id, dump(person.get("properties")), created_at, 1])
        for distinct_id in person.get("distinct_ids", [person["name"]]):
            owners[distinct_id] = person_id
            ids.append([project_id, distinct_id, person_id, 1])
    events = []
    for number, event in enumerate(dataset["events"]):
        columns = [UUID(int=number + 1), event["event"], event["who"], owners[event["who"]], event["at"], event["at"]]
        events.append([project_id, *columns, dump(event.get("props")), ""])
    insert = store.client.insert_rows
    insert("persons", ["project_id", "person_id", "properties", "created_at", "version"], persons)
    insert("person_distinct_ids", ["project_id", "distinct_id", "person_id", "version"], ids)
    insert("events", EVENT_COLUMNS, events)


class GoldenStore:
    """An engine with the datasets of the cases that have run, each in a separate project."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.projects: dict[int, int] = {}

    def run(self, case: Case) -> dict[str, Any]:
        """Return the body of the response to the query of a case."""
        return run(self.store, case.query, self.find_context(case))

    def read_rows(self, case: Case) -> Rows:
        """Return the rows of the statement of a case."""
        return compute(self.store, case.query, self.find_context(case))[1].rows

    def find_context(self, case: Case) -> QueryContext:
        """Return the context of a case in the project of its dataset, which is inserted on first use."""
        assert case.dataset
        key = id(case.dataset)
        if key not in self.projects:
            self.projects[key] = FIRST_PROJECT + len(self.projects)
            insert_dataset(self.store, self.projects[key], case.dataset)
        return replace(case.context, project_id=self.projects[key])


def find_differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Return the differences between a result and its expected part. Fields that are not expected are ignored."""
    match expected:
        case dict():
            if not isinstance(found, dict):
                return [f"{path}: {found!r} is no object"]
            pairs = [(f"{path}.{key}", value, found.get(key, "nothing")) for key, value in expected.items()]
        case list():
            if not isinstance(found, list) or len(found) != len(expected):
                return [f"{path}: {found!r}, not {expected!r}"]
            pairs = [(f"{path}[{i}]", *pair) for i, pair in enumerate(zip(expected, found, strict=True))]
        case int() | float():
            is_equal = isinstance(found, int | float) and found == pytest.approx(expected, abs=1e-6)
            return [] if is_equal else [f"{path}: {found!r}, not {expected!r}"]
        case _:
            return [] if expected == found else [f"{path}: {found!r}, not {expected!r}"]
    return [difference for key, wanted, got in pairs for difference in find_differences(wanted, got, key)]


def dump(properties: dict[str, Any] | None) -> str:
    return orjson.dumps(properties or {}).decode()
