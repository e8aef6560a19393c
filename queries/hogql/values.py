"""Printed expressions with their types and their nullability."""

from dataclasses import dataclass
from enum import Enum, auto


class ValueType(Enum):
    ANY = auto()
    TEXT = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    DATETIME = auto()
    DATE = auto()
    UUID = auto()
    ARRAY = auto()


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression in ClickHouse's SQL.

    `instant` is a time in its stored form, without the project's time zone, so that comparisons can use an index.
    `is_property` marks the text of a JSON value, which may be a number. `untyped` is the text of a property before its
    conversion to the type of its definition. `json` marks a column with the properties of an "event" or of a "person".
    """

    text: str
    type: ValueType = ValueType.ANY
    nullable: bool = True
    instant: str | None = None
    is_property: bool = False
    untyped: str | None = None
    json: str | None = None
