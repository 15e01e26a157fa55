"""Names at the ends of lines: moved apart, in their order, no more than need be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itlm_kit.plots.labels import share_of, spread


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_names_are_moved_apart_in_their_order_and_no_more_than_need_be(heights):
    placed = np.array(spread(heights, gap=0.1))
    assert (np.diff(np.sort(placed)) > 0.1 - 1e-9).all()
    order = np.argsort(heights, kind="stable")
    assert (np.diff(placed[order]) > 0).all()
    apart = np.sort(heights)
    if (np.diff(apart) >= 0.1).all():
        assert placed == pytest.approx(heights)
    assert placed.mean() == pytest.approx(np.mean(heights))


def test_heights_on_a_log_axis():
    assert share_of(0.1, (0.01, 1.0), log=True) == pytest.approx(0.5)
    assert share_of(2.0, (0.01, 1.0), log=True) == 1 and share_of(0.2, (0.0, 1.0)) == pytest.approx(0.2)
