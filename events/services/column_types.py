"""The column types of imported tables, which are the types that HogQL supports."""

import re
from typing import NamedTuple

from engine.parameters import quote_identifier, quote_text

MOMENT = "DateTime64(6, 'UTC')"
# Dates outside this range are refused, because a `Date` of ClickHouse overflows silently: 1950 would become 2129.
DATE_RANGE = "toDate32('1970-01-01') AND toDate32('2149-06-06')"
_WRAPPED = re.compile(r"(?:LowCardinality|Nullable)\((.*)\)")
_INTEGER = re.compile(r"U?Int(8|16|32|64)")
_NUMBER = re.compile(r"Float32|Float64|BFloat16|Decimal.*|U?Int(128|256)")
_DATE = re.compile(r"Date|Date32")
_MOMENT = re.compile(r"DateTime(64)?(\(.*\))?")
_TEXT = re.compile(r"String|FixedString\(.*\)|Enum.*|IPv4|IPv6")


class ConvertedColumn(NamedTuple):
    """The source type of a column, its stored type, and the expression that converts its values."""

    source: str
    type: str
    select: str


def convert_column(name: str, kind: str) -> ConvertedColumn:
    """Return the conversion of a column. Numbers become Int64 or Float64, and unsupported types become text."""
    column, inner = quote_identifier(name), unwrap(kind)
    if _INTEGER.fullmatch(inner):
        return ConvertedColumn(kind, "Nullable(Int64)", f"accurateCast({column}, 'Nullable(Int64)')")
    if _NUMBER.fullmatch(inner):
        return ConvertedColumn(kind, "Nullable(Float64)", f"toFloat64({column})")
    if _DATE.fullmatch(inner):
        return ConvertedColumn("Nullable(Date32)", "Nullable(Date)", convert_date(column, name))
    if _MOMENT.fullmatch(inner):
        return ConvertedColumn(f"Nullable({MOMENT})", f"Nullable({MOMENT})", column)
    if inner in ("Bool", "UUID"):
        return ConvertedColumn(kind, f"Nullable({inner})", column)
    if _TEXT.fullmatch(inner):
        return ConvertedColumn(kind, "Nullable(String)", f"toString({column})")
    return ConvertedColumn(kind, "Nullable(String)", f"nullIf(toJSONString({column}), 'null')")


def unwrap(kind: str) -> str:
    """Return a type without Nullable and LowCardinality."""
    while wrapped := _WRAPPED.fullmatch(kind):
        kind = wrapped[1]
    return kind


def convert_date(column: str, name: str) -> str:
    message = quote_text(f"A date of the column {name} is not between 1970 and 2149")
    outside = f"ifNull({column} NOT BETWEEN {DATE_RANGE}, 0)"
    return f"if(throwIf({outside}, {message}) = 0, toDate({column}), NULL)"
