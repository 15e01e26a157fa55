"""A figure over seeds is told in one way."""

import math

import pytest

from itlm_kit.experiments.spread import over_seeds


def test_by_hand():
    assert over_seeds([3.0, 1.0, 10.0]) == (3.0, 1.0, 10.0, 3)
    assert over_seeds(iter([1, 2])) == (1.5, 1.0, 2.0, 2)
    found = over_seeds([])
    assert math.isnan(found.median) and found.seeds == 0


@pytest.mark.parametrize(
    "values, text",
    [([87.25, 86.1, 88.0], "87.25 (86.1 to 88)"), ([5.0], "5"), ([5.0, 5.0], "5"), ([0.00012345], "0.0001234")],
)
def test_in_words(values, text):
    assert str(over_seeds(values)) == text
