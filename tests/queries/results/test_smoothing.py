"""Moving averages of trends."""

import pytest

from queries.results.trends import smooth


@pytest.mark.parametrize(
    ("numbers", "width", "averages"),
    [
        ([3, 1, 2, 10], 2, [3, 2, 1, 6]),
        ([-1, -2], 2, [-1, -2]),
        ([0.1 * 3 * 10 - 4e-16, 3], 2, [3, 3]),
        ([2.9999999, 3], 1, [2, 3]),
        ([], 5, []),
    ],
)
def test_averages_are_rounded_down(numbers: list[float], width: int, averages: list[int]) -> None:
    assert smooth(numbers, width) == averages
