from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from itlm_kit import InputError, Round, itlm, itlm_rounds, num_kept

POINTS = np.array([0.0, 1, 2, 3, 100])


def squared(theta):
    return (POINTS - theta) ** 2


def mean_of_kept(theta, kept, t):
    return POINTS[kept].mean()


def test_two_rounds_by_hand():
    # theta_0 = 21.2 keeps 1, 2, 3; their mean 2 keeps 1, 2, 3 again: a fixed point.
    result = itlm(POINTS.mean(), squared, mean_of_kept, alpha=0.6, rounds=2, keep_states=True)
    assert result.states == [21.2, 2.0, 2.0] and result.state == 2.0
    assert result.kept.tolist() == [[False, True, True, True, False]] * 2
    np.testing.assert_allclose(result.losses[1], [4, 1, 0, 1, 98**2])


def test_a_round_is_yielded_before_its_update():
    updates = []

    def update(theta, kept, t):
        updates.append(t)
        return mean_of_kept(theta, kept, t)

    for step in itlm_rounds(21.2, squared, update, k=3):
        assert isinstance(step, Round) and updates == list(range(step.t))
        if step.t == 2:
            break
    assert updates == [0, 1]


def test_rounds_counts_updates_and_scores_nothing_more():
    calls = {"losses": 0, "update": 0, "seen": []}

    def losses(theta):
        calls["losses"] += 1
        return squared(theta)

    def update(theta, kept, t):
        calls["update"] += 1
        return mean_of_kept(theta, kept, t)

    result = itlm(21.2, losses, update, alpha=0.6, rounds=4, callback=lambda step: calls["seen"].append(step.t))
    assert calls == {"losses": 4, "update": 4, "seen": [0, 1, 2, 3]}
    assert result.losses.shape == result.kept.shape == (4, 5) and result.states is None


def test_losses_written_into_one_buffer_are_kept_apart():
    buffer = np.empty(5)

    def losses(theta):
        np.subtract(POINTS, theta, out=buffer)
        return np.square(buffer, out=buffer)

    result = itlm(21.2, losses, mean_of_kept, alpha=0.6, rounds=2)
    np.testing.assert_allclose(result.losses, [squared(21.2), squared(2.0)])


def test_kept_losses_hold_no_graph_of_gradients():
    weight = torch.ones(1, requires_grad=True)
    result = itlm(weight, lambda w: torch.arange(4.0) * w, lambda w, kept, t: w, alpha=0.5, rounds=2)
    assert result.losses.tolist() == [[0, 1, 2, 3]] * 2 and not result.losses.requires_grad


@given(st.integers(0, 10_000), st.floats(0.3, 1.0))
def test_trimmed_loss_never_rises_with_exact_least_squares(seed, alpha):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal(30)

    def fit(theta, kept, t):
        return np.linalg.lstsq(x[kept], y[kept])[0]

    result = itlm(np.zeros(3), lambda theta: (y - x @ theta) ** 2, fit, alpha=alpha, rounds=8)
    trimmed = np.where(result.kept, result.losses, 0).sum(1)
    assert np.all(np.diff(trimmed) <= 1e-9 * trimmed[:-1])


def test_batches_and_torch_equal_one_by_one_in_numpy():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((4, 20))
    k = num_kept(0.7, 20)

    def update(theta, kept, t):
        return (points * kept).sum(-1, keepdims=True) / k

    def torch_update(theta, kept, t):
        return (torch.from_numpy(points) * kept).sum(-1, keepdim=True) / k

    batch = itlm(np.zeros((4, 1)), lambda theta: (points - theta) ** 2, update, alpha=0.7, rounds=5)
    as_torch = itlm(
        torch.zeros(4, 1, dtype=torch.float64), lambda theta: (torch.from_numpy(points) - theta) ** 2,
        torch_update, alpha=0.7, rounds=5,
    )  # fmt: skip
    assert isinstance(as_torch.kept, torch.Tensor)
    np.testing.assert_array_equal(as_torch.kept.numpy(), batch.kept)
    for i, row in enumerate(points):
        one = itlm(
            0.0, lambda m, row=row: (row - m) ** 2, lambda m, kept, t, row=row: row[kept].mean(), alpha=0.7, rounds=5
        )
        np.testing.assert_array_equal(one.kept, batch.kept[:, i])


def test_alpha_and_rounds_are_checked_before_any_loss():
    def forbidden(theta):
        raise AssertionError("scored before the input was checked")

    with pytest.raises(InputError, match="alpha must lie"):
        itlm(0.0, forbidden, mean_of_kept, alpha=1.3, rounds=2)
    with pytest.raises(InputError, match="rounds must be"):
        itlm(0.0, forbidden, mean_of_kept, alpha=0.5, rounds=0)


def test_losses_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"keep its shape; got \(1,\) in round 1, \(5,\) before"):
        list(islice(itlm_rounds(21.2, lambda theta: squared(theta)[: 5 if theta > 9 else 1], mean_of_kept, k=3), 3))
    with pytest.raises(InputError, match="got a scalar in round 0"):
        next(itlm_rounds(21.2, lambda theta: theta**2, mean_of_kept, k=3))


def test_losses_that_turn_nan_stop_the_loop_with_the_sample():
    with pytest.raises(InputError, match="sample 0 is"):
        itlm(21.2, lambda theta: squared(theta) * (1 if theta > 9 else np.nan), mean_of_kept, alpha=0.6, rounds=3)
