"""The trajectory explorer beyond what every explorer must do: scores, ROC curves, single samples, what it can open."""

import base64
import io
import json

import numpy as np
import pytest
from explored import drawn, losses
from PIL import Image

from itlm_kit.errors import InputError
from itlm_kit.explorers import TrajectoryExplorer
from itlm_kit.trajectories import SCORES, TrajectoryRecorder
from itlm_kit.trajectories.separation import auc

N, EPOCHS = 40, 5
IS_CLEAN = np.arange(N) % 5 < 3
TRUTH = np.arange(N) % 4
GIVEN = np.where(IS_CLEAN, TRUTH, (TRUTH + 1) % 4)
IMAGES = np.random.default_rng(1).integers(0, 256, (N, 8, 8), dtype=np.uint8)


def record(folder=None):
    """Outputs that grow towards the true label, with noise: clean samples are learnt, bad ones are not."""
    recorder, rng = TrajectoryRecorder(N, EPOCHS + 2, folder), np.random.default_rng(0)  # two epochs are never reached
    for epoch in range(EPOCHS):
        outputs = 0.6 * (epoch + 1) * np.eye(4)[TRUTH] + rng.standard_normal((N, 4))
        recorder.record_logits(epoch, np.arange(N), outputs, GIVEN)
    return recorder


@pytest.fixture(scope="module")
def recorder():
    return record()


@pytest.fixture
def explorer(recorder):
    return TrajectoryExplorer(recorder, IS_CLEAN, images=IMAGES, truth=TRUTH, epoch=3)


def visible(figure, name, panel):
    axis = "x" if panel == 1 else "x2"
    (found,) = [t for t in figure.data if t.name == name and t.xaxis == axis and t.visible is not False]
    return np.array(found.x, float), np.array(found.y, float), found


def click(explorer, trace, point):
    """What the browser sends when a point is clicked."""
    number = [t.uid for t in explorer.figure.data].index(trace.uid)
    points = {"trace_indexes": [number], "point_indexes": [point], "xs": [0], "ys": [0]}
    event = {"event_type": "plotly_click", "points": points, "device_state": None, "selector": None}
    explorer.figure._js2py_pointsCallback = event


# Scores


def test_every_score_recorded_is_offered_and_others_are_not(explorer):
    assert explorer.controls["score"].options == tuple(SCORES)
    assert explorer.controls["epoch"].max == EPOCHS
    bare = TrajectoryExplorer(np.random.default_rng(0).random((3, 5)), IS_CLEAN[:5])
    assert bare.controls["score"].options == ("last_loss", "mean_loss")


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("right", ["histogram", "ROC"])
def test_what_is_drawn_is_the_score_of_the_epochs_so_far(explorer, recorder, score, right):
    scene = explorer.scene(epoch=3, alpha=0.6, show="bands", score=score, right=right)
    values = SCORES[score](recorder, epochs=3)
    assert scene.roc.auc == auc(values, IS_CLEAN)
    assert sum(group.counts.sum() for group in scene.groups) == N
    order = np.argsort(values, kind="stable")[:24]
    assert f"{100 * IS_CLEAN[order].mean():.1f} % of them are clean" in scene.words
    assert f"is {scene.roc.auc:.3f}" in scene.words
    explorer.controls["score"].value, explorer.controls["right"].value = score, right
    assert "Error" not in explorer.words.value and explorer._repr_mimebundle_()


def test_the_roc_curve_carries_the_cut_and_the_sample(explorer, recorder):
    values, alpha = SCORES["aum"](recorder, epochs=3), 0.6
    worst = int(values.argmax())
    figure = explorer.figure_at(score="aum", right="ROC", alpha=alpha, sample=worst)
    x, y, _ = visible(figure, "ROC", 2)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 100, 100)
    assert np.trapezoid(y, x) / 1e4 == pytest.approx(auc(values, IS_CLEAN))
    dropped = np.argsort(values)[24:]
    x, y, _ = visible(figure, "cut at α", 2)
    assert (x[0], y[0]) == (100 * IS_CLEAN[dropped].sum() / 24, 100 * (~IS_CLEAN)[dropped].sum() / 16)
    x, y, _ = visible(figure, "sample", 2)
    assert (x[0], y[0]) == (0, 100 / 16)


def test_without_the_truth_there_is_no_roc_curve_to_choose(recorder):
    blind = TrajectoryExplorer(recorder)
    assert blind.controls["right"].options == ("histogram",) and "clean" not in blind.scene(**blind.values).words
    assert "given" in blind.scene(**blind.values).words


