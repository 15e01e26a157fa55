"""ROC curves of scores, and the experiment that follows them epoch by epoch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from published import STORE
from sklearn.metrics import roc_auc_score

from itlm_kit import InputError, TrajectoryRecorder
from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import scores
from itlm_kit.chapters.labels.methods import RATES
from itlm_kit.chapters.labels.mnist import run_figure1
from itlm_kit.chapters.labels.scores import by_score, run_scores
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import Result, results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where
from itlm_kit.trajectories import SCORES
from itlm_kit.trajectories.separation import auc, auc_by_epoch, roc
from itlm_kit.vision.recording import by_epoch

EXPERIMENT = get_experiment("scores")
CELL = {"data": "digits", "share": 1.0, "net": "two-layer-cnn", "protocol": "last", "noise": "systematic", "clean": 0.6}
BAD = np.array([True, False, True, False, False])
SCORE = np.array([np.inf, 2.0, 2.0, 1.0, np.nan])  # the last one was never seen
SHORT = replace(EXPERIMENT.recipe(CELL), epochs=3)  # enough for what is bit-exact, not for what is learnt


# ROC curves


def test_auc_by_hand():
    """Of the four pairs of bad and clean that are known, three are won and one is a tie."""
    assert auc(SCORE, ~BAD) == (3 + 0.5) / 4
    assert np.isnan(auc(SCORE, np.ones(5, bool))) and np.isnan(auc(SCORE[:1], ~BAD[:1]))


def test_roc_by_hand():
    curve = roc(SCORE, ~BAD)
    assert curve.bad.tolist() == [0, 0.5, 1, 1] and curve.clean.tolist() == [0, 0, 0.5, 1]
    assert curve.index.tolist() == [-1, 0, 2, 3]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=30))
def test_the_area_under_the_curve_is_the_auc(pairs):
    score, is_clean = (np.array(column) for column in zip(*pairs, strict=True))
    curve = roc(score, is_clean)
    assert (np.diff(curve.bad) >= 0).all() and (np.diff(curve.clean) >= 0).all()
    if 0 < is_clean.sum() < len(pairs):
        assert np.trapezoid(curve.bad, curve.clean) == pytest.approx(auc(score, is_clean))
        assert auc(score, is_clean) == pytest.approx(roc_auc_score(~is_clean, score))


def test_each_epoch_is_judged_by_what_was_known_then():
    recorder, is_clean = TrajectoryRecorder(4, 2), np.array([True, True, False, False])
    recorder.record_logits(0, np.arange(4), [[2.0, 0], [0, 1], [1, 0], [0, 3]], np.zeros(4, int))
    first = auc_by_epoch(recorder, is_clean, ["mean_loss", "first_learned"])[0]
    recorder.record_logits(1, np.arange(4), [[9.0, 0], [9, 0], [0, 9], [0, 9]], np.zeros(4, int))
    rows = auc_by_epoch(recorder, is_clean, ["mean_loss", "first_learned"])
    assert rows == [first, {"epoch": 1, "mean_loss": 1.0, "first_learned": 0.625}]
    assert first == {"epoch": 0, "mean_loss": 0.75, "first_learned": 0.5}
    assert set(auc_by_epoch(recorder, is_clean)[0]) == {"epoch", *SCORES}


@pytest.mark.parametrize("is_clean", [np.ones(4, bool), np.ones(5), np.ones((5, 1), bool)])
def test_a_truth_that_does_not_fit_is_refused(is_clean):
    for judge in (auc, roc):
        with pytest.raises(InputError, match=r"is_clean must be bool of shape \(5,\)"):
            judge(SCORE, is_clean)


# The experiment


def test_cells_are_all_settings_of_table_1():
    for profile, data in (("quick", "digits"), ("full", "mnist")):
        cells = EXPERIMENT.cells(profile)
        assert {(c["noise"], c["clean"]) for c in cells} == {(k, c) for k, v in RATES.items() for c in v}
        assert len(cells) == 8 and {c["data"] for c in cells} == {data}


def test_a_cell_has_every_score_in_every_epoch():
    rows = run_scores(CELL, SHORT, 0, Where()).metrics["rounds"]
    assert [row["epoch"] for row in rows] == [0, 1, 2] and all(set(row) == {"epoch", *SCORES} for row in rows)


def test_the_loss_of_an_epoch_is_judged_as_in_figure_1():
    assert EXPERIMENT.recipe(CELL) == get_experiment("fig1b").recipe(CELL)
    figure1 = run_figure1(CELL, SHORT, 0, Where()).metrics["rounds"]
    here = run_scores(CELL, SHORT, 0, Where()).metrics["rounds"]
    assert [row["last_loss"] for row in here] == [row["auc"] for row in figure1]


def test_scores_do_not_know_the_truth(monkeypatch, blind_label_noise):
    """With the truth replaced by noise the recording is bit-identical; only what is said of it changes."""
    recordings, whole = [], scores.record_training
    keep = lambda *a, **k: recordings.append(whole(*a, **k)) or recordings[-1]  # noqa: E731
    monkeypatch.setattr(scores, "record_training", keep)
    told = run_scores(CELL, SHORT, 0, Where()).metrics["rounds"]
    blind_label_noise()
    assert run_scores(CELL, SHORT, 0, Where()).metrics["rounds"] != told
    assert len(recordings) == 2
    for field in ("losses", "correct", "margin", "confidence", "called", "given"):
        np.testing.assert_array_equal(*(getattr(recording, field) for recording in recordings))


def test_cells_can_be_had_in_long_form():
    rows = [{"epoch": e, "last_loss": 0.5 + e, "aum": 0.7 + e} for e in range(2)]
    cell = Result("scores", 1, CELL, None, 3, {"rounds": rows}, "digits", "CPU", 1.0, {})
    long = by_score(results_frame([cell]))
    assert long[["noise", "seed", "epoch", "score", "auc"]].values.tolist() == [
        ["systematic", 3, e, score, base + e] for score, base in (("last_loss", 0.5), ("aum", 0.7)) for e in range(2)
    ]


def test_a_recorder_without_margins_is_judged_by_what_it_has():
    recorder = TrajectoryRecorder(2, 1)
    recorder.record(0, [0, 1], [1.0, 2.0], [1, 0])
    (row,) = auc_by_epoch(recorder, np.array([True, False]))
    assert row == {"epoch": 0, "last_loss": 1.0, "mean_loss": 1.0, "forgetting": 1.0, "first_learned": 1.0}
    assert by_epoch(recorder, np.array([True, False]))[0]["auc"] == 1


def test_a_stored_cell_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    (settings,) = choose_cells(EXPERIMENT, "quick", only=["noise=systematic", "clean=0.6"])
    cell = Cell(EXPERIMENT, settings)
    stored, now = STORE.load(cell).metrics, compute_cell(cell, Where()).metrics
    assert now["achieved_noise_rate"] == stored["achieved_noise_rate"]
    for name in SCORES:  # processors round apart
        assert now["rounds"][-1][name] == pytest.approx(stored["rounds"][-1][name], abs=0.03)


def test_the_margin_finds_most_as_rank_suspects_says():
    """In every cell that was measured, by its mean over the seeds after the last epoch."""
    frame = by_score(results_frame(STORE.results("scores")))
    last = frame[frame["epoch"] == frame.groupby("data")["epoch"].transform("max")]
    mean = last.groupby(["data", "noise", "clean", "score"])["auc"].mean().unstack("score")
    assert len(mean) >= 9 and set(mean.columns) == set(SCORES)
    assert (mean.idxmax(axis=1) == "aum").all(), mean
