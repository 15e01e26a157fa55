"""Watermarks, pixel by pixel, and the sets they poison."""

import numpy as np
import pytest

from itlm_kit import data
from itlm_kit.data.watermarks import SHAPES, Blend, Watermark, poison, poison_clean_label
from itlm_kit.errors import InputError


def pixels_of(shape, row, column):
    """Written out by hand after the attack's own code: row first."""
    return {
        "pixel": {(row, column)},
        "X": {(row, column)} | {(row + i, column + j) for i in (-1, 1) for j in (-1, 1)},
        "L": {(row, column), (row + 1, column), (row, column + 1)},
        "patch": {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)},
    }[shape]  # fmt: skip


def images(n=3, channels=3, size=32, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (n, channels, size, size), dtype=np.uint8)  # 255 is free


def labelled(n=200, classes=4, size=16, channels=1):
    return images(n, channels, size), np.arange(n) % classes


@pytest.mark.parametrize("position", [(1, 1), (16, 16), (30, 30), (5, 27), (28, 2)])
@pytest.mark.parametrize("shape", SHAPES)
def test_exactly_its_pixels_are_overwritten_in_every_channel(shape, position):
    x = images()
    stamped = Watermark(shape, position, 255).stamp(x)
    for image, before in zip(stamped, x, strict=True):
        for channel in range(3):
            changed = {tuple(map(int, place)) for place in np.argwhere(image[channel] != before[channel])}
            assert changed == pixels_of(shape, *position)
            assert all(image[channel][place] == 255 for place in changed)


def test_rows_come_before_columns():
    stamped = Watermark("L", (3, 20)).stamp(np.zeros((1, 1, 32, 32), np.uint8))[0, 0]
    assert [tuple(p) for p in np.argwhere(stamped)] == [(3, 20), (3, 21), (4, 20)]


def test_a_colour_has_a_value_per_channel():
    stamped = Watermark("pixel", (4, 5), (10, 20, 30)).stamp(images())
    assert stamped[:, :, 4, 5].tolist() == [[10, 20, 30]] * 3


@pytest.mark.parametrize("shape, position", [("pixel", (0, 0)), ("pixel", (31, 31)), ("X", (1, 30)), ("X", (30, 1)),
                                             ("L", (0, 0)), ("L", (30, 30)), ("patch", (1, 30))])  # fmt: skip
def test_the_outermost_places_are_in_the_image(shape, position):
    assert Watermark(shape, position).pixels(32, 32).sum() == len(SHAPES[shape])


@pytest.mark.parametrize(
    "shape, position",
    [("pixel", (32, 0)), ("X", (0, 5)), ("X", (5, 31)), ("L", (31, 3)), ("patch", (5, 0))],
)
def test_a_watermark_that_leaves_the_image_is_refused(shape, position):
    x, y = labelled(size=32)
    with pytest.raises(InputError, match="must lie in the image"):
        poison(x, y, Watermark(shape, position), source=1, target=2, rate=0.1, seed=0)


def test_a_refused_position_is_told_where_there_is_room():
    with pytest.raises(InputError, match=r"X at \(15, 15\) leaves one of 16 x 16.*rows 1..14, columns 1..14"):
        Watermark("X", (15, 15)).pixels(16, 16)


def test_blending_is_the_same_mixture_for_all_images():
    x = images()
    stamped, pattern = Blend(0.25, seed=3).stamp(x), Blend(1.0, seed=3).stamp(x[:1])
    np.testing.assert_array_equal(stamped, np.rint(0.75 * x + 0.25 * pattern))
    assert (Blend(0.25, seed=4).stamp(x) != stamped).any()


@pytest.mark.parametrize("trigger", [Watermark("X", (8, 8)), Watermark("patch", (3, 9), 128), Blend(0.3)])
def test_poisons_replace_their_originals(trigger):
    x, y = labelled()
    before = x.copy(), y.copy()
    found = poison(x, y, trigger, source=1, target=2, rate=0.2, seed=5)
    np.testing.assert_array_equal((x, y)[0], before[0])
    np.testing.assert_array_equal(y, before[1])
    assert len(found.poisons) == 10 and len(found.x) == len(x)  # 20 % of the 50 images of the target class
    np.testing.assert_array_equal(np.flatnonzero(~found.is_clean), found.poisons)
    np.testing.assert_array_equal(found.x[found.is_clean], x[found.is_clean])
    np.testing.assert_array_equal(found.x[found.poisons], trigger.stamp(x[found.poisons]))
    np.testing.assert_array_equal(found.y_true, y)
    np.testing.assert_array_equal(found.is_clean, found.y == found.y_true)
    assert set(y[found.poisons]) == {1} and set(found.y[found.poisons]) == {2}


