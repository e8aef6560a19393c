"""Bound parameters, as strings that ClickHouse parses by the type of a placeholder such as `{name:String}`."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

Scalar = str | int | float | bool | date | datetime | UUID | None
Value = Scalar | list["Value"] | tuple["Value", ...]

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0", "\b": r"\b", "\f": r"\f"})
_QUOTED_ESCAPES = {**_ESCAPES, ord("'"): r"\'"}


def format_parameters(parameters: Mapping[str, Value]) -> dict[str, str]:
    return {name: format_parameter(value) for name, value in parameters.items()}


def format_parameter(value: Value) -> str:
    """Return a value as the text of a parameter."""
    match value:
        case None:
            return NULL
        case list() | tuple():
            return f"[{','.join(_format_element(element) for element in value)}]"
        case str():
            return value.translate(_ESCAPES)
        case _:
            return _format_plain(value)


def _format_element(value: Value) -> str:
    """Return a value as an element of an array, in which strings are quoted."""
    match value:
        case None:
            return "NULL"
        case list() | tuple():
            return format_parameter(value)
        case str():
            return quote_text(value)
        case bool() | int() | float():
            return _format_plain(value)
        case _:
            return f"'{_format_plain(value)}'"


def _format_plain(value: int | float | date | UUID) -> str:
    match value:
        case bool():
            return "1" if value else "0"
        case datetime():
            return format_datetime(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def format_datetime(value: datetime) -> str:
    """Return a timestamp in UTC, in the format of the store's columns. Raises ValueError without a time zone."""
    if value.tzinfo is None:
        raise ValueError("a datetime must have a time zone")
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def quote_text(text: str) -> str:
    """Return a string as an SQL literal."""
    return f"'{text.translate(_QUOTED_ESCAPES)}'"


def quote_identifier(name: str) -> str:
    """Return the name of a table or column, quoted for SQL."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
