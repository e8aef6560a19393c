"""Folders: paths of names such as `Unfiled/Insights`. A slash inside a name is escaped as `\\/`."""

import re
import unicodedata

from django.db.models import Q

from dashboards_api.errors import ValidationFailed

FOLDER_MAX_LENGTH = 400
FOLDER_MAX_DEPTH = 20
_SEPARATOR = re.compile(r"(?<!\\)/")
# Control characters, and line and paragraph separators.
_UNPRINTED = {"Cc", "Zl", "Zp"}


def normalize_folder(text: str | None) -> str | None:
    """Return the path without empty names and without spaces around names, or None for an empty path.

    Raises ValidationFailed, without an `attr`, for a path that is too long, is too deep or contains control characters.
    """
    names = split_folder(text or "")
    path = "/".join(names)
    if any(unicodedata.category(character) in _UNPRINTED for character in path):
        raise ValidationFailed("A folder cannot contain control characters.")
    if len(path) > FOLDER_MAX_LENGTH:
        raise ValidationFailed(f"A folder has at most {FOLDER_MAX_LENGTH} characters.", code="max_length")
    if len(names) > FOLDER_MAX_DEPTH:
        raise ValidationFailed(f"A folder has at most {FOLDER_MAX_DEPTH} levels.", code="max_length")
    return path or None


def is_folder(text: str) -> bool:
    """Return whether a string is a valid folder or empty."""
    try:
        normalize_folder(text)
    except ValidationFailed:
        return False
    return True


def split_folder(path: str) -> list[str]:
    """Return the names in a path, from the outermost folder to the innermost."""
    return [name.strip() for name in _SEPARATOR.split(path) if name.strip()]


def build_folder_condition(path: str) -> Q:
    """Return the condition for rows in a folder or below it. The column must be compared by code point."""
    inside = f"{path}/"
    return Q(folder=path) | Q(folder__gte=inside, folder__lt=f"{path}{chr(ord('/') + 1)}")
