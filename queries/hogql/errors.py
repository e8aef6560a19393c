"""Errors of a query. `code` is for programs; `span` is the faulty part of the text, counted in characters."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from dashboards_api.choices import find_closest_match
from dashboards_api.errors import DomainError

NAME_MAX_LENGTH = 80  # characters of an unknown name that an error repeats


class Span(NamedTuple):
    """A part of the text: the offsets of its first character and of the character after its end."""

    start: int
    end: int

    def find_line(self, text: str) -> tuple[int, int]:
        """Return the line and the column at which the part starts, both counted from 1."""
        before = text[: self.start]
        return before.count("\n") + 1, self.start - (before.rfind("\n") + 1) + 1


class HogQLError(DomainError):
    """A query that cannot be run."""

    code = "invalid_query"

    def __init__(self, detail: str, *, span: Span | None = None) -> None:
        super().__init__(detail, attr="query")
        self.span = span


class ParserUnavailable(HogQLError):
    """The error for a parser that is not installed or does not start. The query may be valid."""

    code = "engine_unavailable"


class InvalidSyntax(HogQLError):
    """A string that is not HogQL."""

    code = "invalid_syntax"


class UnsupportedSyntax(HogQLError):
    """A feature of HogQL that this service does not support."""

    code = "unsupported_syntax"


class QueryTooComplex(HogQLError):
    """A query that is longer, deeper or larger than allowed."""

    code = "query_too_complex"


@contextmanager
def refuse_deep_recursion() -> Iterator[None]:
    """Raise QueryTooComplex for a RecursionError in the block, because a long chain of operators is a deep tree."""
    try:
        yield
    except RecursionError:
        raise QueryTooComplex("The query has too long a chain of operators, or is nested too deeply.") from None


class InvalidArguments(HogQLError):
    """A function call with the wrong number or kind of arguments."""

    code = "invalid_arguments"


class InvalidValue(HogQLError):
    """A constant that is invalid in its position, such as a malformed date."""

    code = "invalid_value"


class AmbiguousColumn(HogQLError):
    """A column name that exists in more than one table of the query."""

    code = "ambiguous_column"


class UnknownName(HogQLError):
    """An unknown name. `nearest` is the most similar known name, or None."""

    kind = "name"

    def __init__(self, name: str, known: Iterable[str], *, span: Span | None = None) -> None:
        self.name = name[:NAME_MAX_LENGTH]
        self.nearest = find_closest_match(self.name, known)
        guess = f' Did you mean "{self.nearest}"?' if self.nearest else ""
        super().__init__(f'Unknown {self.kind} "{self.name}".{guess}', span=span)


class UnknownFunction(UnknownName):
    """A function that is not in the allowlist."""

    code = "unknown_function"
    kind = "function"


class UnknownTable(UnknownName):
    """A table that does not exist in the project."""

    code = "unknown_table"
    kind = "table"


class UnknownColumn(UnknownName):
    """A column that does not exist in the tables of the query."""

    code = "unknown_column"
    kind = "column"


class UnknownPlaceholder(UnknownName):
    """A placeholder without a value."""

    code = "unknown_placeholder"
    kind = "placeholder"


class UnknownTimeZone(UnknownName):
    """A time zone that is not in the time zone database."""

    code = "unknown_time_zone"
    kind = "time zone"
