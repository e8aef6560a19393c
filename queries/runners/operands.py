"""Operands of property filters: a property as a string, a number and a timestamp, each null if the conversion fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboards_api.choices import build_invalid_choice_message
from queries.hogql.ast import Call, Compare, Constant, Expr, Field
from queries.hogql.properties import PropertyType
from queries.hogql.tables import SESSIONS
from queries.hogql.values import ValueType
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, Path

NULL = Constant(None)
ZERO = Constant(0)
TRUE = Constant(True)
_SESSION_TYPES = {
    ValueType.NUMBER: PropertyType.NUMERIC,
    ValueType.BOOLEAN: PropertyType.BOOLEAN,
    ValueType.DATETIME: PropertyType.DATETIME,
}


@dataclass(frozen=True)
class FilterScope:
    """The table that a filter applies to: its name or alias, and whether its rows are sessions or events."""

    source: str = "events"
    is_sessions: bool = False


@dataclass(frozen=True)
class Operand:
    """A property, and the type of its definition."""

    text: Expr
    number: Expr
    moment: Expr
    type: PropertyType


def build_operand(kind: str, key: str, scope: FilterScope, context: QueryContext, path: Path) -> Operand:
    """Return the property of a filter. Raises InvalidQuery if the rows of the scope have no properties of this kind."""
    if kind == "session":
        return _build_session_operand(key, scope, path)
    if scope.is_sessions:
        raise InvalidQuery("Sessions can only be filtered by properties of sessions.", (*path, "type"))
    return BUILDERS[kind](key, scope, context)


def _build_event_operand(key: str, scope: FilterScope, context: QueryContext) -> Operand:
    kind = context.property_types.find(key, of_person=False)
    return _build_json_operand((scope.source, "properties", key), kind)


def _build_person_operand(key: str, scope: FilterScope, context: QueryContext) -> Operand:
    kind = context.property_types.find(key, of_person=True)
    return _build_json_operand((scope.source, "person_properties", key), kind)


def _build_json_operand(chain: tuple[str, ...], kind: PropertyType) -> Operand:
    """Return the stored property, regardless of its definition. A string in a numeric property is not converted."""
    text = Field(chain, is_untyped=True)
    return Operand(text, Call("toFloat", (text,)), Call("parseDateTimeBestEffort", (text,)), kind)


def _build_session_operand(key: str, scope: FilterScope, path: Path) -> Operand:
    if key not in SESSIONS.columns:
        raise InvalidQuery(build_invalid_choice_message(key, SESSIONS.columns), (*path, "key"))
    column = Field((scope.source, key) if scope.is_sessions else (scope.source, "session", key))
    kind = _SESSION_TYPES.get(SESSIONS.columns[key].type, PropertyType.STRING)
    text = _build_session_text(column, kind)
    number = column if kind is PropertyType.NUMERIC else Call("toFloat", (text,))
    moment = column if kind is PropertyType.DATETIME else Call("parseDateTimeBestEffort", (text,))
    return Operand(text, number, moment, kind)


def _build_session_text(column: Expr, kind: PropertyType) -> Expr:
    match kind:
        case PropertyType.STRING:
            return column
        case PropertyType.BOOLEAN:
            names = Call("if", (column, Constant("true"), Constant("false")))
            return Call("if", (Compare("==", column, NULL), NULL, names))
        case _:
            return Call("toString", (column,))


Builder = Callable[[str, FilterScope, QueryContext], Operand]
BUILDERS: dict[str, Builder] = {"event": _build_event_operand, "person": _build_person_operand}


def format_text(value: Any) -> str:
    """Return a value as a string in the format of event properties."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return str(value)
