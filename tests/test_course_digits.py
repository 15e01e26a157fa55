"""What the problem sets on digits share: the data, the classifier, and answers that are files."""

import numpy as np
import pytest

from itlm_kit.course.digits import accuracy, draw_digits, fit, held_out, itlm_digits, losses
from itlm_kit.course.handing_in import hand_in, handed_in


def test_training_and_held_out_digits_are_all_digits_once():
    parts = [draw_digits(1), held_out(1)]
    assert [x.shape for x, _ in parts] == [(1000, 65), (797, 65)]
    x, y = (np.concatenate(both) for both in zip(*parts, strict=True))
    assert len(np.unique(x, axis=0)) == 1797 and (x[:, -1] == 1).all() and 0 <= x.min() < x.max() == 1
    assert sorted(np.bincount(y)) == [174, 177, 178, 179, 180, 181, 181, 182, 182, 183]
    assert not np.array_equal(draw_digits(1)[1], draw_digits(2)[1])


def test_the_classifier_takes_a_hundred_steps_down_the_mean_loss():
    x, y = np.array([[1.0, 1], [0, 1]]), np.array([3, 7])
    w = np.zeros((2, 10))
    for _ in range(100):
        z = np.exp(x @ w)
        w = w - x.T @ (z / z.sum(axis=1, keepdims=True) - np.eye(10)[y]) / 2
    assert np.allclose(fit(x, y), w) and accuracy(w, x, y) == 100 and accuracy(w, x, [3, 3]) == 50
    assert np.allclose(losses(np.array([[0.0, np.log(3)]]), np.ones((2, 1)), [1, 0]), [np.log(4 / 3), np.log(4)])


def test_itlm_fits_anew_to_the_smallest_losses():
    x, y = draw_digits(3)
    w = fit(x, y)
    for kept in itlm_digits(x, y, alpha=0.7, rounds=2).kept:
        assert np.array_equal(np.flatnonzero(kept), np.sort(np.argsort(losses(w, x, y), kind="stable")[:700]))
        w = fit(x[kept], y[kept])
    assert np.allclose(itlm_digits(x, y, alpha=0.7, rounds=2).state, w)


def test_what_was_handed_in_is_read_as_numbers(tmp_path):
    hand_in(tmp_path / "a.npz", {11: [1, 2], "whole 3": np.eye(2)})
    assert handed_in(tmp_path / "a.npz", 11).tolist() == [1.0, 2.0]
    assert np.array_equal(handed_in(tmp_path / "a.npz", "whole 3"), np.eye(2))


def test_what_was_not_handed_in_is_told(tmp_path):
    with pytest.raises(AssertionError, match="nothing was handed in as .*a.npz"):
        handed_in(tmp_path / "a.npz", 11)
    hand_in(tmp_path / "a.npz", {11: [1]})
    with pytest.raises(AssertionError, match="a.npz lacks data of this test") as raised:
        handed_in(tmp_path / "a.npz", "whole 831")
    assert "831" not in str(raised.value).replace(str(tmp_path), "")  # students read it, and 831 is a hidden seed


@pytest.mark.parametrize("answer", [object(), "many", [[1], [1, 2]], itlm_digits])
def test_what_is_no_array_of_numbers_is_not_handed_in(tmp_path, answer):
    with pytest.raises(AssertionError, match=f"asked for; got {type(answer).__name__}$"):
        hand_in(tmp_path / "a.npz", {11: answer})
    assert not (tmp_path / "a.npz").exists()
