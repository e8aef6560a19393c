"""Checks of responses in the stage `injection`. An error names its field, and a success stores the sent value."""

import json
from typing import Any, NamedTuple

import httpx

from tests.security.error_envelope import is_envelope
from tests.security.payloads import DEEP, parse_value
from tests.security.writable_fields import FieldPosition
from tests.security.written_values import NOWHERE, find_shown_value, is_same

# These errors depend on the caller or on existing rows, not on a field.
NO_FIELD = ("parse_error", "not_found", "permission_denied", "throttled", "invalid_credentials")
# Values below these fields are not converted.
FREE = ("filters", "filters_overrides", "variables", "query", "layouts", "dashboard_filters", "dashboard_variables")


class Values(NamedTuple):
    compared: int
    wrong: list[str]


def check_error(place: FieldPosition, payload: str, answer: httpx.Response) -> list[str]:
    """Return the defects of an error response."""
    if answer.status_code >= 500:
        return ["a server error"]
    if not 400 <= answer.status_code < 500:
        return ["neither a success nor an error"]
    try:
        envelope = answer.json()
    except ValueError:
        return ["an error that is no JSON"]
    if not is_envelope(envelope):
        return ["an error without the envelope"]
    if answer.status_code == 400 and envelope["code"] not in NO_FIELD and not is_field_named(place, payload, envelope):
        return ["an error that does not name the field"]
    return []


def is_field_named(place: FieldPosition, payload: str, error: dict[str, Any]) -> bool:
    """Return whether an error names the field, an object that contains the field, or a part of the sent value."""
    attr = error["attr"]
    if attr is None:  # values that are too deep are not searched, and an empty body has no invalid field
        return payload in DEEP or (error["code"] == "required" and len(place.pointer) == 1)
    if "variables" in place.pointer and attr == "tiles__0__body":
        return True  # the field in which the document uses the variable
    return attr.split("__")[0] in [str(step) for step in place.pointer]


def check_value(place: FieldPosition, payload: str, answer: httpx.Response, row: Any) -> Values:
    """Compare the sent value with the stored value, unless the response reports the field as ignored."""
    sent = parse_value(payload)
    found = find_shown_value(place, row, sent)
    if found is NOWHERE or "Ignored-Fields" in answer.headers:
        return Values(0, [])
    if any(is_same(found, each) for each in list_equivalent_values(place, payload, sent)):
        return Values(1, [])
    return Values(1, [f"stored {json.dumps(found)[:200]} for {json.dumps(sent)[:200]}"])


def list_equivalent_values(place: FieldPosition, payload: str, sent: Any) -> list[Any]:
    """Return the stored values that are equivalent to a sent value, such as its conversion to the column's type."""
    found = [sent]
    if any(step in FREE for step in place.pointer[:-1]):
        return found
    if sent is None:
        found += ["", {}, []]
    if sent == "":
        found.append(None)
    if isinstance(sent, int | float):
        found += [payload, str(sent), bool(sent), int(sent)]
    if "tags" in place.pointer or place.name == "create_unlisted_dashboard":
        found.append(str(sent).strip().lower())
    return found
