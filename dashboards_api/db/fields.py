"""Model fields that behave the same on SQLite and PostgreSQL."""

import json
from typing import TYPE_CHECKING, Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast


def dump_json(value: Any) -> str:
    """The one way free JSON is written: compact, keys in the order they came."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_differs(value: Any, other: Any) -> bool:
    """Whether they read back differently: the order of keys counts, and 1 is not 1.0."""
    try:
        return orjson.dumps(value) != orjson.dumps(other)
    except TypeError:  # an integer beyond 64 bits, which only earlier releases stored
        return dump_json(value) != dump_json(other)


if TYPE_CHECKING:  # Django's fields are generic for the type checker only
    AnyTextField = models.TextField[Any, Any]
else:
    AnyTextField = models.TextField


class JSONTextField(AnyTextField):
    """Free JSON, stored as the text that was sent: key order, nulls and number kinds survive, on every engine.

    Whatever is stored has passed the JSON gate. Nothing queries inside it. Readers take the column
    as text (`raw`) and pass it through unparsed.
    """

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else dump_json(value)

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        """Return the ordinary placeholder.

        Where a field has this method, many rows are inserted by VALUES. Without it PostgreSQL gets them as arrays, in
        which each quote of the JSON is escaped in Python: half a second for a thousand insights.
        """
        return "%s"

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> Any:
        """For `dumpdata`: the value itself, which `loaddata` gives back to us."""
        return self.value_from_object(obj)


class CodePointField(AnyTextField):
    """Text that is compared by code point: SQLite does so by itself, PostgreSQL with the collation "C"."""

    # A text, or None where the column may be null.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def raw_json(name: str) -> Cast:
    """The stored text of a JSONTextField, for a reader's `values()`."""
    return Cast(name, models.TextField())


def to_plain_json(answer: Any) -> Any:
    """What a reader gives, as plain JSON: its free JSON no longer text, dates and UUIDs as the API writes them."""
    return orjson.loads(orjson.dumps(answer))