# Single samples


def test_a_sample_is_shown_with_its_line_its_labels_and_its_image(explorer, recorder):
    figure = explorer.figure_at(sample=3)
    x, y, _ = visible(figure, "sample", 1)
    np.testing.assert_array_equal(y, recorder.losses[:EPOCHS, 3])
    assert any(note.text == "sample 3<br>given 0<br>true 3" for note in figure.layout.annotations)
    words = explorer.scene(**{**explorer.values, "sample": 3}).words
    assert words.endswith(f"Sample 3: given 0, true 3, loss {recorder.losses[2, 3]:.3g}.")
    (tile,) = figure.layout.images
    shown = np.array(Image.open(io.BytesIO(base64.b64decode(tile.source.partition(",")[2]))))
    np.testing.assert_array_equal(shown[::14, ::14], 255 - IMAGES[3])  # dark on light, every pixel 14 x 14


def test_colour_images_keep_their_colours(recorder):
    images = np.random.default_rng(0).integers(0, 256, (N, 3, 8, 8), dtype=np.uint8)
    (tile,) = TrajectoryExplorer(recorder, images=images, sample=7).figure.layout.images
    shown = np.array(Image.open(io.BytesIO(base64.b64decode(tile.source.partition(",")[2]))))
    np.testing.assert_array_equal(shown[::14, ::14], images[7].transpose(1, 2, 0))


def test_a_click_on_a_line_chooses_its_sample(explorer):
    explorer.controls["show"].value = "samples"
    lines = [t for t in explorer.figure.data if t.customdata is not None and t.xaxis == "x"]
    assert len(lines) == 2
    for line, members in zip(lines, (np.flatnonzero(IS_CLEAN), np.flatnonzero(~IS_CLEAN)), strict=True):
        click(explorer, line, (EPOCHS + 1) * 4 + 2)  # the third point of the fifth line
        chosen = explorer.controls["sample"].value
        assert chosen in members and f"Sample {chosen}: " in explorer.words.value
        at = (EPOCHS + 1) * 4
        own = np.array(line.y[at : at + EPOCHS], float)
        np.testing.assert_array_equal(visible(explorer.figure, "sample", 1)[1], own)


def test_a_click_on_the_roc_curve_chooses_the_sample_at_that_threshold(explorer, recorder):
    explorer.controls["right"].value, explorer.controls["score"].value = "ROC", "aum"
    x, y, curve = visible(explorer.figure, "ROC", 2)
    click(explorer, curve, 5)
    assert explorer.controls["sample"].value == np.argsort(-SCORES["aum"](recorder, epochs=3))[4]
    assert [part[0] for part in visible(explorer.figure, "sample", 2)[:2]] == [x[5], y[5]]


def test_a_click_on_nobody_changes_nothing(explorer):
    explorer.controls["right"].value = "ROC"
    before = explorer.values
    click(explorer, visible(explorer.figure, "ROC", 2)[2], 0)  # the curve's start: nobody is dropped yet
    assert explorer.values == before


def test_a_sample_can_be_chosen_by_number_and_by_arrow_keys(explorer):
    box = explorer.controls["sample"]
    assert (box.min, box.max, box.step) == (0, N - 1, 1)  # what the arrow keys of a browser's number box go by
    box.value += 1
    assert "Sample 1: " in explorer.words.value


def test_a_sample_that_was_not_seen_is_said_to_be_so():
    rows = np.array([[1.0, 2.0, np.nan], [0.5, 2.5, np.nan]])
    explorer = TrajectoryExplorer(rows, np.array([True, False, True]), sample=2, right="ROC")
    assert explorer.scene(**explorer.values).words.endswith("Sample 2: clean, not seen in this epoch.")
    assert explorer.sweep() and explorer._repr_mimebundle_()


# Odd recordings


def odd(name):
    """A recording where something is out of the ordinary, (4, 30); the first 20 samples are clean."""
    rows = np.random.default_rng(0).random((4, 30))
    if name == "infinite":
        rows[1, :15] = np.inf
    elif name == "all infinite":
        rows[2] = np.inf
    elif name == "negative":
        rows -= 0.5
    elif name == "equal":
        rows[:] = 1.0
    elif name == "bad ones not seen at last":
        rows[-1, 20:] = np.nan
    elif name == "bad ones never seen":
        rows[:, 20:] = np.nan
    return rows


