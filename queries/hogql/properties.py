"""Access to properties, which are stored as JSON. A value has the type of its property definition, or is null."""

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
    """The types of a project's event and person properties. A property without a definition is a string."""

    event: Mapping[str, PropertyType] = field(default_factory=dict)
    person: Mapping[str, PropertyType] = field(default_factory=dict)

    def find(self, name: str, *, of_person: bool) -> PropertyType:
        return (self.person if of_person else self.event).get(name, PropertyType.STRING)


def print_property_text(json: str, keys: Sequence[str]) -> str:
    """Return the value at a path of keys in a JSON column, as text. The arguments are printed SQL.

    JSONExtract returns strings without quotes and other values as JSON. A missing key and a JSON null become null.
    """
    return f"JSONExtract({json}, {', '.join(keys)}, 'Nullable(String)')"


def convert_property(text: str, kind: PropertyType, time_zone: str) -> Sql:
    """Return a property as a value of its type. A string that cannot be converted becomes null."""
    match kind:
        case PropertyType.NUMERIC:
            return Sql(f"accurateCastOrNull({text}, 'Float64')", ValueType.NUMBER)
        case PropertyType.BOOLEAN:
            values = f"transform({text}, ['true', 'false'], [true, false], NULL)"
            return Sql(values, ValueType.BOOLEAN)
        case PropertyType.DATETIME:
            moment = f"parseDateTime64BestEffortOrNull({text}, 6, {time_zone})"
            return Sql(moment, ValueType.DATETIME)
        case _:
            return Sql(text, ValueType.TEXT, is_property=True)
