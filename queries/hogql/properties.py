"""Access to properties, which are JSON: values or null, with the types that the project has defined."""

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
    """The property definitions of a project, of events and of persons. A property without a definition is a text."""

    event: Mapping[str, PropertyType] = field(default_factory=dict)
    person: Mapping[str, PropertyType] = field(default_factory=dict)

    def find(self, name: str, *, of_person: bool) -> PropertyType:
        return (self.person if of_person else self.event).get(name, PropertyType.STRING)


def print_property(json: str, keys: Sequence[str], kind: PropertyType, time_zone: str) -> Sql:
    """Return the value below keys of a JSON column. All arguments but the type are printed SQL.

    JSONExtract returns strings without their quotes and other values as JSON. A missing key, `null`, and a value that
    is not of the type give null.
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