ODD = "infinite", "all infinite", "negative", "equal", "bad ones not seen at last", "bad ones never seen"


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_odd_recordings_can_be_looked_at(name):
    explorer = TrajectoryExplorer(odd(name), np.arange(30) < 20)
    assert explorer.sweep() and explorer._repr_mimebundle_()
    json.dumps(explorer.figure_at(epoch=2).to_plotly_json(), allow_nan=False)  # browsers know no NaN


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_labels_of_probability_zero_and_one_can_be_looked_at(score):
    """Infinite losses and margins, most samples' of either kind."""
    recorder, labels = TrajectoryRecorder(6, 2), np.zeros(6, int)
    for epoch in range(2):
        recorder.record_logits(epoch, np.arange(6), [[0, -np.inf]] * 3 + [[-np.inf, 0]] * 2 + [[0, 1.0]], labels)
    explorer = TrajectoryExplorer(recorder, np.arange(6) < 3, score=score)
    assert explorer.sweep() and "Error" not in explorer.words.value
    figure = explorer.figure_at(alpha=0.3)
    json.dumps(figure.to_plotly_json(), allow_nan=False)
    assert np.isfinite(visible(figure, "cut", 2)[0]).all()


def test_the_axis_of_losses_holds_what_is_below_zero_and_leaves_out_the_infinite():
    for name, ends in (("negative", (odd("negative").min(), 0.6)), ("infinite", (0.0, 1.0))):
        figure = TrajectoryExplorer(odd(name), np.arange(30) < 20).figure_at()
        assert figure.layout.yaxis.range == pytest.approx(ends, abs=0.11)
        assert visible(figure, "epoch", 1)[1].tolist() == list(figure.layout.yaxis.range)


def test_a_band_leaves_the_plot_where_losses_are_infinite():
    figure = TrajectoryExplorer(odd("infinite"), np.arange(30) < 20).figure_at()
    middle = [t for t in figure.data if t.name == "median"][0]
    assert middle.y[1] > figure.layout.yaxis.range[1] > max(middle.y[0], *middle.y[2:])


def test_lines_are_named_where_they_were_last_seen_and_not_where_they_never_were():
    for name, named in (("bad ones not seen at last", True), ("bad ones never seen", False)):
        texts = [note.text for note in TrajectoryExplorer(odd(name), np.arange(30) < 20).figure.layout.annotations]
        assert ("bad samples" in texts) == named and {"clean samples", "sample 0"} <= set(texts)


def test_marks_on_the_roc_curve_are_named(explorer):
    figure = explorer.figure_at(right="ROC", sample=3)
    assert visible(figure, "cut at α", 2)[2].text == ("cut at α",)
    assert visible(figure, "sample", 2)[2].text == ("sample 3",)
    assert visible(figure, "sample", 2)[2].cliponaxis is False  # names may reach beyond the panel


@pytest.mark.parametrize("shape", [(700, 700), (3, 900)])
def test_of_a_large_image_no_more_is_sent_than_is_seen(shape):
    images = np.random.default_rng(0).integers(0, 256, (4, 3, *shape), dtype=np.uint8)
    (tile,) = TrajectoryExplorer(np.ones((2, 4)), images=images).figure.layout.images
    shown = Image.open(io.BytesIO(base64.b64decode(tile.source.partition(",")[2])))
    assert max(shown.size) == 224 and len(tile.source) < 250_000


# What it opens, and what it refuses


def test_a_folder_is_opened(tmp_path, recorder):
    record(tmp_path / "run")
    kept = TrajectoryExplorer(recorder, IS_CLEAN)
    for folder in (tmp_path / "run", str(tmp_path / "run")):
        again = TrajectoryExplorer(folder, IS_CLEAN)
        assert again.scene(**again.values).words == kept.scene(**kept.values).words
    with pytest.raises(InputError, match="folder must hold a recording"):
        TrajectoryExplorer(tmp_path / "nothing")
    with pytest.raises(InputError, match="at least one recorded epoch; .* Train with the recorder first"):
        TrajectoryExplorer(TrajectoryRecorder(3, 2))


def test_epochs_that_were_left_out_do_not_shift_the_others():
    rows = np.full((6, 3), np.nan)
    for epoch in (1, 4):
        rows[epoch] = np.array([1.0, 2, 3]) * epoch
    explorer = TrajectoryExplorer(rows, np.array([True, True, False]), score="mean_loss")
    assert explorer.controls["epoch"].max == 2
    for epoch, mean in ((1, 1.0), (2, 2.5)):
        scene = explorer.scene(**{**explorer.values, "epoch": epoch, "alpha": 1.0})
        assert f"those up to {3 * mean:.3g}" in scene.words


