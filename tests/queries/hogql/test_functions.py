"""Each function of the allowlist is documented with an example, and the engine returns the documented result."""

import pytest

from queries.hogql.errors import UnknownFunction
from queries.hogql.functions import ALLOWED_FUNCTIONS, Kind, find_allowed_function
from tests.queries.hogql.function_page import compute_answers, read_examples
from tests.queries.hogql.helpers import read
from tests.queries.hogql.store import Store

SOME_AGGREGATES = ["sum", "avg", "min", "max", "any", "count", "uniq", "uniqExact", "groupArray", "median", "argMax"]


def test_page_lists_every_function_once() -> None:
    assert sorted(example.name for example in read_examples()) == sorted(ALLOWED_FUNCTIONS)


def test_examples_use_the_function() -> None:
    assert [example for example in read_examples() if f"{example.name}(" not in example.example] == []


def test_examples_have_their_answers(store: Store) -> None:
    """Compare the results with the page, which `python -m tests.queries.hogql.function_page` updates."""
    assert compute_answers(store) == {example.name: example.answer for example in read_examples()}


@pytest.mark.parametrize("name", SOME_AGGREGATES)
def test_aggregate_functions_have_endings(store: Store, name: str) -> None:
    args = {0: "", 1: "1", 2: "1, 2"}[ALLOWED_FUNCTIONS[name].arg_counts[0]]
    condition = f"{args}, 1 = 1" if args else "1 = 1"
    [[filtered, conditional]] = read(store, f"select {name}({args}) filter (where 1 = 1), {name}If({condition})")
    assert filtered == conditional


def test_endings_are_known_for_aggregates_alone() -> None:
    assert find_allowed_function("sumOrNullIf", None).arg_counts == (2, 2)
    assert find_allowed_function("countDistinctIf", None).kind is Kind.AGGREGATE
    for name in ("lowerIf", "sumIfIfOr", "rankIf", "sumState", "sumMerge", "OrNull"):
        with pytest.raises(UnknownFunction):
            find_allowed_function(name, None)


@pytest.mark.parametrize("name", ["COUNT", "Sum", "TOSTARTOFDAY", "datediff", "DateDiff"])
def test_case_does_not_matter(name: str) -> None:
    assert find_allowed_function(name, None).name.lower() == name.lower()
