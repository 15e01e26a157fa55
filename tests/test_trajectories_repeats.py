"""Samples that come more than once in an epoch: the values that count, by hand, and that it is said once."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from silence import no_warnings

from itlm_kit import InputError, TrajectoryRecorder

INF, NAN = np.inf, np.nan
FIELDS = ("losses", "correct", "margin", "confidence", "called")
# Sample 2 three times in one batch and once in the next, 0 once in each, 1 once.
BATCHES = [
    dict(index=[2, 0, 2, 2], loss=[1, 5, 3, 2], correct=[1, 0, 0, 1], margin=[4, 0, -2, 1], called=[7, 7, 8, 7],
         confidence=[0.5, 0.1, 0.25, 0.25]),
    dict(index=[0, 1, 2], loss=[2, 6, 6], correct=[1, 1, 0], margin=[3, 1, -7], called=[1, 2, 3],
         confidence=[0.3, 0.9, 0]),
]  # fmt: skip
BY_HAND = {
    "last": dict(losses=[2, 6, 6], correct=[1, 1, 0], margin=[3, 1, -7], confidence=[0.3, 0.9, 0], called=[1, 2, 3]),
    "mean": dict(losses=[3.5, 6, 3], correct=[1, 1, 0], margin=[1.5, 1, -1], confidence=[0.2, 0.9, 0.25],
                 called=[1, 2, 3]),
}  # fmt: skip


@pytest.fixture(params=["memory", "disk"])
def make(request, tmp_path):
    return lambda *size, **how: TrajectoryRecorder(*size, tmp_path if request.param == "disk" else None, **how)


@pytest.mark.parametrize("repeats", BY_HAND)
@pytest.mark.parametrize("before", [0, 1, 2])
def test_what_counts_by_hand(make, repeats, before):
    recorder = make(4, 1, repeats=repeats)
    for epoch in range(before + 1):  # each epoch anew
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for batch in BATCHES:
                recorder.record(epoch, **batch)
        for field, expected in BY_HAND[repeats].items():
            np.testing.assert_allclose(getattr(recorder, field)[epoch], [*expected, NAN], rtol=1e-6)


@pytest.mark.parametrize("index, batches", [([0, 0], 1), ([0], 2)])
def test_it_is_said_once_which_rule_counts(index, batches):
    recorder = TrajectoryRecorder(2, 1, repeats="mean")
    values = np.ones(len(index))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for epoch in (0, 1, 2):
            for _ in range(batches):
                recorder.record_logits(epoch, index, np.zeros((len(index), 2)), values.astype(int))
    (only,) = told
    assert str(only.message) == (
        "sample 0 came more than once in epoch 0; by repeats='mean' the mean of its values counts. "
        "The rules are: last, mean."
    )
    assert only.filename == __file__


def test_nothing_is_said_where_nothing_repeats():
    recorder = TrajectoryRecorder(4, 2)
    with no_warnings():
        for epoch in range(3):
            for index in ([0, 3], [1, 2]):
                recorder.record(epoch, index, [1, 1], [1, 1])


def test_a_rule_that_is_none_is_named():
    with pytest.raises(InputError, match="repeats must be one of last, mean; got 'first'"):
        TrajectoryRecorder(2, 1, repeats="first")


@pytest.mark.filterwarnings("ignore:sample .* came more than once", "ignore:a loss that is no number")
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_means_of_infinite_values_are_infinite_and_of_unknown_ones_those_known():
    recorder = TrajectoryRecorder(5, 1, repeats="mean")
    recorder.record(0, [0, 1, 2, 3, 4], [INF, 1, 1, NAN, 2], np.ones(5), margin=[INF, INF, 1, NAN, NAN])
    recorder.record(0, [0, 1, 2, 3, 4], [1, 1, 3, 1, 2], np.ones(5), margin=[-INF, 1, NAN, 3, NAN])
    recorder.record(0, [0, 1, 2, 3, 4], [1, 1, 2, 1, 2], np.ones(5))
    recorder.record(0, [0, 3], [1, 1], np.ones(2), margin=[0, 1])
    np.testing.assert_array_equal(recorder.losses, [[INF, 1, 2, INF, 2]])
    np.testing.assert_array_equal(recorder.margin, [[-INF, INF, 1, 2, NAN]])


@pytest.mark.filterwarnings("ignore:sample .* came more than once")
def test_the_rule_goes_on_after_a_cut(tmp_path):
    TrajectoryRecorder(1, 1, tmp_path, repeats="mean").record(0, [0], [9.0], [1])
    recorder = TrajectoryRecorder.resume(tmp_path)
    recorder.record(0, [0, 0], [1.0, 3.0], [1, 1])
    recorder.record(0, [0], [5.0], [1])
    assert recorder.repeats == "mean" and recorder.losses.tolist() == [[3]]


BATCH = st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9, width=32)), max_size=8)


@given(st.lists(BATCH, max_size=4))
@pytest.mark.filterwarnings("ignore:sample .* came more than once")
def test_any_batches_count_as_their_samples_do_alone(batches):
    recorders = {rule: TrajectoryRecorder(4, 1, repeats=rule) for rule in ("last", "mean")}
    for recorder in recorders.values():
        recorder.record(0, np.zeros(0, int), [], [])
        for batch in batches:
            index, losses = np.array(batch, float).reshape(-1, 2).T
            recorder.record(0, index.astype(int), losses, np.ones(len(batch)))
    values = [[loss for batch in batches for i, loss in batch if i == sample] for sample in range(4)]
    by_rule = {"last": lambda own: own[-1], "mean": np.mean}
    for rule, count in by_rule.items():
        expected = [count(own) if own else NAN for own in values]
        np.testing.assert_allclose(recorders[rule].losses[0], expected, rtol=1e-5, atol=1e-5)
