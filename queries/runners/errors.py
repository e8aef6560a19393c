"""Errors in the JSON of a query. Errors in the text of HogQL are in queries/hogql/errors.py."""

from collections.abc import Iterable

from dashboards_api.choices import build_invalid_choice_message
from dashboards_api.errors import DomainError
from queries.hogql.errors import NAME_MAX_LENGTH, HogQLError

Path = tuple[str | int, ...]


class UnsupportedQueryKind(DomainError):
    """A kind of query that this service does not compute."""

    code = "unsupported_query_kind"

    def __init__(self, kind: str) -> None:
        super().__init__(f'Queries of the kind "{kind[:NAME_MAX_LENGTH]}" are not supported.', attr="query")


class InvalidQuery(HogQLError):
    """An invalid value in the JSON of a query. `path` is the path of the value in the query."""

    def __init__(self, detail: str, path: Path = ()) -> None:
        super().__init__(detail)
        self.attr = "__".join(["query", *(str(part)[:NAME_MAX_LENGTH] for part in path)])


class UnsupportedFilter(InvalidQuery):
    """A property filter with a type or an operator that this service does not support."""

    code = "unsupported_filter"

    def __init__(self, value: str, known: Iterable[str], path: Path) -> None:
        super().__init__(build_invalid_choice_message(value, known), path)


class UnsupportedPart(InvalidQuery):
    """A part of a query that this service does not compute, such as a series of actions."""

    code = "unsupported_query_part"

    def __init__(self, part: str, path: Path) -> None:
        super().__init__(f"{part} not supported.", path)
