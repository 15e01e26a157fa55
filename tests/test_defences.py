import numpy as np
import pytest

from itlm_kit import InputError
from itlm_kit.defences.centroid import centroid_kept, unit_norm


def test_the_farthest_from_its_class_is_dropped():
    x = np.array([[0.0], [1], [2], [30], [10], [11], [12], [7]])  # of all samples the centre is 9.1, and 12 far from it
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert centroid_kept(x, y, alpha=0.75).tolist() == [True, True, True, False, True, True, True, False]


def test_images_of_any_shape_are_taken_and_each_class_keeps_its_share():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (50, 1, 8, 8), dtype=np.uint8), np.repeat([0, 1], [30, 20])
    kept = centroid_kept(x, y, alpha=0.5)
    assert kept[:30].sum() == 15 and kept[30:].sum() == 10


def test_each_sample_is_scaled_to_norm_1_and_one_of_zeros_stays():
    x = np.array([[[3, 4]], [[0, 0]], [[0, 200]]], dtype=np.uint8)
    assert unit_norm(x) == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, 1]]))


def test_at_unit_norm_what_is_brighter_alone_is_not_farther():
    x = np.array([[1.0, 0], [1, 0.2], [9, 0], [0, 1]])
    assert centroid_kept(x, np.zeros(4), alpha=0.75).tolist() == [True, True, False, True]
    assert centroid_kept(unit_norm(x), np.zeros(4), alpha=0.75).tolist() == [True, True, True, False]


def test_bad_input():
    with pytest.raises(InputError, match="same length"):
        centroid_kept(np.zeros((3, 2)), np.zeros(2), alpha=0.5)
    with pytest.raises(InputError, match="alpha must lie"):
        centroid_kept(np.zeros((3, 2)), np.zeros(3), alpha=1.3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_named_by_their_row(bad):
    x = np.zeros((6, 2, 3))
    x[5, 0, 1] = bad
    with pytest.raises(
        InputError, match="x must be finite; got NaN or infinity in row 5, counted from 0. Fill these or drop them"
    ):
        centroid_kept(x, [0, 0, 0, 1, 1, 1], alpha=0.7)
    with pytest.raises(InputError, match="labels must not be missing; got none in row 1, counted from 0"):
        centroid_kept(np.zeros((3, 2)), ["a", None, "b"], alpha=0.7)
    x[5] = 0
    assert centroid_kept(x, list("aaabbb"), alpha=0.7).sum() == 4
