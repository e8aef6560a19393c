"""What is known of a printed expression: its type as far as printing depends on it, and whether it may be null."""

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
    """An expression of ClickHouse's SQL.

    `instant` is a column of times as it is stored, without the project's time zone: comparing it lets the engine use
    its index. `is_property` marks the text of a JSON value, which may be a number in disguise. `json` marks a column
    that holds properties: those of an "event" or of a "person".
    """

    text: str
    type: ValueType = ValueType.ANY
    nullable: bool = True
    instant: str | None = None
    is_property: bool = False
    json: str | None = None
