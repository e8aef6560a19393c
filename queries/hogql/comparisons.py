"""Comparisons that are never null. As in PostHog, null differs from every value."""

from datetime import UTC, date, datetime

from queries.hogql import ast
from queries.hogql.errors import InvalidValue, UnsupportedSyntax
from queries.hogql.session import PrintSession
from queries.hogql.values import Sql, ValueType

OPERATORS = {
    "==": "equals",
    "=": "equals",
    "!=": "notEquals",
    "<": "less",
    "<=": "lessOrEquals",
    ">": "greater",
    ">=": "greaterOrEquals",
    "like": "like",
    "not like": "notLike",
    "ilike": "ilike",
    "not ilike": "notILike",
    "in": "in",
    "not in": "notIn",
    "global in": "in",
    "global not in": "notIn",
    "=~": "match",
    "!~": "match",
    "=~*": "match",
    "!~*": "match",
}
NEGATED = frozenset({"!=", "not like", "not ilike", "not in", "global not in", "!~", "!~*"})
PATTERNS = frozenset({"=~", "!~", "=~*", "!~*"})
TIMES = frozenset({ValueType.DATETIME, ValueType.DATE})


def get_operator(node: ast.Compare) -> str:
    """Return the ClickHouse function of an operator. Raises UnsupportedSyntax for an operator such as IN COHORT."""
    if node.op not in OPERATORS:
        raise UnsupportedSyntax(f"{node.op.upper()} is not supported.", span=node.span)
    return OPERATORS[node.op]


def print_comparison(op: str, left: Sql, right: Sql) -> Sql:
    """Return a comparison that is true or false even if one or both sides are null."""
    if "NULL" in (left.text, right.text) and op in ("==", "=", "!="):
        other = right if left.text == "NULL" else left
        return Sql(f"{'isNotNull' if op == '!=' else 'isNull'}({other.text})", ValueType.BOOLEAN, False)
    text = _print_call(op, *_pick_comparable(left, right))
    if not (left.nullable or right.nullable):
        return Sql(text, ValueType.BOOLEAN, False)
    return Sql(f"ifNull({text}, {_print_default(op, left, right)})", ValueType.BOOLEAN, False)


def print_join_comparison(op: str, left: Sql, right: Sql) -> Sql:
    """Return a comparison for the condition of a join, in which a comparison with null is never true."""
    return Sql(_print_call(op, *_pick_comparable(left, right)), ValueType.BOOLEAN)


def _pick_comparable(left: Sql, right: Sql) -> tuple[str, str]:
    """Return the SQL of both sides. Times are compared in their stored form, without time zones, to use indexes."""
    return tuple(side.instant if side.instant else side.text for side in (left, right))  # type: ignore[return-value] # of two


def _print_call(op: str, left: str, right: str) -> str:
    if op in PATTERNS:
        pattern = f"concat('(?i)', {right})" if op.endswith("*") else right
        text = f"match({left}, {pattern})"
        return f"not({text})" if op.startswith("!") else text
    return f"{OPERATORS[op]}({left}, {right})"


def _print_default(op: str, left: Sql, right: Sql) -> str:
    if op in ("==", "=") and left.nullable and right.nullable:
        return f"isNull({left.text}) AND isNull({right.text})"
    if op == "!=" and left.nullable and right.nullable:
        return f"isNotNull({left.text}) OR isNotNull({right.text})"
    return "1" if op in NEGATED else "0"


def adapt_constant(session: PrintSession, node: ast.Expr, other: Sql) -> Sql | None:
    """Return a constant converted for the other side of its comparison, or None if it needs no conversion.

    Raises InvalidValue if a string that is compared with a time cannot be parsed.
    """
    if not isinstance(node, ast.Constant):
        return None
    value = node.value
    if isinstance(value, str) and other.type in TIMES:
        return _print_time(session, node, value, other.type)
    if isinstance(value, str) and other.type is ValueType.UUID:
        return Sql(f"toUUIDOrNull({session.bind(value, 'String')})", ValueType.UUID)
    if isinstance(value, str) and other.type is ValueType.BOOLEAN and value.lower() in ("true", "false"):
        return Sql(value.lower(), ValueType.BOOLEAN, False)
    if isinstance(value, bool) and other.is_property:
        return Sql(session.bind("true" if value else "false", "String"), ValueType.TEXT, False)
    return None


def adapt_property(side: Sql, other: Sql) -> Sql:
    """Return the text of a property as a number if the other operand is a number."""
    if side.is_property and other.type is ValueType.NUMBER:
        return Sql(f"accurateCastOrNull({side.text}, 'Float64')", ValueType.NUMBER)
    return side


def _print_time(session: PrintSession, node: ast.Constant, value: str, kind: ValueType) -> Sql:
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise InvalidValue(
            f'"{value[:80]}" is not a date. Write 2026-01-31 or 2026-01-31 12:00:00.', span=node.span
        ) from None
    if kind is ValueType.DATE and not (moment.hour or moment.minute or moment.second or moment.microsecond):
        return print_date(session, moment.date())
    try:
        return session.print_datetime(
            (moment if moment.tzinfo else moment.replace(tzinfo=session.context.zone)).astimezone(UTC)
        )
    except OverflowError:
        raise InvalidValue(f'"{value[:80]}" is out of range.', span=node.span) from None


def print_date(session: PrintSession, day: date) -> Sql:
    return Sql(f"toDate({session.bind(day.isoformat(), 'String')})", ValueType.DATE, False)
