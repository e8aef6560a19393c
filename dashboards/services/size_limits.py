"""Checks of how large a field may be. What is stored already may stay, and may become smaller."""

from collections.abc import Collection
from typing import Any

import orjson

from dashboards.exceptions import TooLarge, TooManyTags
from dashboards_api.db.fields import dump_json
from dashboards_api.limits import DESCRIPTION_MAX_LENGTH, JSON_FIELD_MAX_LENGTH, JSON_TOTAL_MAX_LENGTH, TAGS_MAX

_TEXT_LIMITS = dict.fromkeys(("description", "dashboard_description"), DESCRIPTION_MAX_LENGTH)
_FREE_JSON = (
    "filters",
    "variables",
    "breakdown_colors",
    "layouts",
    "filters_overrides",
    "query",
    "dashboard_filters",
    "dashboard_variables",
)
_JSON_LIMITS = {**dict.fromkeys(_FREE_JSON, JSON_FIELD_MAX_LENGTH), "tiles": JSON_TOTAL_MAX_LENGTH}


def check_size(field: str, before: Any, after: Any) -> None:
    """Raises TooLarge for a value that is larger than its field takes, and than the one before."""
    if (most := _TEXT_LIMITS.get(field)) is not None:
        size = len(after or "")
        if size > max(most, len(before or "")):
            raise TooLarge(field, size=size, most=most)
    elif (most := _JSON_LIMITS.get(field)) is not None:
        # As bytes it is never shorter than as characters, and measured fast.
        if len(orjson.dumps(after)) <= most:
            return
        size = len(dump_json(after))
        if size > max(most, len(dump_json(before))):
            raise TooLarge(field, size=size, most=most, as_json=True)


def check_size_at(path: str, field: str, value: Any) -> None:
    """The same for a new value below this path of a request."""
    try:
        check_size(field, None, value)
    except TooLarge as error:
        raise error.within(path) from error


def check_tags(before: Collection[str], after: Collection[str]) -> None:
    """Raises TooManyTags for more than one object has, and than it had."""
    if len(after) > max(TAGS_MAX, len(before)):
        raise TooManyTags(len(after), TAGS_MAX)
