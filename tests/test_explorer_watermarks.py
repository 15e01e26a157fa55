"""The watermark editor without a browser: what it stamps, when it trains, what it says."""

import numpy as np
import pytest

from itlm_kit.data import Watermark, poison
from itlm_kit.errors import InputError
from itlm_kit.explorers import watermarks
from itlm_kit.explorers.watermarks import Measured, WatermarkEditor
from itlm_kit.plots.watermarks import screen

MEASURED = {"clean": {"naive training": 96.0, "ITLM": 95.5}, "attack": {"naive training": 92.5, "ITLM": 2.5}}


@pytest.fixture
def editor():
    return WatermarkEditor()


@pytest.fixture
def trainings(monkeypatch):
    """A list of the values that are trained on; nothing is."""
    seen = []
    monkeypatch.setattr(watermarks, "train_both", lambda **values: seen.append(values) or Measured(MEASURED, 27, 40.0))
    return seen


def bars(figure):
    return {trace.name: trace.y for trace in figure.data if trace.type == "bar"}


@pytest.mark.parametrize("shape, row, column, colour", [("X", 2, 13, 255), ("L", 7, 4, 0), ("patch", 14, 1, 120)])
def test_it_shows_what_the_attack_makes(editor, shape, row, column, colour):
    values = {**editor.values, "shape": shape, "row": row, "column": column, "colour": colour}
    scene, (train_set, _) = editor.scene(**values), watermarks._digits()
    mark = Watermark(shape, (row, column), colour)
    made = poison(train_set.x, train_set.y, mark, source=9, target=4, rate=0.2, seed=0)
    assert np.array_equal(scene.poisons, made.x[made.poisons[:4]])
    assert np.array_equal(scene.originals, train_set.x[made.poisons[:4]])
    assert (train_set.y[made.poisons] == 9).all() and scene.classes == (9, 4)


def test_moving_the_mark_leaves_the_images_that_bear_it(editor):
    before, after = editor.scene(**editor.values), editor.scene(**{**editor.values, "row": 9, "shape": "pixel"})
    assert np.array_equal(before.originals, after.originals) and not np.array_equal(before.poisons, after.poisons)


def test_a_sweep_does_not_train_and_the_button_does_once(editor, trainings):
    editor.sweep()
    assert trainings == [] and "Not trained on yet" in editor.words.value
    for _ in range(2):
        editor.button.click()
    assert trainings == [editor.values]
    assert bars(editor.figure) == {"clean accuracy": (96.0, 95.5), "attack success": (92.5, 2.5)}
    assert "92.5 % of marked images of a 9 get the label. ITLM: 95.5 % and 2.5 %; after the 6" in editor.words.value
    assert "first round it was 40.0 %. It drops 27 of the 28 poisons." in editor.words.value


def test_while_it_trains_the_button_says_so_and_keeps_the_focus(editor, monkeypatch):
    seen = []

    def train(**values):
        seen.append((editor.button.description, editor.button.disabled))
        return Measured(MEASURED, 27, 40.0)

    monkeypatch.setattr(watermarks, "train_both", train)
    editor.button.click()
    assert seen == [("Training …", False)]


def test_what_was_trained_comes_back_with_its_values_only(editor, trainings):
    editor.retrain()
    shown = editor.figure_at()
    editor.controls["alpha"].value = 1.0
    assert bars(editor.figure)["attack success"] == (None, None) and "Not trained on yet" in editor.words.value
    editor.controls["alpha"].value = 0.96
    assert bars(editor.figure) == bars(shown) and len(trainings) == 1


def test_a_training_that_fails_is_told_and_leaves_the_button_as_it_was(editor, monkeypatch):
    def fail(**values):
        raise RuntimeError("no memory")

    monkeypatch.setattr(watermarks, "train_both", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        editor.retrain()
    assert editor.button.description == "Train on these"
    assert 'role="alert"' in editor.words.value and "RuntimeError: no memory" in editor.words.value


def test_training_for_real_is_what_the_experiment_does(monkeypatch):
    monkeypatch.setattr(watermarks, "_NAIVE", (2,))
    monkeypatch.setattr(watermarks, "_ITLM", (2, 2, 2))
    editor = WatermarkEditor(seed=1, rate=0.4)
    tested = watermarks.train_both(**editor.values)
    again = watermarks.train_both(**editor.values)
    assert tested == again and 0 <= tested.dropped <= 56
    assert tested.measured["clean"]["naive training"] > 40  # two epochs: far above the 10 % of chance


def test_words_say_when_trimming_drops_too_few(editor):
    words = editor.scene(**{**editor.values, "alpha": 0.99}).words
    assert "α = 0.99 trimming drops 14 of 1,400 samples, fewer than there are poisons." in words
    assert "fewer" not in editor.scene(**editor.values).words


def test_every_image_is_labelled_in_words_and_marks(editor):
    texts = [note["text"] for note in screen(editor.scene(**editor.values))["layout"]["annotations"]]
    assert texts.count("9 ✓") == texts.count("4 ✗") == 4
    assert any("Press the button" in text for text in texts)


def test_values_that_leave_the_image_are_refused():
    with pytest.raises(InputError, match=r"row must lie in 1\.\.14, the ends of its slider; got 15"):
        WatermarkEditor(row=15)
    with pytest.raises(InputError, match="pair must be one of .*; got '9->9'"):
        WatermarkEditor(pair="9->9")
