"""The number formats of charts, as set in the query: in full for values, and short for axes. Pure functions."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

# An axis omits longer prefixes and postfixes, because they would leave no space for the chart.
MAX_AXIS_AFFIX = 4
MAX_AFFIX = 24
MAX_DECIMALS = 10
CURRENCY = "$"
NUMERIC = "numeric"
SHORT = "short"
DURATION = "duration"
DURATION_MS = "duration_ms"
PERCENTAGE = "percentage"
PERCENTAGE_SCALED = "percentage_scaled"
CURRENCY_STYLE = "currency"
STYLES = (NUMERIC, SHORT, DURATION, DURATION_MS, PERCENTAGE, PERCENTAGE_SCALED, CURRENCY_STYLE)
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


class NumberFormat(NamedTuple):
    """A format of numbers. If `max_decimals` is None, the number of decimals depends on the size of the number."""

    style: str = NUMERIC
    prefix: str = ""
    postfix: str = ""
    max_decimals: int | None = None
    min_decimals: int = 0

    @property
    def is_percentage(self) -> bool:
        return self.style in (PERCENTAGE, PERCENTAGE_SCALED)

    @property
    def is_duration(self) -> bool:
        return self.style in (DURATION, DURATION_MS)

    def write(self, value: float) -> str:
        """Return a value in full, such as `$1,234.50`."""
        text = self._write_styled(value)
        prefix = "" if self.style == CURRENCY_STYLE and text.startswith(self.prefix) else self.prefix
        return f"{prefix}{text}{self.postfix}"

    def write_short(self, value: float) -> str:
        """Return a short value for an axis, such as `$1.2K`."""
        text = self._write_styled(value) if self.is_duration else self._shorten(value)
        prefix, postfix = ("" if len(affix) > MAX_AXIS_AFFIX else affix for affix in (self.prefix, self.postfix))
        prefix = "" if text.startswith(prefix) and self.style == CURRENCY_STYLE else prefix
        return f"{prefix}{text}{postfix}"

    def _shorten(self, value: float) -> str:
        if self.is_percentage:
            return f"{format_short(value * self._get_scale())}%"
        symbol = CURRENCY if self.style == CURRENCY_STYLE else ""
        return f"{get_sign(value)}{symbol}{format_short(abs(value))}"

    def _write_styled(self, value: float) -> str:
        if self.is_duration:
            return format_duration(value / (1000 if self.style == DURATION_MS else 1))
        if self.is_percentage:
            return f"{self._write_decimals(value * self._get_scale())}%"
        if self.style == CURRENCY_STYLE:
            decimals = 2 if self.max_decimals is None else self.max_decimals
            return f"{get_sign(value)}{CURRENCY}{abs(value):,.{decimals}f}"
        return format_short(value) if self.style == SHORT else self._write_decimals(value)

    def _get_scale(self) -> int:
        return 100 if self.style == PERCENTAGE_SCALED else 1

    def _write_decimals(self, value: float) -> str:
        """Return a number with the decimals of the format, without trailing zeros beyond the minimum."""
        if self.max_decimals is None and not self.min_decimals:
            return format_number(value)
        most = max(self.min_decimals, 2 if self.max_decimals is None else self.max_decimals)
        whole, _, decimals = f"{value:,.{most}f}".partition(".")
        decimals = decimals.rstrip("0").ljust(self.min_decimals, "0")
        return f"{whole}.{decimals}" if decimals else whole


PLAIN = NumberFormat()
PERCENT = NumberFormat(PERCENTAGE, max_decimals=1)
SECONDS = NumberFormat(DURATION)


def read_trends_format(options: Mapping[str, Any]) -> NumberFormat:
    """Return the number format in the filter of a query, such as `trendsFilter`."""
    style = options.get("aggregationAxisFormat")
    return NumberFormat(
        style if style in STYLES else NUMERIC,
        read_affix(options.get("aggregationAxisPrefix")),
        read_affix(options.get("aggregationAxisPostfix")),
        read_decimals(options.get("decimalPlaces")),
        read_decimals(options.get("minDecimalPlaces")) or 0,
    )


def read_column_format(settings: Any) -> NumberFormat:
    """Return the number format of an SQL column, from `formatting` in the settings of its axis."""
    formatting = settings.get("formatting") if isinstance(settings, dict) else None
    if not isinstance(formatting, dict):
        return PLAIN
    style = {"percent": PERCENTAGE, "short": SHORT}.get(str(formatting.get("style")), NUMERIC)
    prefix, suffix = (read_affix(formatting.get(name)) for name in ("prefix", "suffix"))
    return NumberFormat(style, prefix, suffix, read_decimals(formatting.get("decimalPlaces")))


def read_affix(value: Any) -> str:
    return value[:MAX_AFFIX] if isinstance(value, str) else ""


def read_decimals(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_DECIMALS
    return value if is_number else None


def get_sign(value: float) -> str:
    return "-" if value < 0 else ""


def format_number(value: float) -> str:
    """Return a number with separators, and at most two decimals or, below 1, three significant digits."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value) or value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"


def format_short(value: float) -> str:
    """Return an abbreviated number for humans, such as `1.5K` for 1500."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units, such as `1h 5m`, or in seconds or milliseconds if it is short."""
    size = abs(seconds)
    if not math.isfinite(size):
        return "unknown"
    if 0 < size < 1:
        return f"{get_sign(seconds)}{size * 1000:.3g}ms"
    if size < 60:
        return f"{get_sign(seconds)}{size:.1f}".removesuffix(".0") + "s"
    place = next(index for index, (length, _) in enumerate(_UNITS) if size >= length)
    (length, unit), (shorter, next_unit) = _UNITS[place], _UNITS[place + 1]
    rest = round(size / shorter)
    whole, rest = divmod(rest, length // shorter)
    return f"{get_sign(seconds)}{whole:,}{unit}" + (f" {rest}{next_unit}" if rest else "")


def format_share(value: float, whole: float) -> str:
    """Return a share as a percentage, or `<1%` for small positive shares, and `>99%` for shares just below 100%."""
    if not whole:
        return ""
    share = value / whole
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"