def test_clean_label_poisons_keep_a_right_label():
    x, y = labelled()
    found = poison_clean_label(x, y, Watermark("X", (8, 8)), target=2, rate=0.5, seed=0)
    np.testing.assert_array_equal(found.y, y)
    assert len(found.poisons) == 25 and set(y[found.poisons]) == {2}
    np.testing.assert_array_equal(found.x[found.poisons], Watermark("X", (8, 8)).stamp(x[found.poisons]))
    np.testing.assert_array_equal(np.flatnonzero(~found.is_clean), found.poisons)


def test_a_clean_label_target_that_is_missing_is_named_as_such():
    x, y = labelled()
    with pytest.raises(InputError, match="target must be a class that has images; got 9"):
        poison_clean_label(x, y, Watermark(), target=9, rate=0.5, seed=0)


def test_poisons_depend_on_the_seed_alone():
    x, y = labelled()
    one, again, other = (
        poison(x, y, Watermark(), source=0, target=3, rate=0.2, seed=seed).poisons.tolist() for seed in (7, 7, 8)
    )
    assert one == again != other


def test_five_percent_of_cifar10_s_size():
    y = np.repeat(np.arange(10), 5000)
    x = np.zeros((50_000, 3, 4, 4), np.uint8)
    assert len(poison(x, y, Watermark("L"), source=6, target=0, rate=0.05, seed=0).poisons) == 250


class Darkened:
    def stamp(self, images):
        return images / 2


REFUSED = {
    "source is target": (dict(target=1), "source must differ from target"),
    "more than the source has": (dict(rate=1.2), "60 are wanted, the source class has 50"),
    "rate of none": (dict(rate=0.001), "is none"),
    "rate of zero": (dict(rate=0), "rate must be above 0"),
    "rate not a number": (dict(rate=float("nan")), "rate must be above 0"),
    "rate infinite": (dict(rate=float("inf")), "rate must be above 0"),
    "rate in words": (dict(rate="5 %"), "rate must be above 0"),
    "no such source": (dict(source=9), "source must be a class that has images; got 9"),
    "no such target": (dict(target=9), "target must be a class that has images; got 9"),
    "seed": (dict(seed=-1), "seed must be"),
    "a source of two": (dict(source=np.array([0, 1])), "source must be a whole number"),
    "a target in words": (dict(target="2"), "target must be a whole number"),
    "floats": (dict(x=np.zeros((200, 1, 16, 16))), r"images must be uint8, 0..255; got float64. Convert: \(255"),
    "whole numbers": (dict(x=np.zeros((200, 1, 16, 16), int)), r"got int64. Convert: x.astype\('uint8'\)"),
    "flat images": (dict(x=np.zeros((200, 256), np.uint8)), "images must have shape"),
    "too few labels": (dict(y=np.zeros(3, int)), "a whole number per image"),
    "labels in fractions": (dict(y=np.full(200, 0.5)), "a whole number per image"),
    "labels that are missing": (dict(y=[None] * 200), "labels must not be missing; got none in rows 0, 1, 2"),
    "a shape for a trigger": (dict(trigger="X"), "trigger must have a method stamp; got 'X'"),
    "a stamp that makes floats": (dict(trigger=Darkened()), r"stamp must return uint8 images .* got float64"),
    "too small for it": (dict(x=np.zeros((200, 1, 2, 2), np.uint8)), "leaves one of 2 x 2. It needs a larger image."),
    "colours for another number of channels": (dict(trigger=Watermark("X", (8, 8), (1, 2, 3))), "one per channel"),
}


@pytest.mark.parametrize("change, message", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused(change, message):
    x, y = labelled()
    right = dict(x=x, y=y, trigger=Watermark("X", (8, 8)), source=1, target=2, rate=0.1, seed=0)
    with pytest.raises(InputError, match=message):
        poison(**{**right, **change})


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Watermark("O"), "shape must be one of pixel, X, L, patch; got 'O'"),
        (lambda: Watermark("X", 5), "position must be"),
        (lambda: Watermark("X", (1, 2, 3)), "position must be"),
        (lambda: Watermark("X", (-1, 5)), "row must be a whole number of at least 0"),
        (lambda: Watermark("X", (1, 2.5)), "column must be a whole number"),
        (lambda: Watermark(colour=256), "colour must lie in 0..255; got 256"),
        (lambda: Watermark(colour=(0, -1, 0)), "colour must be a whole number of at least 0"),
        (lambda: Watermark(colour=(0, 300, 0)), "colour must lie in 0..255"),
        (lambda: Watermark(colour=()), "colour must lie in"),
        (lambda: Watermark(colour="red"), "colour must be a whole number"),
        (lambda: Blend(0), "opacity must lie in"),
        (lambda: Blend(1.5), "opacity must lie in"),
        (lambda: Blend(seed=-1), "seed must be"),
    ],
)
def test_triggers_are_checked_when_made(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_positions_and_colours_may_be_lists_and_numpy_s():
    assert Watermark("X", np.array([3, 4]), np.array([1, 2, 3])) == Watermark("X", [3, 4], [1, 2, 3])


def test_the_kit_s_data_exports_them():
    assert data.Watermark is Watermark and data.poison is poison
