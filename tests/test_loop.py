import weakref
from functools import partial
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from itlm_kit import InputError, Round, data, itlm, itlm_rounds, loop, num_kept, trim_groups
from itlm_kit.loop import refit_rounds

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


# --- within groups


def test_three_rounds_within_groups_by_hand():
    # Of 0, 1, 2 two are kept and of 3, 100 one. theta_0 = 1: 1, the first of 0 and 2, and 3; their mean 4/3: 1, 2, 3;
    # their mean 2: 1, 2, 3 again. Without groups 0, 1, 2 are nearest to 1, and stay.
    result = itlm(1.0, squared, mean_of_kept, alpha=0.7, rounds=3, groups=["red"] * 3 + ["blue"] * 2)
    assert [POINTS[kept].tolist() for kept in result.kept] == [[0, 1, 3], [1, 2, 3], [1, 2, 3]] and result.state == 2
    plain = itlm(1.0, squared, mean_of_kept, alpha=0.7, rounds=3)
    assert [POINTS[kept].tolist() for kept in plain.kept] == [[0, 1, 2]] * 3


@given(st.integers(0, 10_000), st.floats(0.05, 1.0), st.integers(1, 6))
def test_a_loop_within_groups_is_score_trim_groups_update(seed, alpha, classes):
    rng = np.random.default_rng(seed)
    points, groups = rng.standard_normal(30), rng.integers(classes, size=30)
    result = itlm(
        0.3, lambda m: (points - m) ** 2, lambda m, kept, t: points[kept].mean(), alpha=alpha, rounds=4, groups=groups
    )
    state = 0.3
    for losses, kept in zip(result.losses, result.kept, strict=True):
        np.testing.assert_array_equal(losses, (points - state) ** 2)
        np.testing.assert_array_equal(kept, trim_groups(losses, alpha, groups))
        state = points[kept].mean()
    assert state == result.state


@pytest.mark.parametrize("done", range(3))
def test_refits_within_groups_keep_the_share_of_each(done):
    groups, share = ROW.astype(int) % 3, partial(num_kept, 0.5)
    whole = list(refit_rounds(noisy_mean, from_mean, n=12, k=share, rounds=3, groups=groups))
    assert all((step.kept == trim_groups(step.losses, 0.5, groups)).all() for step in whole)
    rest = refit_rounds(
        noisy_mean, from_mean, n=12, k=share, rounds=3, groups=groups, kept=[step.kept for step in whole[:done]]
    )
    assert_same_rounds(list(rest), whole[done:])


def logistic_itlm(x, y, **how):
    """The last kept set of five rounds of ITLM with multinomial logistic regression."""
    from sklearn.linear_model import LogisticRegression

    def fit(kept):
        return LogisticRegression(max_iter=200).fit(x[kept], y[kept])

    def losses(model):
        chances = np.zeros((len(y), 10))
        chances[:, model.classes_] = model.predict_proba(x)
        return -np.log(chances[np.arange(len(y)), y].clip(1e-12))  # a class that has died out is no longer called

    return itlm(fit(y >= 0), losses, lambda model, kept, t: fit(kept), rounds=5, **how).kept[-1]


@pytest.fixture(scope="module")
def digits():
    full = data.load("digits")
    return full.x.reshape(-1, 64) / 255, full.y


@pytest.mark.parametrize("seed", [0, 1])
def test_a_rare_class_dies_out_unless_its_share_is_kept(digits, seed):
    """Digits with 15 eights, a fifth of all labels wrong: the clean eights look like errors to a model of the rest."""
    (x, true), rng = digits, np.random.default_rng(seed)
    few = np.r_[rng.permutation(np.flatnonzero(true == 8))[:15], np.flatnonzero(true != 8)]
    x, true = x[few], true[few]
    is_bad = rng.random(len(true)) < 0.2
    y = np.where(is_bad, (true + rng.integers(1, 10, len(true))) % 10, true)
    plain, grouped = (logistic_itlm(x, y, alpha=0.75, groups=groups)[~is_bad] for groups in (None, y))
    rare = true[~is_bad] == 8
    assert plain[rare].mean() < 0.1 and plain[~rare].mean() > 0.9
    assert grouped[rare].mean() > 0.8 and grouped[~rare].mean() > 0.85


def test_a_share_of_each_class_is_dear_where_classes_are_unequally_bad(digits):
    """No label of 0 ... 4 is wrong, two in five of 5 ... 9 are: a quarter goes of these and of those."""
    x, true, rng = digits[0][:1200], digits[1][:1200], np.random.default_rng(0)
    is_bad = (true > 4) & (rng.random(1200) < 0.4)
    y = np.where(is_bad, 5 + (true + rng.integers(1, 5, 1200)) % 5, true)
    plain, grouped = (logistic_itlm(x, y, alpha=0.75, groups=groups) for groups in (None, y))
    assert plain[is_bad].mean() < 0.1 and plain[true < 5].mean() > 0.9
    assert grouped[is_bad].mean() > 0.25 and grouped[true < 5].mean() < 0.76


# --- fitted anew each round, and going on after a cut


ROW = np.arange(12.0)
REFIT = {"n": 12, "k": 6, "rounds": 5}


