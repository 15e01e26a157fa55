"""When shared work ends: a case worked by hand, every way to share a few pieces out, and bounds that must hold."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from itlm_kit.experiments.scheduling import makespan, placed

SECONDS = st.lists(st.floats(0, 1000), max_size=30)


def test_a_case_worked_by_hand():
    """7, 5, 4, 4, 3 on two: 7 and 5; 4 on the second (9), 4 on the first (11), 3 on the second (12)."""
    assert makespan([4, 3, 7, 4, 5], 2) == 12
    assert [makespan([4, 3, 7, 4, 5], workers) for workers in (1, 3, 5, 100)] == [23, 8, 7, 7]
    assert makespan([], 8) == 0 and makespan([1], 10**12) == 1


def test_pieces_are_placed_in_the_order_given_on_who_is_free_first():
    assert placed([0, 2], [1, 5, 1]) == [3, 6]  # 1 and 5 on the first, the last on the second


@settings(deadline=None)
@given(seconds=SECONDS, workers=st.integers(1, 120))
def test_no_piece_is_split_and_no_worker_waits(seconds, workers):
    end, longest, share = makespan(seconds, workers), max(seconds, default=0), sum(seconds) / workers
    assert max(longest, share) <= end * (1 + 1e-9) and end <= (share + longest) * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(seconds=st.lists(st.integers(1, 20), min_size=1, max_size=6), workers=st.integers(1, 3))
def test_it_ends_within_four_thirds_of_the_best_way_there_is(seconds, workers):
    ways = product(range(workers), repeat=len(seconds))
    best = min(
        max(sum(s for s, w in zip(seconds, way, strict=True) if w == at) for at in range(workers)) for way in ways
    )
    assert best <= makespan(seconds, workers) <= best * (4 / 3)
