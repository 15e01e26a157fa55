"""What is computed first where time is short: a case worked by hand, and what must hold of any plan."""

import heapq

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from itlm_kit.ledger.planning import cheapest, steps, to_begin

# Two gains share their naive cell; the table's figure needs one long cell; all eight need everything.
SECONDS = {"naive": 60, "itlm": 40, "oracle": 30, "long": 100, "lone": 45}
NEEDS = {
    "gain": {"naive", "itlm"},
    "gap": {"naive", "oracle"},
    "figure": {"long"},
    "level": {"lone"},
    "all": {"naive", "itlm", "long"},
}


def test_prices_share_a_cell_among_the_claims_that_lack_it():
    """naive serves three claims, 20 s each; itlm two, 20 s; long two, 50 s: gain costs 40, gap 50, level 45, all 90."""
    assert cheapest(list(NEEDS), NEEDS, SECONDS) == "gain"
    assert cheapest(["gap", "level", "all"], NEEDS, SECONDS) == "level"


def test_the_plan_of_a_case_worked_by_hand():
    """gain (40) first; then gap costs its oracle, 30, before level, 45; long serves two claims and comes last."""
    plan = list(steps(NEEDS, SECONDS, limit=1000))
    assert plan == [
        (["naive", "itlm"], ["gain"], 100),
        (["oracle"], ["gap"], 130),
        (["lone"], ["level"], 175),
        (["long"], ["figure", "all"], 275),
    ]


def test_what_does_not_fit_is_passed_over():
    assert [step.claims for step in steps(NEEDS, SECONDS, limit=95)] == [["level"]]  # gain would take 100
    assert [step.claims for step in steps(NEEDS, SECONDS, limit=145)] == [["gain"], ["gap"]]
    assert list(steps(NEEDS, SECONDS, limit=44)) == []


def test_two_at_once_settle_more():
    """On two cores naive ends at 60, itlm and oracle at 70, lone at 105: beside a limit of 105 all four fit."""
    plan = list(steps(NEEDS, SECONDS, limit=105, jobs=2))
    assert [(step.claims, step.end) for step in plan] == [(["gain"], 60), (["gap"], 70), (["level"], 105)]
    assert "figure" in next(steps({"figure": {"long"}}, SECONDS, limit=100, jobs=2)).claims


def test_what_is_begun_is_the_cheapest_claim_s_cells_that_go_on():
    assert to_begin(NEEDS, SECONDS, {"long", "itlm"}) == ["itlm"]
    assert to_begin(NEEDS, SECONDS, {"long"}) == ["long"]
    assert to_begin(NEEDS, SECONDS, set()) == to_begin({}, SECONDS, {"long"}) == []


CELLS = st.sampled_from("abcdefgh")
CASES = {
    "needs": st.dictionaries(st.integers(0, 30), st.sets(CELLS), max_size=12),
    "seconds": st.fixed_dictionaries({cell: st.floats(0.1, 50) for cell in "abcdefgh"}),
    "limit": st.floats(0, 200),
    "jobs": st.integers(1, 4),
}


@given(**CASES)
@example(needs={0: {"a"}, 1: {"b"}, 2: {"c"}}, seconds=dict.fromkeys("abcdefgh", 6.0), limit=10, jobs=2)
def test_any_plan_ends_in_time_and_each_cell_settles_something(needs, seconds, limit, jobs):
    plan, there = list(steps(needs, seconds, limit=limit, jobs=jobs)), set()
    busy = [0.0] * jobs
    for step in plan:
        assert step.claims and not there & set(step.cells)
        there |= set(step.cells)
        for claim in step.claims:
            assert needs[claim] <= there and needs[claim] & set(step.cells)
        assert set(step.cells) <= set.union(*(needs[claim] for claim in step.claims))
        for cell in step.cells:
            heapq.heapreplace(busy, busy[0] + seconds[cell])
        assert step.end == pytest.approx(max(busy)) and max(busy) <= limit
    settled = [claim for step in plan for claim in step.claims]
    assert len(settled) == len(set(settled))
    assert set(settled) == {claim for claim, cells in needs.items() if cells and cells <= there}


@given(**CASES)
def test_a_plan_stops_only_where_no_claim_is_left_that_fits(needs, seconds, limit, jobs):
    """On one core that is plain: each claim that is left would take longer than what is left of the time."""
    there = {cell for step in steps(needs, seconds, limit=limit) for cell in step.cells}
    time = limit - sum(seconds[cell] for cell in there)
    for cells in needs.values():
        assert cells <= there or sum(seconds[cell] for cell in cells - there) > time - 1e-9


@given(**CASES)
def test_enough_time_settles_all(needs, seconds, limit, jobs):
    plan = list(steps(needs, seconds, limit=10_000, jobs=jobs))
    assert {claim for step in plan for claim in step.claims} == {claim for claim, cells in needs.items() if cells}
