"""Breakdowns: the values by which a query splits its series, their limit, and bins of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from queries.hogql.ast import And, Call, Compare, Constant, Expr
from queries.results.labels import BREAKDOWN_NULL
from queries.runners.errors import InvalidQuery, Path, UnsupportedPart
from queries.runners.filters import EXPRESSION, KEY_MAX_LENGTH, FilterBuilder
from queries.runners.json_values import check_choice, describe, get_boolean, get_number, get_object
from queries.runners.operands import NULL, build_operand, format_text
from queries.runners.series import EVENTS
from queries.runners.stages import find_aggregates

BREAKDOWN = "breakdownFilter"
DEFAULT_BREAKDOWN_LIMIT = 25
MAX_BREAKDOWN_LIMIT = 1_000
MAX_BREAKDOWNS = 3
MAX_BINS = 100
TYPES = ("event", "person", "session", EXPRESSION)
_UNSUPPORTED = {
    "cohort": "Cohorts are",
    "group": "Groups are",
    "data_warehouse": "Properties of a data warehouse are",
    "data_warehouse_person_property": "Properties of a data warehouse are",
    "event_metadata": "Breakdowns by event metadata are",
    "revenue_analytics": "Breakdowns of revenue analytics are",
}
# Added to the last edge, so that the last bin contains the greatest value.
_LAST_BIN = 0.01


@dataclass(frozen=True)
class Breakdown:
    """A property, or an expression of HogQL, that splits series: its value as a string and as a number."""

    text: Expr
    number: Expr
    bins: int = 0

    @property
    def value(self) -> Expr:
        """Return the text, or BREAKDOWN_NULL if the text is null or empty."""
        return Call("ifNull", (Call("nullIf", (self.text, Constant(""))), Constant(BREAKDOWN_NULL)))


@dataclass(frozen=True)
class BreakdownOptions:
    """The breakdowns of a query. If `is_list` is true, values are lists, as with the field `breakdowns`."""

    items: tuple[Breakdown, ...] = ()
    limit: int = DEFAULT_BREAKDOWN_LIMIT
    hides_other: bool = False
    is_list: bool = False


def read_breakdowns(
    source: Mapping[str, Any], builder: FilterBuilder, *, default_limit: int = DEFAULT_BREAKDOWN_LIMIT
) -> BreakdownOptions:
    """Return the breakdowns of a query, if it has any. Raises HogQLError."""
    options, path = get_object(source, BREAKDOWN), (BREAKDOWN,)
    items, is_list = _read_items(options, builder, path)
    limit = get_number(options, "breakdown_limit", path, default=default_limit, low=1, high=MAX_BREAKDOWN_LIMIT)
    if len(items) == 1 and items[0].bins:
        limit = items[0].bins + 1  # all bins and the null value are shown
    hides_other = get_boolean(options, "breakdown_hide_other_aggregation", path)
    return BreakdownOptions(tuple(items), limit, hides_other, is_list)


class _Fields(NamedTuple):
    """The fields of one breakdown, from an item of `breakdowns` or from the breakdown filter itself.

    `kind` is the type of the breakdown. `key_path` and `kind_path` are the paths of the key and the type in the query.
    """

    key: Any
    kind: Any
    bins: int
    normalizes: bool
    key_path: Path
    kind_path: Path


def _read_items(options: Mapping[str, Any], builder: FilterBuilder, path: Path) -> tuple[list[Breakdown], bool]:
    if several := options.get("breakdowns"):
        items = _check_list(several, (*path, "breakdowns"))
        return [_build(_read_fields(item, (*path, "breakdowns", i)), builder) for i, item in enumerate(items)], True
    one = options.get("breakdown")
    if one is None or one in ("", []):
        return [], False
    bins = _read_bins(options, "breakdown_histogram_bin_count", path)
    normalizes = get_boolean(options, "breakdown_normalize_url", path)
    shared = options.get("breakdown_type"), bins, normalizes, (*path, "breakdown"), (*path, "breakdown_type")
    keys = _check_list(one, (*path, "breakdown")) if isinstance(one, list) else [one]
    return [_build(_Fields(key, *shared), builder) for key in keys], len(keys) > 1


def _read_fields(item: Any, path: Path) -> _Fields:
    if not isinstance(item, dict):
        raise InvalidQuery(f"This must be a breakdown, not {describe(item)}.", path)
    bins, normalizes = _read_bins(item, "histogram_bin_count", path), get_boolean(item, "normalize_url", path)
    return _Fields(item.get("property"), item.get("type"), bins, normalizes, (*path, "property"), (*path, "type"))


def _read_bins(options: Mapping[str, Any], name: str, path: Path) -> int:
    return get_number(options, name, path, default=0, low=0, high=MAX_BINS)


def _check_list(value: Any, path: Path) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_BREAKDOWNS:
        raise InvalidQuery(f"This must be a list of at most {MAX_BREAKDOWNS} breakdowns.", path)
    return value


def _build(given: _Fields, builder: FilterBuilder) -> Breakdown:
    kind = given.kind or "event"
    if isinstance(kind, str) and kind in _UNSUPPORTED:
        raise UnsupportedPart(_UNSUPPORTED[kind], given.kind_path)
    check_choice(kind, TYPES, given.kind_path)
    if not isinstance(given.key, str) or not 0 < len(given.key) <= KEY_MAX_LENGTH:
        detail = f"This must be a string of 1 to {KEY_MAX_LENGTH:,} characters, not {describe(given.key)}."
        raise InvalidQuery(detail, given.key_path)
    text, number = _build_value(kind, given.key, builder, given.key_path)
    if given.normalizes:
        text = _normalize_url(text)
    return Breakdown(text, number, given.bins)


def _build_value(kind: str, key: str, builder: FilterBuilder, path: Path) -> tuple[Expr, Expr]:
    """Return the value as a string and as a number."""
    if kind == EXPRESSION:
        expr = builder.build_expression(key)
        if find_aggregates(expr):
            raise InvalidQuery("A breakdown must be a value of each event, not an aggregate such as count().", path)
        return Call("toString", (expr,)), Call("toFloat", (expr,))
    operand = build_operand(kind, key, EVENTS, builder.context, path)
    return operand.text, operand.number


def _normalize_url(text: Expr) -> Expr:
    """Return a URL without its query string, its fragment and trailing slashes."""
    return Call("replaceRegexpOne", (Call("cutQueryStringAndFragment", (text,)), Constant("[/?#]+$"), Constant("")))


class Bins:
    """Bins of a histogram. Each bin contains its lower edge, and the last bin also contains its upper edge."""

    def __init__(self, edges: Sequence[float]) -> None:
        *lower, last = edges
        self.edges = (*lower, last + _LAST_BIN)

    @property
    def labels(self) -> list[str]:
        pairs = zip(self.edges, self.edges[1:], strict=False)
        return [f"[{format_text(round(low, 6))},{format_text(round(high, 6))}]" for low, high in pairs]

    def build_value(self, number: Expr) -> Expr:
        """Return the label of the bin that contains a number, or BREAKDOWN_NULL if the number is null."""
        branches: list[Expr] = [Compare("==", number, NULL), Constant(BREAKDOWN_NULL)]
        signs = ["<"] * (len(self.labels) - 1) + ["<="]  # `_LAST_BIN` may be lost by rounding
        for label, low, high, sign in zip(self.labels, self.edges, self.edges[1:], signs, strict=False):
            inside = And((Compare(">=", number, Constant(low)), Compare(sign, number, Constant(high))))
            branches += [inside, Constant(label)]
        return Call("multiIf", (*branches, Constant(BREAKDOWN_NULL)))
