"""Printing of date and time functions.

The functions use the project's time zone and week start, and the time of the query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from queries.hogql import ast
from queries.hogql.comparisons import adapt_constant, print_date
from queries.hogql.errors import InvalidArguments, UnknownName, UnknownTimeZone
from queries.hogql.functions import Function
from queries.hogql.values import Sql, ValueType

if TYPE_CHECKING:
    from queries.hogql.expressions import ExpressionPrinter

Handler = Callable[["ExpressionPrinter", ast.Call, Function], Sql]

DATETIME = Sql("", ValueType.DATETIME)
UNITS = ("Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year")


def _print_now(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    return printer.session.print_datetime(printer.session.context.now)


def _print_today(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    context = printer.session.context
    day = context.now.astimezone(context.zone).date()
    return print_date(printer.session, day - timedelta(days=1) if function.name == "yesterday" else day)


def _print_to_datetime(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print a conversion to a time.

    A string is parsed in the time zone of the second argument or of the project. A time remains the same point in time.
    """
    zone = _print_time_zone(printer, node.args[-1]) if len(node.args) > 1 else printer.session.time_zone
    value = printer.print(node.args[0])
    if value.type is ValueType.TEXT:
        return Sql(f"parseDateTime64BestEffortOrNull({value.text}, 6, {zone})", ValueType.DATETIME)
    return Sql(f"toDateTime({value.text}, {zone})", ValueType.DATETIME, value.nullable)


