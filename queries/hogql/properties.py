"""Access to properties, which are JSON: a value or null, typed as the project's definitions say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from queries.hogql.values import Sql, ValueType


class PropertyType(StrEnum):
    """The types of property definitions."""

    STRING = "String"
    NUMERIC = "Numeric"
    BOOLEAN = "Boolean"
    DATETIME = "DateTime"


@dataclass(frozen=True, slots=True)
class PropertyTypes:
    """The definitions of a project: of events, and of persons. A property without one is a text."""

    event: Mapping[str, PropertyType] = field(default_factory=dict)
    person: Mapping[str, PropertyType] = field(default_factory=dict)

    def find(self, name: str, *, of_person: bool) -> PropertyType:
        return (self.person if of_person else self.event).get(name, PropertyType.STRING)


def print_property(json: str, keys: Sequence[str], kind: PropertyType, time_zone: str) -> Sql:
    """Return the value below keys of a JSON column. All arguments but the type are printed SQL.

    JSONExtract gives texts without their quotes and everything else as it is written; `null` and what is missing are
    null. A value that is not of the type is null as well.
    """
    text = f"JSONExtract({json}, {', '.join(keys)}, 'Nullable(String)')"
    match kind:
        case PropertyType.NUMERIC:
            return Sql(f"accurateCastOrNull({text}, 'Float64')", ValueType.NUMBER)
        case PropertyType.BOOLEAN:
            return Sql(f"transform({text}, ['true', 'false'], [true, false], NULL)", ValueType.BOOLEAN)
        case PropertyType.DATETIME:
            return Sql(f"parseDateTime64BestEffortOrNull({text}, 6, {time_zone})", ValueType.DATETIME)
        case _:
            return Sql(text, ValueType.TEXT, is_property=True)
