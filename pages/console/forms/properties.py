"""The fields of property filters: a row for each filter, and empty rows for new filters."""

from typing import Any, NamedTuple

from pages.console.edit_form import format_tags, parse_tags
from pages.console.forms.merging import Values, get_text

MAX_FILTERS = 10
TYPES = (("event", "Event"), ("person", "Person"))
OPERATORS = (
    ("exact", "is"),
    ("is_not", "is not"),
    ("icontains", "contains"),
    ("not_icontains", "does not contain"),
    ("gt", "is greater than"),
    ("lt", "is less than"),
    ("is_set", "is set"),
    ("is_not_set", "is not set"),
    ("regex", "matches the pattern"),
)
# The field that represents stored filters that the form cannot show, such as groups.
HIDDEN = "properties-hidden"
_LISTS = ("exact", "is_not")
_WITHOUT_VALUE = ("is_set", "is_not_set")
_TYPES = dict(TYPES)
_OPERATORS = dict(OPERATORS)


class PropertyRow(NamedTuple):
    """The fields of one filter for the template."""

    number: int
    name: str
    type: str
    operator: str
    value: str


def read_properties(filters: Any) -> Values | None:
    """Return the fields for a list of property filters, or None if the form cannot show them."""
    if not filters:
        return {}
    if not isinstance(filters, list) or len(filters) > MAX_FILTERS:
        return None
    values: Values = {}
    for index, each in enumerate(filters):
        row = _read_filter(each)
        if row is None:
            return None
        values |= {f"{field}-{index}": text for field, text in row.items()}
    return values


def read_rows(filters: Any) -> Values:
    """Return the form fields of property filters, or only HIDDEN if the form cannot represent them."""
    values = read_properties(filters)
    return {HIDDEN: "yes"} if values is None else values


def _read_filter(found: Any) -> Values | None:
    kind, operator = get_text(found, "type", "event"), get_text(found, "operator", "exact")
    if not isinstance(found, dict) or kind not in _TYPES or operator not in _OPERATORS or not get_text(found, "key"):
        return None
    value = found.get("value")
    texts = [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]
    text = "" if operator in _WITHOUT_VALUE else format_tags(texts) if operator in _LISTS else ", ".join(texts)
    return {"property": get_text(found, "key"), "property-type": kind, "operator": operator, "value": text}


def build_properties(values: Values) -> list[dict[str, Any]]:
    """Return the property filters of the rows that name a property."""
    return [_build_filter(row) for row in list_property_rows(values, extra=0) if row.name]


def _build_filter(row: PropertyRow) -> dict[str, Any]:
    value: Any = row.value
    if row.operator in _LISTS:
        value = parse_tags(row.value)
    elif row.operator in _WITHOUT_VALUE:
        value = row.operator
    return {"key": row.name, "type": row.type, "operator": row.operator, "value": value}


def list_property_rows(values: Values, extra: int = 1) -> list[PropertyRow]:
    """Return the rows that name a property, and `extra` empty rows. Return no rows if the stored filters are hidden."""
    if HIDDEN in values:
        return []
    rows = [
        (name, *(values.get(f"{field}-{index}", "") for field in ("property-type", "operator", "value")))
        for index in range(MAX_FILTERS)
        if (name := values.get(f"property-{index}", "").strip())
    ]
    rows += [("", "", "", "")] * min(extra, MAX_FILTERS - len(rows))
    return [
        PropertyRow(
            index, name, kind if kind in _TYPES else "event", operator if operator in _OPERATORS else "exact", value
        )
        for index, (name, kind, operator, value) in enumerate(rows)
    ]
