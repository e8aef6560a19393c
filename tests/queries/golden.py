"""Golden cases: their files, and the datasets of each folder. The format is in tests/golden/README.md."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from queries.runners.context import QueryContext

OWN_FOLDER = Path(__file__).parents[1] / "golden"
FOLDER_VARIABLE = "GOLDEN_DIR"
DATASETS = "datasets.yaml"
NO_DATASET = "none"

Dataset = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A query in a small world, and what must come out."""

    id: str
    query: dict[str, Any]
    expect: dict[str, Any]
    context: QueryContext
    dataset: Dataset | None

    @property
    def kind(self) -> str:
        return str(self.query["kind"])


def list_folders() -> list[Path]:
    """Return our own folder, and the one that the environment names. Raises FileNotFoundError if that is none."""
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
