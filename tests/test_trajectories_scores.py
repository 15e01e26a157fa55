"""Scores by hand, against the package that AUM comes with, and of recordings that lack something."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from itlm_kit import InputError, TrajectoryRecorder
from itlm_kit.trajectories import SCORES, recorded_scores

NAN, INF = np.nan, np.inf
# Five samples by column: learnt at once; learnt late; learnt, forgotten, learnt, forgotten; never learnt; never seen.
CORRECT = [[1, 0, 1, 0, NAN], [1, 0, 0, 0, NAN], [1, NAN, 1, 0, NAN], [1, 1, 0, NAN, NAN]]
# Values that are mean, and spread, of themselves: constant; rising; with a gap; seen once; never seen.
VALUES = [[2.0, 0.0, 1.0, NAN, NAN], [2.0, 1.0, NAN, NAN, NAN], [2.0, 2.0, 3.0, -4.0, NAN]]
BY_HAND = {
    "last_loss": (VALUES, [2, 2, 3, -4, NAN]),
    "mean_loss": (VALUES, [2, 1, 2, -4, NAN]),
    "aum": (VALUES, [-2, -1, -2, 4, NAN]),
    "forgetting": (CORRECT, [0, 0, 2, INF, NAN]),
    "low_confidence": (VALUES, [-1, 0, -1, 5, NAN]),
    "low_variability": (VALUES, [0, -np.sqrt(2 / 3), -1, 0, NAN]),
    "first_learned": (CORRECT, [0, 3, 0, INF, NAN]),
}


@pytest.mark.parametrize("name", SCORES)
def test_by_hand(name):
    rows, expected = BY_HAND[name]
    np.testing.assert_allclose(SCORES[name](np.array(rows)), expected)


# Six samples by column, in three epochs: clean; infinite at first, in between, at last; always; never seen.
INFINITE = np.array([[1, INF, 1, 1, INF, NAN], [1, 1, INF, 1, INF, NAN], [1, 1, 1, INF, INF, NAN]])


@pytest.mark.parametrize("name", ["last_loss", "mean_loss", "aum"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_label_of_probability_zero_is_the_most_suspicious(name):
    rows = -INFINITE if name == "aum" else INFINITE
    expected = {"last_loss": [1, 1, 1, INF, INF, NAN], "mean_loss": [1, INF, INF, INF, INF, NAN]}
    np.testing.assert_array_equal(SCORES[name](rows), expected.get(name, expected["mean_loss"]))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_of_infinite_margins_the_suspicious_one_counts():
    rows = np.array([[INF, INF, -INF, INF], [INF, -INF, INF, 1], [INF, INF, 0, NAN]])
    np.testing.assert_array_equal(SCORES["aum"](rows), [-INF, INF, INF, -INF])


@pytest.mark.parametrize("name", [name for name in SCORES if name != "low_variability"])
@pytest.mark.filterwarnings("ignore:a loss that is no number")
@pytest.mark.parametrize("row", [[-INF, 0], [NAN, 0], [0, INF]])
def test_every_score_puts_infinite_losses_first(name, row):
    """Among samples learnt sooner or later. Low variability alone looks at how the losses change, not how large."""
    recorder, labels = TrajectoryRecorder(4, 3), np.zeros(4, int)
    for epoch in range(3):
        learnt = [[3.0, 0], [epoch, 0.5], [epoch - 1.5, 0]]
        recorder.record_logits(epoch, np.arange(4), [*learnt, row], labels)
    score = SCORES[name](recorder)
    assert score.argmax() == 3 and (score[3] == INF or name == "low_confidence") and not np.isnan(score).any()
    assert SCORES["low_variability"](recorder)[3] == 0


@pytest.mark.parametrize("name", SCORES)
def test_the_score_of_an_epoch_knows_that_epoch_and_those_before(name):
    rows = np.array(BY_HAND[name][0])
    after_each = list(SCORES[name].by_epoch(rows))
    assert len(after_each) == len(rows)
    for epochs, values in enumerate(after_each, start=1):
        np.testing.assert_array_equal(values, SCORES[name](rows[:epochs]))
        np.testing.assert_array_equal(values, SCORES[name](rows, epochs=epochs))


@pytest.mark.parametrize("name", SCORES)
def test_a_bad_sample_among_clean_ones_is_the_most_suspicious(name):
    """One convention for all: the sample that is learnt last, and half-heartedly, comes first."""
    recorder, labels = TrajectoryRecorder(4, 5), np.zeros(4, int)
    for epoch in range(5):
        certainty = np.array([4.0, 4.0, -3.0, 4.0]) * (epoch + 1) / 5 - (epoch == 0)
        recorder.record_logits(epoch, np.arange(4), np.stack([certainty, np.zeros(4)], 1), labels)
    assert SCORES[name](recorder).argmax() == 2


def test_training_that_stopped_early_is_scored_by_what_was_seen():
    recorder = TrajectoryRecorder(2, 9)
    recorder.record(0, [0, 1], [1.0, 2.0], [1, 0])
    recorder.record(1, [0], [3.0], [1])
    np.testing.assert_array_equal(SCORES["last_loss"](recorder), [3, NAN])
    np.testing.assert_array_equal(SCORES["mean_loss"](recorder), [2, 2])


@given(arrays(np.float32, (6, 4), elements=st.floats(-5, 5, width=32) | st.just(NAN)))
def test_means_and_spreads_are_numpys(rows):
    seen = ~np.isnan(rows)
    by_hand = [rows[seen[:, i], i].astype(float) for i in range(4)]
    mean, spread = np.array([(c.mean(), c.std()) if c.size else (NAN, NAN) for c in by_hand]).T
    np.testing.assert_allclose(SCORES["mean_loss"](rows), mean, atol=1e-12)
    np.testing.assert_allclose(-SCORES["low_variability"](rows), spread, atol=1e-12)


@given(st.permutations(range(4)), arrays(np.int8, (5, 4), elements=st.sampled_from([0, 1])))
def test_scores_go_with_their_samples(order, rows):
    for score in SCORES.values():
        np.testing.assert_array_equal(score(rows[:, order]), score(rows)[order])


def test_a_recording_on_disk_is_scored_as_one_in_memory(tmp_path):
    rng, recorders = np.random.default_rng(0), [TrajectoryRecorder(6, 3), TrajectoryRecorder(6, 3, tmp_path)]
    for epoch in range(3):
        logits, labels = rng.standard_normal((6, 3)), np.arange(6) % 3
        for recorder in recorders:
            recorder.record_logits(epoch, np.arange(6), logits, labels)
    for score in SCORES.values():
        np.testing.assert_array_equal(score(recorders[0]), score(TrajectoryRecorder.load(tmp_path)))


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory):
    n, folder = 20_000, tmp_path_factory.mktemp("long")
    recorder = TrajectoryRecorder(n, 60, folder)
    for epoch in range(60):
        recorder.record(epoch, np.arange(n), *np.random.default_rng(epoch).integers(0, 2, (5, n)))
    return TrajectoryRecorder.load(folder)


@pytest.mark.parametrize("name", SCORES)
def test_a_long_recording_is_scored_in_the_memory_of_a_few_rows(name, long_recording):
    tracemalloc.start()
    SCORES[name](long_recording)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 8 * long_recording.n  # of 60 rows


def test_what_was_not_recorded_is_said():
    recorder = TrajectoryRecorder(2, 2)
    recorder.record(0, [0, 1], [1.0, 2.0], [1, 0])
    assert recorded_scores(recorder) == ["last_loss", "mean_loss", "forgetting", "first_learned"]
    with pytest.raises(InputError, match="aum needs margin, not in this recording. Record with record_logits"):
        SCORES["aum"](recorder)
    with pytest.raises(InputError, match="mean_loss needs losses"):
        SCORES["mean_loss"](TrajectoryRecorder(2, 2))


@pytest.mark.parametrize("shape", [(2, 2, 2), (0,), (0, 3), ()])
def test_other_shapes_are_refused(shape):
    if shape == ():  # one number is a recording of one sample in one epoch
        assert SCORES["mean_loss"](3.0).tolist() == [3]
        return
    with pytest.raises(InputError, match=r"losses must have shape \(n,\) or \(epochs, n\)"):
        SCORES["mean_loss"](np.zeros(shape))


@pytest.mark.parametrize("rows", [["a", "b"], [[1.0, 2.0], [1.0]], None, [1j, 2.0]])
def test_what_holds_no_numbers_is_refused(rows):
    with pytest.raises(InputError, match="losses must (be real numbers|have one shape)"):
        SCORES["mean_loss"](rows)


@pytest.mark.parametrize("epochs", [0, 1.5, "2"])
def test_epochs_are_a_whole_number(epochs):
    with pytest.raises(InputError, match="epochs must be a whole number of at least 1"):
        SCORES["mean_loss"](np.zeros((2, 3)), epochs=epochs)


def test_aum_is_that_of_its_authors(tmp_path):
    authors = pytest.importorskip("aum", reason="the package aum is not installed: pip install itlm_kit[tests]")
    calculator, recorder = authors.AUMCalculator(tmp_path), TrajectoryRecorder(30, 4)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 30)
    for epoch in range(4):
        for index in np.array_split(rng.permutation(30), 3):
            logits = torch.tensor(rng.standard_normal((10, 5)), dtype=torch.float32)
            calculator.update(logits, torch.tensor(labels[index]), index.tolist())
            recorder.record_logits(epoch, index, logits, labels[index])
    theirs = [calculator.sums[i] / calculator.counts[i] for i in range(30)]
    np.testing.assert_allclose(-SCORES["aum"](recorder), theirs, rtol=1e-5, atol=1e-6)
