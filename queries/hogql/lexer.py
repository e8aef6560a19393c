"""Checks of source text before parsing, because the parser crashes on some input and is slow on other input."""

import re
from collections.abc import Iterator
from itertools import pairwise

from queries.hogql.errors import InvalidSyntax, QueryTooComplex, Span, UnsupportedSyntax

TEXT_MAX_LENGTH = 65_536  # characters
MAX_TOKENS = 12_000
# The parser crashes on chains of about ten thousand operators, and its time is quadratic in their length.
MAX_OPERATORS = 1_000
MAX_NESTING = 60

TOKEN = re.compile(
    r"""
      (?P<skipped> \s+ | --[^\n]* | //[^\n]* | \#!?[ ][^\n]* | /\*.*?\*/ )
    | (?P<quoted> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*` )
    | (?P<number> \d[\w.]* )
    | (?P<word> [A-Za-z_$][\w$]* )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<operator> <=>|->|::|\|\||[<>=!]=|<>|=~\*?|!~\*?|\?\?|\?\.|[-+*/%<>=!?] )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
WORD_OPERATORS = frozenset({"and", "or", "not", "like", "ilike", "in", "is", "between", "case", "interval"})
# The parser accepts these words but drops them from the tree, so the query would run as if they were absent.
DROPPED = (("with", "totals"), ("nulls", "first"), ("ignore", "nulls"), ("respect", "nulls"))


def check_text(text: str) -> None:
    """Check that source text is safe for the parser. Raises HogQLError."""
    if len(text) > TEXT_MAX_LENGTH:
        raise QueryTooComplex(f"The query has {len(text):,} characters; at most {TEXT_MAX_LENGTH:,} are allowed.")
    if "\0" in text:
        raise InvalidSyntax("The query contains a null character.", span=Span(text.index("\0"), text.index("\0") + 1))
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InvalidSyntax("The query contains a lone surrogate, which is not a character.")
    tokens = list(_find_tokens(text))
    if len(tokens) > MAX_TOKENS:
        raise QueryTooComplex(f"The query has {len(tokens):,} tokens; at most {MAX_TOKENS:,} are allowed.")
    operators = sum(_is_operator(token) for token in tokens)
    if operators > MAX_OPERATORS:
        raise QueryTooComplex(f"The query has {operators:,} operators; at most {MAX_OPERATORS:,} are allowed.")
    _check_nesting(tokens)
    _check_dropped_words(tokens)


def find_phrases(text: str, first: str, second: str) -> list[Span]:
    """Return the positions of a phrase of two words, such as ORDER BY."""
    return [
        Span(left.start(), right.end())
        for left, right in pairwise(_find_tokens(text))
        if (left.group().lower(), right.group().lower()) == (first, second) and right.lastgroup == "word"
    ]


def _find_tokens(text: str) -> Iterator[re.Match[str]]:
    return (token for token in TOKEN.finditer(text) if token.lastgroup != "skipped")


def _is_operator(token: re.Match[str]) -> bool:
    return token.lastgroup == "operator" or (token.lastgroup == "word" and token.group().lower() in WORD_OPERATORS)


def _check_nesting(tokens: list[re.Match[str]]) -> None:
    depth = 0
    for token in tokens:
        depth += {"open": 1, "close": -1}.get(token.lastgroup or "", 0)
        if depth > MAX_NESTING:
            raise QueryTooComplex(f"The query is nested deeper than {MAX_NESTING} levels.", span=Span(*token.span()))


def _check_dropped_words(tokens: list[re.Match[str]]) -> None:
    for first, second in pairwise(tokens):
        words = (first.group().lower(), second.group().lower())
        if words in DROPPED and first.lastgroup == second.lastgroup == "word":
            span = Span(first.start(), second.end())
            raise UnsupportedSyntax(f"{' '.join(words).upper()} is not supported.", span=span)
