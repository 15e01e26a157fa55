"""Figures of the backdoor chapter, from made-up figures: what is drawn is what was given."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from figures import texts
from PIL import Image

from itlm_kit.plots import backdoor as draw
from itlm_kit.plots import watermarks
from itlm_kit.plots.style import ROLES

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 1, 16, 16)).astype(np.uint8)
ROUNDS = pd.DataFrame({
    "round": [0, 1, 2], "epochs": [8, 8, 60], "clean_accuracy": [90.0, 91, 97], "attack_success": [40.0, 5, 0],
    "bad_dropped": [14, 25, 28],
})  # fmt: skip
UNKNOWN = {role: {"naive training": np.nan, "ITLM": np.nan} for role in ("clean", "attack")}


def edited(originals=IMAGES, **more):
    poisons = originals.copy()
    poisons[:, :, 2, 2] = 255
    about = {"classes": (9, 4), "measured": UNKNOWN, "title": "28 poisons", "missing": "Press", "source": ""}
    return watermarks.Edited(originals, poisons, **{**about, **more}, words="")


def test_pairs_are_labelled_right_above_and_wrong_below():
    figure = draw.pairs(IMAGES, 255 - IMAGES, [9, 9, 9], [4, 4, 4], source="made up")
    assert [axis.get_title() for axis in figure.axes] == ["9 ✓"] * 3 + ["4 ✗"] * 3
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), IMAGES[0, 0])
    np.testing.assert_array_equal(figure.axes[5].images[0].get_array(), 255 - IMAGES[2, 0])
    assert figure._supxlabel.get_text() == "made up"


def test_one_pair_can_be_drawn():
    assert len(draw.pairs(IMAGES[:1], IMAGES[:1], [9], [4], source="").axes) == 2


def test_rounds_show_both_tests_and_the_poisons_dropped():
    left, right = draw.by_round(ROUNDS, poisons=28, source="").axes
    clean, attack = left.lines
    assert clean.get_ydata().tolist() == [90, 91, 97] and attack.get_ydata().tolist() == [40, 5, 0]
    assert (clean.get_linestyle(), clean.get_marker()) != (attack.get_linestyle(), attack.get_marker())
    assert texts(left) == ["clean accuracy", "attack success"]
    assert texts(right) == ["14", "25", "28", "all 28"]
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["0\n(8)", "1\n(8)", "2\n(60)"]


def test_races_show_each_case_in_percent_of_its_poisons():
    runs = {(pair, corner): ROUNDS for pair in ("9->4", "6->0") for corner in ("left", "right")}
    figure = draw.races(runs, poisons={"9->4": 28, "6->0": 56}, source="made up")
    assert [axis.get_title("left") for axis in figure.axes] == [
        "9 → 4, left",
        "9 → 4, right",
        "6 → 0, left",
        "6 → 0, right",
    ]
    first, *_, last = figure.axes
    assert [bar.get_height() for bar in first.patches] == [50, pytest.approx(100 * 25 / 28), 100]
    assert last.patches[2].get_height() == 50 and last.lines[0].get_ydata().tolist() == [40, 5, 0]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["attack success", "poisons dropped"]


def test_attack_success_is_not_drawn_as_bad_samples_are():
    for figure in (draw.by_round(ROUNDS, poisons=28, source=""), draw.window(ROUNDS.assign(early=8), source="")):
        assert ROLES["bad"]["color"] not in [line.get_color() for line in figure.axes[0].lines]


def test_the_window_of_one_training_counts_from_epoch_one():
    (axis,) = draw.dropped_by_epoch(np.array([0, 20, 3]), poisons=28, early=2, source="").axes
    assert axis.lines[0].get_xdata().tolist() == [1, 2, 3] and axis.lines[0].get_ydata().tolist() == [0, 20, 3]
    assert texts(axis) == ["a round stops\nafter epoch 2", "dropped", "all 28"]


def test_the_window_of_rounds_is_mean_and_range_over_seeds():
    frame = pd.DataFrame([
        {"early": early, "clean_accuracy": 95.0, "attack_success": attack + spread}
        for early, attack in ((1, 80), (60, 90), (8, 4)) for spread in (-4, 4)
    ])  # fmt: skip
    (axis,) = draw.window(frame, source="").axes
    assert axis.lines[1].get_ydata().tolist() == [80, 4, 90]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["1", "8", "60"]
    band = axis.collections[1].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (0, 94)


def test_a_histogram_of_scores_counts_both_kinds():
    scores, is_clean = np.linspace(0, 1, 100), np.arange(100) < 80
    (axis,) = draw.score_histogram(scores, is_clean, cut=0.8, name="score", source="").axes
    assert [sum(bar.get_height() for bar in bars) for bars in axis.containers] == [80, 20]
    assert axis.lines[0].get_xdata()[0] == 0.8 and axis.get_xlabel() == "score"


def test_a_map_prints_means_and_marks_where_too_few_are_dropped():
    frame = pd.DataFrame([
        {"rate": rate, "alpha": alpha, "attack_success": 100 * rate * alpha + seed, "enough": alpha < 1}
        for rate in (0.1, 0.8) for alpha in (0.9, 1.0) for seed in (0, 2)
    ])  # fmt: skip
    (axis,) = draw.rate_alpha_map(frame, source="").axes
    assert texts(axis) == ["73", "81*", "10", "11*"]  # the largest rate on top
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["80 %", "10 %"]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_editor_shows_each_image_pixel_for_pixel(channels):
    originals = RNG.integers(0, 256, (2, channels, 16, 16)).astype(np.uint8)
    scene = edited(originals)
    shown = watermarks.screen(scene)["layout"]["images"]
    assert len(shown) == 4
    for place, image in zip(shown, [*scene.originals, *scene.poisons], strict=True):
        picture = Image.open(io.BytesIO(base64.b64decode(place["source"].partition(",")[2])))
        pixels = np.asarray(picture)[2::5, 2::5]  # each of 5 x 5
        np.testing.assert_array_equal(pixels, 255 - image[0] if channels == 1 else np.moveaxis(image, 0, -1))


def test_the_editor_prints_what_was_measured_and_says_what_is_missing():
    measured = {"clean": {"naive training": 96.7, "ITLM": 96.5}, "attack": {"naive training": 95.0, "ITLM": np.nan}}
    right = watermarks.picture(edited(measured=measured, missing="")).axes[1]
    assert [text for text in texts(right) if text] == ["96.7", "96.5", "95.0"]
    assert "Press" in texts(watermarks.picture(edited()).axes[1])
    bars = [trace for trace in watermarks.screen(edited(measured=measured))["data"] if trace["type"] == "bar"]
    assert [bar["text"] for bar in bars] == [["96.7", "96.5"], ["95.0", ""]]
    assert [bar["marker"]["pattern"]["shape"] for bar in bars] == ["", "/"]
