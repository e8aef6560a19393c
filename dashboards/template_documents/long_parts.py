"""Validation of the long parts of a template document. Validation with jsonschema would take seconds."""

from collections.abc import Iterator
from typing import Any

from dashboards.layout import check_layouts, find_layout_error
from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards_api.errors import ValidationFailed
from dashboards_api.limits import LIST_MAX_LENGTH

LISTS = ("tiles", "tags", "breakdown_colors")
# Maximum number of tags of all tiles together, because a row is written for each tag.
MAX_TILE_TAGS = 5_000


def check_long_parts(document: Any, attr: str, *, is_new: bool) -> None:
    """Raise ValidationFailed for the first invalid list, tag or layout, at its path below `attr`.

    Documents of earlier releases may have more variables, tags and breakpoints than new documents.
    """
    if not isinstance(document, dict):
        return
    for name in (*LISTS, "variables") if is_new else LISTS:
        _check_length(document.get(name), _join_path(attr, name))
    _check_tags(document.get("tags"), _join_path(attr, "tags"))
    tags = 0
    for index, tile in _iter_objects(document.get("tiles")):
        path = _join_path(attr, f"tiles__{index}")
        tags += _check_tags(tile.get("tags"), f"{path}__tags")
        if tags > MAX_TILE_TAGS and is_new:
            detail = f"The tiles of a template have at most {MAX_TILE_TAGS} tags."
            raise ValidationFailed(detail, attr=f"{path}__tags", code="max_length")
        _check_layouts(tile.get("layouts"), f"{path}__layouts", is_new)
    if is_new:
        _check_ids(document.get("variables"), _join_path(attr, "variables"))


def _join_path(attr: str, path: str) -> str:
    return f"{attr}__{path}" if attr else path


def _iter_objects(values: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    return (
        (index, each) for index, each in enumerate(values if isinstance(values, list) else ()) if type(each) is dict
    )


def _check_length(values: Any, attr: str) -> None:
    if isinstance(values, list) and len(values) > LIST_MAX_LENGTH:
        raise ValidationFailed(f"This has more than {LIST_MAX_LENGTH} items.", attr=attr, code="max_length")


def _check_tags(tags: Any, attr: str) -> int:
    """Check the tags, and return their number."""
    if not isinstance(tags, list):
        return 0
    _check_length(tags, attr)
    for index, tag in enumerate(tags):
        if not isinstance(tag, str):
            raise ValidationFailed("A tag must be a string.", attr=f"{attr}__{index}")
        # The tag is stored in lower case, which can be longer. For example, "İ" becomes two characters.
        if max(len(tag), len(tag.lower())) > TAG_MAX_LENGTH:
            detail = f"A tag has at most {TAG_MAX_LENGTH} characters."
            raise ValidationFailed(detail, attr=f"{attr}__{index}", code="max_length")
        if not tag.strip():
            raise ValidationFailed("A tag must not be blank.", attr=f"{attr}__{index}", code="blank")
    return len(tags)


def _check_layouts(layouts: Any, attr: str, is_new: bool) -> None:
    if not isinstance(layouts, dict):
        return
    if fault := find_layout_error(layouts):
        raise ValidationFailed(fault.detail, attr="__".join((attr, *fault.path)))
    if is_new:
        check_layouts(layouts, {}, attr)


def _check_ids(variables: Any, attr: str) -> None:
    """Raise ValidationFailed for a duplicate variable, because only its last declaration would have an effect."""
    known = set()
    for index, variable in _iter_objects(variables):
        id_ = variable.get("id")
        if isinstance(id_, str) and id_ in known:
            detail = f"The template declares {id_[:100]} twice."
            raise ValidationFailed(detail, attr=f"{attr}__{index}__id", code="unique")
        known.add(id_ if isinstance(id_, str) else None)
