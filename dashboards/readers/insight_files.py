"""Results of insights as files: the result as a table in CSV, or its chart as an image."""

import json
import unicodedata
from typing import Any, NamedTuple, Protocol, cast

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

from dashboards.exceptions import NothingToExport, ResultMissing, ResultQueued
from queries.exceptions import QueryError
from queries.readers.fields import COMPUTED, QUEUED
from queries.refresh import Refresh
from queries.results.csv_files import write_csv
from queries.results.tables import build_table
from users.readers import Row

CSV, SVG, PNG = FORMATS = ("csv", "svg", "png")
MEDIA_TYPES = {CSV: "text/csv; charset=utf-8", SVG: "image/svg+xml", PNG: "image/png"}
NAME_MAX_LENGTH = 100
_FORBIDDEN_IN_NAMES = frozenset('\\/:*?"<>|')
_WAITING = frozenset({Refresh.BLOCKING, Refresh.FORCE_BLOCKING})


class ImageSize(NamedTuple):
    """The size of an image in pixels. Images larger than MAX_SIZE would take seconds to draw."""

    width: int = 1200
    height: int = 630


SIZE_MIN = ImageSize(320, 240)
MAX_SIZE = ImageSize(2400, 1600)


class DrawImage(Protocol):
    """The function that the setting CHART_IMAGES names. It returns None for a result without a chart."""

    def __call__(self, insight: Row, format: str, size: ImageSize) -> bytes | None: ...


class InsightFile(NamedTuple):
    name: str
    media_type: str
    content: bytes


def build_insight_file(insight: Row, format: str, size: ImageSize, refresh: Refresh) -> InsightFile:
    """Return the result of an insight from a reader as a file.

    Raises ResultMissing, ResultQueued, NothingToExport, and the QueryError of a result that could not be computed.
    """
    _check_result(insight, must_be_current=refresh in _WAITING)
    content = _write_table(insight) if format == CSV else _draw(insight, format, size)
    return InsightFile(f"{build_file_name(insight)}.{format}", MEDIA_TYPES[format], content)


def build_file_name(insight: Row) -> str:
    """Return a file name for an insight, without control characters and special characters of paths."""
    name = insight["name"] or insight["derived_name"] or ""
    plain = "".join("-" if character in _FORBIDDEN_IN_NAMES else character for character in name)
    printable = "".join(character for character in plain if not unicodedata.category(character).startswith("C"))
    return " ".join(printable.split())[:NAME_MAX_LENGTH].strip(" .") or "insight"


def _check_result(insight: Row, *, must_be_current: bool) -> None:
    """Raise an error if there is no result, or if `must_be_current` is true and there is only an older result."""
    state, status = insight["result_state"], insight["query_status"]
    if insight["result"] is not None and (state == COMPUTED or not must_be_current):
        return
    if status and status["error"]:
        raise QueryError(status["error_message"], code=status["error_code"])
    if state == QUEUED:
        raise ResultQueued
    raise ResultMissing if insight["filters_hash"] else NothingToExport("This insight has no query.")


def _write_table(insight: Row) -> bytes:
    results = json.loads(orjson.dumps(insight["result"]))
    table = build_table(results, insight["columns"])
    if results and not table.columns:
        raise NothingToExport("This result cannot be written as a table. Read it as JSON.")
    return write_csv(table) if table.columns else b""


def _draw(insight: Row, format: str, size: ImageSize) -> bytes:
    draw = cast(DrawImage, import_string(settings.CHART_IMAGES))
    image: Any = draw(insight, format, size)
    if image is None:
        raise NothingToExport("This result cannot be drawn as a chart. Export it as CSV.")
    return bytes(image)