def noisy_mean(kept, t):
    """A fit that depends on its round, as weights drawn anew do, so that each keeps another set than the one before."""
    return ROW[kept].mean() + 3 * np.random.default_rng(t).standard_normal()


def from_mean(theta):
    return (ROW - theta) ** 2


def assert_same_rounds(found, expected):
    assert [step.t for step in found] == [step.t for step in expected]
    for mine, other in zip(found, expected, strict=True):
        assert mine.state == other.state
        np.testing.assert_array_equal(mine.losses, other.losses)
        np.testing.assert_array_equal(mine.kept, other.kept)


def test_refits_are_the_loop_with_an_update_that_forgets():
    theta_0 = noisy_mean(np.ones(12, bool), 0)
    by_hand = itlm_rounds(theta_0, from_mean, lambda theta, kept, t: noisy_mean(kept, t + 1), k=6)
    expected = list(islice(by_hand, 5))
    assert_same_rounds(list(refit_rounds(noisy_mean, from_mean, **REFIT)), expected)
    assert all((a.kept != b.kept).any() for a, b in pairwise(expected))


def test_refits_go_through_the_one_loop_and_fit_no_more_than_they_yield(monkeypatch):
    whole, calls, fitted = loop.itlm_rounds, [], []
    monkeypatch.setattr(loop, "itlm_rounds", lambda *args, **how: calls.append(how) or whole(*args, **how))

    def fit(kept, t):
        fitted.append((t, int(kept.sum())))
        return noisy_mean(kept, t)

    two_less = lambda n: n - 2  # noqa: E731
    for step in refit_rounds(fit, from_mean, n=12, k=two_less, rounds=3):
        assert [t for t, _ in fitted] == list(range(step.t + 1))
    assert fitted == [(0, 12), (1, 10), (2, 10)] and calls == [{"k": two_less, "groups": None}]


@pytest.mark.parametrize("as_mask", [np.asarray, torch.as_tensor, list])
@pytest.mark.parametrize("done", range(6))
def test_a_cut_after_any_round_changes_nothing(done, as_mask):
    whole = list(refit_rounds(noisy_mean, from_mean, **REFIT))
    kept = [as_mask(step.kept) for step in whole[:done]]
    assert_same_rounds(list(refit_rounds(noisy_mean, from_mean, **REFIT, kept=kept)), whole[done:])


def test_more_rounds_finished_than_asked_for_leave_none_to_do():
    assert not list(refit_rounds(noisy_mean, from_mean, **REFIT, kept=[np.arange(12) < 6] * 6))


def test_a_known_theta_0_saves_the_first_fit_and_only_that():
    fitted = []

    def fit(kept, t):
        fitted.append(t)
        return noisy_mean(kept, t)

    whole = list(refit_rounds(noisy_mean, from_mean, **REFIT))
    assert_same_rounds(list(refit_rounds(fit, from_mean, **REFIT, first=whole[0].state)), whole)
    assert fitted == [1, 2, 3, 4]
    rest = refit_rounds(noisy_mean, from_mean, **REFIT, first=1e9, kept=[whole[0].kept])
    assert_same_rounds(list(rest), whole[1:])


def test_a_round_is_let_go_when_the_next_one_is_there():
    class Theta:
        pass

    born = []

    def fit(kept, t):
        theta = Theta()
        born.append(weakref.ref(theta))
        return theta

    for step in refit_rounds(fit, lambda theta: ROW, **REFIT):
        assert [theta() is not None for theta in born] == [False] * step.t + [True]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"rounds": 0}, "rounds must be a whole number of at least 1; got 0"),
        ({"rounds": 2.5}, "rounds must be a whole number"),
        ({"n": 0}, "n must be a whole number of at least 1; got 0"),
        ({"k": 13}, r"k must lie in 1\.\.12, the number of samples; got 13"),
        ({"k": lambda n: 0}, "k must be a whole number of at least 1; got 0"),
        ({"k": 5, "groups": [0, 0, 1] * 4}, r"k must lie in 1\.\.4, the number of samples; got 5"),
        ({"groups": list("ab" * 5)}, "groups must have one label per sample, 12; got 10"),
        ({"kept": [np.ones(4, bool)]}, r"mask of the 12 samples, bool, for each .* got bool of shape \(4,\)"),
        ({"kept": np.ones(12, bool)}, r"got bool of shape \(\)"),
        ({"kept": [np.ones(12, bool), torch.ones(12)]}, r"got torch.float32 of shape \(12,\)"),
        ({"kept": [np.arange(12)] * 5}, r"got int64 of shape \(12,\)"),
    ],
)
def test_bad_refits_are_told_before_any_fit(change, message):
    def forbidden(kept, t):
        raise AssertionError("fitted before the input was checked")

    with pytest.raises(InputError, match=message):
        next(refit_rounds(forbidden, from_mean, **{**REFIT, **change}))


def test_refits_need_a_loss_of_each_of_the_n_samples():
    with pytest.raises(InputError, match=r"one loss per sample, \(13,\); got \(12,\)"):
        next(refit_rounds(lambda kept, t: 1.0, from_mean, n=13, k=6, rounds=2))
