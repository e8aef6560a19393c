"""Model fields that behave the same on SQLite and PostgreSQL."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast

from dashboards_api.http.json_gate import dumps


class JSONTextField(models.TextField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Free JSON, stored as the text that was sent: key order, nulls and number kinds survive, on every engine.

    Whatever is stored has passed the gate (`http/json_gate.py`). Nothing queries inside it. Readers take the column
    as text (`raw`) and pass it through unparsed.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else dumps(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return dumps(self.value_from_object(obj))


class CodePointField(models.TextField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Text that is compared by code point: SQLite does so by itself, PostgreSQL with the collation "C"."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def raw(name: str) -> Cast:
    """The stored text of a JSONTextField, for a reader's `values()`."""
    return Cast(name, models.TextField())
