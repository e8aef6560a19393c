"""Model fields that behave the same on SQLite and PostgreSQL."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast


def dump_json(value: Any) -> str:
    """Serialize free JSON for storage: compact, with keys in their original order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_differs(value: Any, other: Any) -> bool:
    """Return whether two values differ as stored JSON. The order of keys matters, and 1 differs from 1.0."""
    try:
        return orjson.dumps(value) != orjson.dumps(other)
    except TypeError:  # an integer beyond 64 bits, which only earlier releases stored
        return dump_json(value) != dump_json(other)


def find_differing(keys: Iterable[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values differ as stored JSON. An absent value counts as null."""
    keys = list(keys)
    try:
        return [key for key in keys if orjson.dumps(before.get(key)) != orjson.dumps(after.get(key))]
    except TypeError:  # as above
        return [key for key in keys if json_differs(before.get(key), after.get(key))]


if TYPE_CHECKING:  # Django's fields are generic for the type checker only
    AnyTextField = models.TextField[Any, Any]
else:
    AnyTextField = models.TextField


class JSONTextField(AnyTextField):
    """A field for free JSON, which is stored as text.

    Text preserves the order of keys, nulls and the types of numbers in both databases. Stored values have passed JSON
    validation. Queries do not access their members. Readers select the column as text (`raw_json`) and return it
    unparsed.
    """

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else dump_json(value)

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        """Return the default placeholder.

        If a field has this method, Django inserts many rows with VALUES. Otherwise, Django would send the rows to
        PostgreSQL as arrays, and Python would escape each quote of the JSON, which takes half a second for a thousand
        insights.
        """
        return "%s"

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> Any:
        """Return the value without serialization for `dumpdata`, because `loaddata` expects this form."""
        return self.value_from_object(obj)


class CodePointField(AnyTextField):
    """A string field that is compared by code point: the default of SQLite, and the collation "C" of PostgreSQL."""

    # A string, or None if the column is nullable.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def raw_json(name: str) -> Cast:
    """Return an expression for the stored text of a JSONTextField, for the `values()` of a reader."""
    return Cast(name, models.TextField())


def to_plain_json(output: Any) -> Any:
    """Return the output of a reader as plain JSON: fragments are parsed, and dates and UUIDs become strings."""
    return orjson.loads(orjson.dumps(output))