def _print_to_datetime64(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    zone = _print_time_zone(printer, node.args[2]) if len(node.args) > 2 else printer.session.time_zone
    value, digits = printer.print(node.args[0]), printer.print(node.args[1])
    return Sql(f"toDateTime64({value.text}, {digits.text}, {zone})", ValueType.DATETIME, value.nullable)


def _print_parsed(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    value = printer.print(node.args[0]).text
    return Sql(f"parseDateTime64BestEffortOrNull({value}, 6, {printer.session.time_zone})", ValueType.DATETIME)


def _print_parsed_format(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    value, pattern = (printer.print(arg).text for arg in node.args)
    return Sql(f"parseDateTimeOrNull({value}, {pattern}, {printer.session.time_zone})", ValueType.DATETIME)


def _print_from_unix(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    value = printer.print(node.args[0])
    text = f"{function.stored}(toInt64({value.text}))"
    return Sql(f"toTimeZone({text}, {printer.session.time_zone})", ValueType.DATETIME, value.nullable)


def _print_to_date(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    value = printer.print(node.args[0])
    if value.type is ValueType.TEXT:
        zone = printer.session.time_zone
        return Sql(f"toDate(parseDateTime64BestEffortOrNull({value.text}, 6, {zone}))", ValueType.DATE)
    return Sql(f"toDate({value.text})", ValueType.DATE, value.nullable)


def print_time(printer: ExpressionPrinter, node: ast.Expr) -> Sql:
    """Print an expression as a time. A string is parsed in the project's time zone. An invalid string becomes null."""
    value = printer.print(node)
    if value.type is not ValueType.TEXT:
        return value
    return Sql(f"parseDateTime64BestEffortOrNull({value.text}, 6, {printer.session.time_zone})", ValueType.DATETIME)


def _print_of_time(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print a function whose first argument is a time."""
    time = print_time(printer, node.args[0])
    args = [time.text, *(printer.print(arg).text for arg in node.args[1:])]
    keeps_type = function.stored.startswith(("add", "subtract"))
    kind = time.type if keeps_type and time.type is ValueType.DATETIME else function.type
    return Sql(f"{function.stored}({', '.join(args)})", kind, time.nullable)


def _print_day_of_week(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print the day of the week of a time, which is first converted to a date.

    Without the conversion, ClickHouse skips parts of a table whose times are in one week of UTC, because it assumes
    that the days of the week ascend within the part. In other time zones, rows would be missing.
    """
    time = print_time(printer, node.args[0])
    args = [f"toDate32({time.text})", *(printer.print(arg).text for arg in node.args[1:])]
    return Sql(f"{function.stored}({', '.join(args)})", function.type, time.nullable)


def _print_start_of_week(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print the start of a week. Without a mode argument, weeks begin on the project's first day of the week."""
    value = print_time(printer, node.args[0])
    mode = printer.print(node.args[1]).text if len(node.args) > 1 else _print_week_mode(printer)
    return Sql(f"toStartOfWeek({value.text}, {mode})", ValueType.DATE, value.nullable)


def _print_week_mode(printer: ExpressionPrinter) -> str:
    return "1" if printer.session.context.week_starts_on_monday else "0"


def _print_date_trunc(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    unit, value = _read_unit(node.args[0]), print_time(printer, node.args[1])
    if len(node.args) > 2:
        value = replace(value, text=f"toTimeZone({value.text}, {_print_time_zone(printer, node.args[2])})")
    if unit == "Week":
        return Sql(f"toStartOfWeek({value.text}, {_print_week_mode(printer)})", ValueType.DATE, value.nullable)
    kind = ValueType.DATE if unit in ("Month", "Quarter", "Year") else ValueType.DATETIME
    return Sql(f"toStartOf{unit}({value.text})", kind, value.nullable)


def _print_date_add(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print `dateAdd`, either as dateAdd(unit, number, time) or as dateAdd(time, interval)."""
    if len(node.args) == 2:
        value, interval = print_time(printer, node.args[0]), printer.print(node.args[1]).text
    else:
        unit, value = _read_unit(node.args[0]), print_time(printer, node.args[2])
        interval = f"toInterval{unit}({printer.print(node.args[1]).text})"
    operator = "minus" if function.stored == "dateSub" else "plus"
    kind = ValueType.DATETIME if value.type is ValueType.DATETIME else ValueType.ANY
    return Sql(f"{operator}({value.text}, {interval})", kind, value.nullable)


def _print_date_diff(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    unit = _read_unit(node.args[0]).lower()
    sides = [adapt_constant(printer.session, arg, DATETIME) or printer.print(arg) for arg in node.args[1:]]
    text = f"{function.stored}('{unit}', {sides[0].text}, {sides[1].text})"
    return Sql(text, ValueType.NUMBER, any(side.nullable for side in sides))


def _read_unit(node: ast.Expr) -> str:
    """Return a unit of time in the spelling of function names, such as Day. Raises InvalidArguments and UnknownName."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise InvalidArguments("The unit of time must be a string, such as 'day'.", span=node.span)
    unit = node.value.lower().removesuffix("s").capitalize()
    if unit not in UNITS:
        raise UnknownName(node.value, [known.lower() for known in UNITS], span=node.span)
    return unit


def _print_to_time_zone(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    value = print_time(printer, node.args[0])
    return replace(value, text=f"toTimeZone({value.text}, {_print_time_zone(printer, node.args[1])})")


def _print_time_zone(printer: ExpressionPrinter, node: ast.Expr) -> str:
    """Return a valid time zone as SQL. Raises InvalidArguments and UnknownTimeZone."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise InvalidArguments("The time zone must be a string, such as 'Europe/Berlin'.", span=node.span)
    if node.value not in available_timezones():
        raise UnknownTimeZone(node.value, available_timezones(), span=node.span)
    return printer.session.bind(node.value, "String")


# Functions that also exist in ClickHouse. Only their first argument is converted, if it is a string.
OF_TIME = """
    toYear toQuarter toMonth toDayOfYear toDayOfMonth toHour toMinute toSecond toMillisecond toUnixTimestamp
    toUnixTimestamp64Milli toUnixTimestamp64Micro toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toISOYear toISOWeek
    toWeek toYearWeek formatDateTime monthName toStartOfSecond toStartOfMinute toStartOfFiveMinutes
    toStartOfTenMinutes toStartOfFifteenMinutes toStartOfHour toStartOfDay toStartOfInterval timeSlot toStartOfMonth
    toStartOfQuarter toStartOfYear toStartOfISOYear toMonday toLastDayOfMonth toLastDayOfWeek addSeconds addMinutes
    addHours addDays addWeeks addMonths addQuarters addYears subtractSeconds subtractMinutes subtractHours
    subtractDays subtractWeeks subtractMonths subtractQuarters subtractYears
"""

TIME_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(OF_TIME.split(), _print_of_time),
    "now": _print_now,
    "today": _print_today,
    "yesterday": _print_today,
    "toDateTime": _print_to_datetime,
    "toDateTime64": _print_to_datetime64,
    "parseDateTime": _print_parsed_format,
    **dict.fromkeys(("parseDateTimeBestEffort", "parseDateTimeBestEffortOrNull"), _print_parsed),
    **dict.fromkeys(("parseDateTime64BestEffort", "parseDateTime64BestEffortOrNull"), _print_parsed),
    **dict.fromkeys(("fromUnixTimestamp64Milli", "fromUnixTimestamp64Micro", "fromUnixTimestamp"), _print_from_unix),
    **dict.fromkeys(("toDate", "toDateOrNull"), _print_to_date),
    "toDayOfWeek": _print_day_of_week,
    "toStartOfWeek": _print_start_of_week,
    "dateTrunc": _print_date_trunc,
    **dict.fromkeys(("dateAdd", "dateSub"), _print_date_add),
    **dict.fromkeys(("dateDiff", "age"), _print_date_diff),
    "toTimeZone": _print_to_time_zone,
}
