"""Unit tests of the tools of the security tests. `make security` runs the stages."""

import tomllib

import pytest

from tests.security.mutants import LIST, load_mutants
from tests.security.timing import Comparison, compute_p_value


def test_separate_samples_are_significant() -> None:
    low, high = [float(number) for number in range(10)], [float(number) for number in range(10, 20)]
    assert compute_p_value(low, high) == pytest.approx(0.000157, rel=0.01)
    assert compute_p_value(high, low) == compute_p_value(low, high)


def test_alternating_samples_are_not_significant() -> None:
    even, odd = [float(number) for number in range(0, 40, 2)], [float(number) for number in range(1, 40, 2)]
    assert compute_p_value(even, odd) == pytest.approx(0.787, abs=0.01)


@pytest.mark.parametrize(
    ("first", "second", "p", "expected"),
    [(500, 560, 0.0005, True), (560, 500, 0.0005, True), (500, 560, 0.01, False), (500, 540, 0.0005, False)],
)
def test_difference_must_exceed_a_tenth_and_chance(first: float, second: float, p: float, *, expected: bool) -> None:
    assert Comparison(first, second, p).is_distinguishable is expected


@pytest.mark.parametrize("name", tomllib.loads(LIST.read_text()))
def test_each_mutant_applies_to_the_tree(name: str) -> None:
    """Fail early, before the next run of the stage `mutants`, if code that a mutant replaces has changed."""
    [mutant] = load_mutants({name: tomllib.loads(LIST.read_text())[name]})
    assert mutant.tests
