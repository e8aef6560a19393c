"""The three-way merge of a submitted form with changes that other users saved after the form was opened."""

import json
from typing import Any

from django.http import QueryDict

Values = dict[str, str]

# The hidden field with the values that a form had when it was opened.
WAS = "was"


def dump_values(values: Values) -> str:
    """Return the values of a form as the text of its hidden field."""
    return json.dumps(values, ensure_ascii=False)


def load_values(text: str) -> Values:
    """Return the values in a hidden field, or an empty dictionary if the field was tampered with."""
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in loaded.items() if isinstance(value, str)} if isinstance(loaded, dict) else {}


def read_values(form: QueryDict) -> Values:
    """Return the fields of a submitted form, with the browser's CRLF line breaks replaced by LF."""
    hidden = ("csrfmiddlewaretoken", "action", WAS)
    return {name: str(text).replace("\r\n", "\n") for name, text in form.items() if name not in hidden}


def merge_values(sent: Values, was: Values, current: Values) -> tuple[Values, list[str]]:
    """Return the current values with the changes of the user, and the names of the fields with conflicts.

    A field that is missing from `was` counts as empty.
    """
    edits = {name: text for name, text in sent.items() if text != was.get(name, "")}
    conflicts = [
        name
        for name, text in edits.items()
        if current.get(name, "") != was.get(name, "") and current.get(name, "") != text
    ]
    return {**current, **edits}, conflicts


def get_object(value: Any, name: str) -> dict[str, Any]:
    """Return an object in stored JSON, or an empty object if it is missing or of another type."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def get_text(value: Any, name: str, default: str = "") -> str:
    """Return a string or a number in stored JSON as a string, or the default."""
    found = value.get(name) if isinstance(value, dict) else None
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else default
