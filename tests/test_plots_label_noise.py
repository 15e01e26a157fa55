import numpy as np
import pandas as pd
import pytest
from figures import texts
from matplotlib.colors import to_hex

from itlm_kit.plots import label_noise as draw
from itlm_kit.plots.style import ROLES

EPOCHS = pd.DataFrame({
    "epoch": [0, 1, 2], "clean_accuracy": [30.0, 60, 90], "bad_accuracy": [10.0, 20, 90],
    "clean_loss": [2.0, 1, 0.5], "bad_loss": [2.2, 1.8, 1.5], "auc": [0.6, 0.8, 0.7],
})  # fmt: skip
ROUNDS = pd.DataFrame({"round": [0, 1, 2], "last_accuracy": [70.0, 80, 88], "clean_share": [80.0, 90, 95]})


@pytest.mark.parametrize("what", ["accuracy", "loss"])
def test_both_kinds_are_drawn_named_and_told_apart_without_colour(what):
    figure = draw.clean_against_bad(EPOCHS, source="made up", what=what, every=1)
    clean, bad = figure.axes[0].lines
    np.testing.assert_array_equal(clean.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(bad.get_ydata(), EPOCHS[f"bad_{what}"])
    assert texts(figure.axes[0]) == ["clean samples", "bad samples"]
    assert (clean.get_linestyle(), clean.get_marker()) != (bad.get_linestyle(), bad.get_marker())
    assert figure._supxlabel.get_text() == "made up"


def test_names_of_lines_that_end_together_do_not_cover_each_other():
    first, second = draw.clean_against_bad(EPOCHS, source="").axes[0].texts
    assert abs(first.xy[1] - second.xy[1]) > 0.05


def test_best_epoch_is_named():
    assert texts(draw.separation(EPOCHS, source="").axes[0]) == ["best: 0.800 at epoch 2"]


def test_rounds_stand_beside_baseline_and_oracle():
    left, right = draw.accuracy_by_round(ROUNDS, source="", oracle=95.0).axes
    assert texts(left) == ["ITLM", "baseline", "oracle"]
    assert [line.get_ydata()[0] for line in left.lines] == [70, 70, 95]
    np.testing.assert_array_equal(right.lines[0].get_ydata(), ROUNDS["clean_share"])
    assert texts(draw.accuracy_by_round(ROUNDS, source="").axes[0]) == ["ITLM", "baseline"]


def test_histogram_counts_every_sample_and_shows_the_cut():
    losses, is_clean = np.linspace(0, 1, 200), np.arange(200) < 120
    figure = draw.loss_histogram(losses, is_clean, source="", cut=0.4)
    counts = [sum(bar.get_height() for bar in bars) for bars in figure.axes[0].containers]
    assert counts[0] == 120 and counts[1] == pytest.approx(80, abs=2)  # beyond the 99.5 % quantile nothing is drawn
    assert figure.axes[0].lines[0].get_xdata()[0] == 0.4 and figure.axes[0].get_xlim()[0] < -0.1


def test_labels_are_marked_right_or_wrong():
    images = np.zeros((3, 1, 8, 8), np.uint8)
    figure = draw.labelled_images(images, [1, 2, 3], [1, 2, 4], source="", columns=2)
    titles = [axis.title for axis in figure.axes]
    assert [title.get_text() for title in titles] == ["1 ✓", "2 ✓", "3 ✗", ""]
    assert to_hex(titles[2].get_color()) == ROLES["bad"]["color"].lower()


TWO = {"first": EPOCHS, "second": EPOCHS.assign(bad_accuracy=[5.0, 6, 7])}


def test_trainings_stand_side_by_side_on_one_scale():
    figure = draw.side_by_side(TWO, source="made up", every=1)
    left, right = figure.axes
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["first", "second"]
    assert left.lines[1].get_ydata().tolist() == [10, 20, 90] and right.lines[1].get_ydata().tolist() == [5, 6, 7]
    assert left.get_ylim() == right.get_ylim() and left.get_xlabel() == "epoch"
    assert texts(left) == texts(right) == ["clean samples", "bad samples"]


def test_the_scale_is_that_of_the_largest_of_them():
    small, large = (EPOCHS.assign(clean_pull=[s, 2 * s, s], bad_pull=s) for s in (1.0, 50.0))
    figure = draw.side_by_side({"small": small, "large": large}, source="", what="pull")
    assert figure.axes[0].get_ylim()[1] > 100


def test_single_steps_have_a_log_axis_from_one():
    pulls = EPOCHS.assign(clean_pull=[9.0, 5, 1], bad_pull=[3.0, 4, 1])
    left, right = draw.side_by_side({"a": pulls, "b": pulls}, source="", what="pull", steps=True).axes
    assert (right.get_xscale(), right.get_xlabel(), right.lines[0].get_xdata()[0]) == ("log", "step", 1)
    assert "gradient" in left.get_ylabel() and left.get_ylim()[0] == 0


def test_pulls_laid_tip_to_tail_end_at_their_sum():
    pulls = {name: {"clean": np.tile([1.0, 0], (3, 1)), "bad": np.array([[0, 1.0], [0, -1]])} for name in "ab"}
    figure = draw.tip_to_tail(pulls, {"3": np.array([2.0, 0])}, source="made up")
    ray, clean, bad = figure.axes[0].lines
    assert clean.get_xdata().tolist() == [0, 1, 2, 3] and bad.get_ydata().tolist() == [0, 1, 0]
    arrows = [text for text in figure.axes[0].texts if text.get_text() == ""]
    assert [tuple(arrow.xyann) for arrow in arrows] == [(0, 0)] * 2
    assert [tuple(arrow.xy) for arrow in arrows] == [(3, 0), (0, 0)]
    assert [text for text in texts(figure.axes[0]) if text] == ["towards 3", "sum of the clean", "sum of the bad"]
    assert ray.get_xdata().tolist() == [0, 2]