def test_labels_tell_which_samples_are_clean(recorder):
    both = TrajectoryExplorer(recorder, truth=TRUTH), TrajectoryExplorer(recorder, IS_CLEAN, truth=TRUTH)
    first, second = (explorer.scene(**explorer.values).words for explorer in both)
    assert first == second and "% of them are clean" in first


@pytest.mark.parametrize(
    "about, message",
    [
        ({"images": IMAGES[:5]}, rf"images must be uint8 of shape \({N}, h, w\) or .*; got uint8 of \(5, 8, 8\)"),
        ({"images": IMAGES / 255}, "images must be uint8"),
        ({"images": IMAGES[:, None].repeat(2, 1)}, "1 or 3, h, w"),
        ({"given": GIVEN[:5]}, rf"given must be one label per sample, shape \({N},\); got \(5,\)"),
        ({"truth": TRUTH[None]}, rf"true must be one label per sample, shape \({N},\); got \(1, {N}\)"),
        ({"score": "size"}, "score must be one of last_loss, .*; got 'size'"),
        ({"sample": N}, rf"sample must lie in 0\.\.{N - 1}"),
    ],
)
def test_what_does_not_fit_is_refused(recorder, about, message):
    with pytest.raises(InputError, match=message):
        TrajectoryExplorer(recorder, IS_CLEAN, **about)


# Bare losses


def test_trajectories_of_a_case_by_hand():
    rows = [[1.0, 2.0, 3.0, 4.0], [0.5, 0.25, 3.0, np.nan]]
    explorer = TrajectoryExplorer(rows, np.array([True, True, False, False]), alpha=0.75)
    scene = explorer.scene(epoch=1, alpha=0.75, show="bands")
    assert scene.cut == 3.0 and "keeps the 3 smallest of 4 losses" in scene.words
    assert scene.kept == "66.7 % of the kept are clean" and "of all samples 50.0 % are" in scene.words
    scene = explorer.scene(epoch=2, alpha=0.75, show="bands")  # of three seen, two are kept
    assert scene.cut == 0.5 and "keeps the 2 smallest of 3" in scene.words
    assert "100.0 % of them are clean" in scene.words
    clean, bad = scene.groups
    assert clean.middle.tolist() == [1.5, 0.375] and bad.middle.tolist() == [3.5, 3.0]
    assert clean.counts.sum() == 2 and bad.counts.sum() == 1


def test_trajectories_of_a_recorder_whose_training_stopped_early():
    rows, is_clean = losses(epochs=3)
    recorder = TrajectoryRecorder(50, epochs=10)
    for epoch, row in enumerate(rows):
        recorder.record(epoch, np.arange(50), row, row < 1)
    explorer = TrajectoryExplorer(recorder, is_clean)
    assert explorer.controls["epoch"].max == 3
    assert drawn(explorer.figure_at(epoch=3), "epoch")[0].tolist() == [3, 3]


def test_trajectories_without_the_truth_say_nothing_of_it():
    explorer = TrajectoryExplorer(losses()[0])
    words = explorer.scene(**explorer.values).words
    assert "clean" not in words and "keeps the 37 smallest of 50" in words
    assert {trace.name for trace in explorer.figure.data if trace.type == "bar"} == {"all samples"}


def test_trajectories_of_one_epoch_can_be_shown():
    explorer = TrajectoryExplorer(losses(epochs=1)[0])
    assert explorer.players == [] and explorer.telling["epoch"] == 1
    assert explorer.sweep() and explorer._repr_mimebundle_()


@pytest.mark.parametrize(
    "rows, is_clean, message",
    [
        (np.zeros(5), None, r"losses must have shape \(epochs, n\); got \(5,\)"),
        ([["a", "b"]], None, "losses must be numbers; got <U1"),
        (np.full((2, 5), np.nan), None, "losses must hold at least one recorded epoch; all are NaN"),
        (np.zeros((2, 5)), np.ones(4, bool), r"is_clean must be bool of shape \(5,\); got bool of shape \(4,\)"),
        (np.zeros((2, 5)), np.ones(5), r"is_clean must be bool of shape \(5,\); got float64"),
    ],
)
def test_trajectories_refuse_what_they_cannot_show(rows, is_clean, message):
    with pytest.raises(InputError, match=message):
        TrajectoryExplorer(rows, is_clean)
