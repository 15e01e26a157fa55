import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from itlm_kit.plots import label_noise as draw
from itlm_kit.plots.style import ROLES

EPOCHS = pd.DataFrame({
    "epoch": [0, 1, 2], "clean_accuracy": [30.0, 60, 90], "bad_accuracy": [10.0, 20, 90],
    "clean_loss": [2.0, 1, 0.5], "bad_loss": [2.2, 1.8, 1.5], "auc": [0.6, 0.8, 0.7],
})  # fmt: skip
ROUNDS = pd.DataFrame({"round": [0, 1, 2], "last_accuracy": [70.0, 80, 88], "clean_share": [80.0, 90, 95]})


def texts(axis):
    return [text.get_text() for text in axis.texts]


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
