import itertools

import numpy as np
import pytest

from itlm_kit import InputError
from itlm_kit.glm import (
    clear_path,
    draw,
    exact_trimmed_squares,
    leverage,
    multistart_trimmed_squares,
    robust_scale,
    trimmed_squares,
)

# Brownlee's stack loss plant (1965): air flow, water temperature, acid concentration; loss.
STACKLOSS = np.array(
    """80 27 89 42  80 27 88 37  75 25 90 37  62 24 87 28  62 22 87 18  62 23 87 18  62 24 93 19
    62 24 93 20  58 23 87 15  58 18 80 14  58 18 89 14  58 17 88 13  58 18 82 11  58 19 93 12
    50 18 89 8  50 18 86 7  50 19 72 8  50 19 79 8  50 20 80 9  56 20 82 15  70 20 91 15""".split(),
    dtype=float,
).reshape(21, 4)
PLANT = np.column_stack([np.ones(21), STACKLOSS[:, :3]]), STACKLOSS[:, 3]
HALF = 13 / 21
BEST = [-37.3233, 0.740921, 0.391527, 0.011135]


def error(fit, drawn):
    return np.linalg.norm(fit.theta - drawn.theta)


def test_stackloss_by_all_subsets():
    found = exact_trimmed_squares(*PLANT, alpha=HALF)
    np.testing.assert_allclose(found.theta, BEST, rtol=1e-4)
    assert found.objective == pytest.approx(2.93239, abs=5e-6) and found.kept.sum() == 13


def test_stackloss_from_many_starts_and_from_one():
    many = multistart_trimmed_squares(*PLANT, alpha=HALF, n_init=100)
    np.testing.assert_allclose(many.theta, BEST, rtol=1e-4)
    assert many.objective == pytest.approx(2.93239, abs=5e-6)
    assert multistart_trimmed_squares(*PLANT, alpha=HALF).objective == pytest.approx(5.00048, abs=5e-6)


@pytest.mark.parametrize("seed", range(5))
def test_exact_is_the_minimum_over_subsets_by_hand(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((9, 2)), rng.standard_normal(9)
    every = [
        np.linalg.lstsq(x[list(few)], y[list(few)], rcond=None)[1].sum() for few in itertools.combinations(range(9), 6)
    ]
    found = exact_trimmed_squares(x, y, alpha=6 / 9)
    assert found.objective == pytest.approx(min(every))
    itlm = clear_path(x, y, alpha=6 / 9, rounds=20)
    assert found.objective <= trimmed_squares(x, y, itlm.thetas[-1], alpha=6 / 9) + 1e-12


def test_exact_with_subsets_that_do_not_settle_theta():
    found = exact_trimmed_squares(np.ones((5, 2)), [1.0, 1, 1, 5, 9], alpha=0.6)
    np.testing.assert_allclose(found.theta, [0.5, 0.5])
    assert found.objective == pytest.approx(0, abs=1e-20) and found.kept.tolist() == [True] * 3 + [False] * 2


def test_one_start_is_itlm():
    drawn = draw("random", n=200, d=10, seed=0)
    found = multistart_trimmed_squares(drawn.x, drawn.y, alpha=0.7)
    path = clear_path(drawn.x, drawn.y, alpha=0.7, rounds=100)
    np.testing.assert_allclose(found.theta, path.thetas[-1], atol=1e-12)
    np.testing.assert_array_equal(found.kept, path.kept[-1])


def test_leverage_points_mislead_one_start_and_not_many():
    for seed in range(3):
        drawn = leverage(n=400, d=5, seed=seed)
        one, many = (multistart_trimmed_squares(drawn.x, drawn.y, alpha=0.75, n_init=n) for n in (1, 60))
        ols = clear_path(drawn.x, drawn.y, alpha=1.0, rounds=1).thetas[0]
        assert error(one, drawn) > 0.8 * np.linalg.norm(ols - drawn.theta) > 0.1
        assert one.kept[~drawn.is_clean].all()
        assert error(many, drawn) < 0.05 and not many.kept[~drawn.is_clean].any()


def test_reweighting_comes_nearer_to_the_oracle():
    plain, again, oracle = [], [], []
    for seed in range(5):
        drawn = draw("random", clean=0.7, seed=seed)
        plain.append(error(multistart_trimmed_squares(drawn.x, drawn.y, alpha=0.65), drawn))
        again.append(error(multistart_trimmed_squares(drawn.x, drawn.y, alpha=0.65, reweight=True), drawn))
        clean = np.linalg.lstsq(drawn.x[drawn.is_clean], drawn.y[drawn.is_clean], rcond=None)[0]
        oracle.append(np.linalg.norm(clean - drawn.theta))
    assert np.mean(plain) == pytest.approx(0.058, rel=0.1)
    assert np.mean(again) == pytest.approx(0.047, rel=0.1)
    assert np.mean(oracle) < np.mean(again) < np.mean(plain)


@pytest.mark.parametrize("alpha", [0.5, 0.75, 0.95, 1.0])
def test_robust_scale_is_consistent_for_normal_noise(alpha):
    residuals = 3 * np.random.default_rng(0).standard_normal(200_000)
    assert robust_scale(residuals, alpha=alpha, d=2) == pytest.approx(3, rel=0.01)


def test_reweighting_an_exact_fit_keeps_what_fits():
    x = np.arange(10.0)[:, None] + 1
    y = np.where(np.arange(10) < 7, 2 * x[:, 0], 99.0)
    found = multistart_trimmed_squares(x, y, alpha=0.5, n_init=10, reweight=True)
    assert found.theta[0] == pytest.approx(2) and not found.kept[7:].any()


def test_breakdown_near_one_half():
    # However far bad outputs go, the exact estimate stays; once they are the majority kept, it goes with them.
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(14), rng.standard_normal(14)])
    y = x @ [1.0, 2.0] + 0.1 * rng.standard_normal(14)
    for bad, moved in ((5, False), (9, True)):
        spoilt = y.copy()
        spoilt[:bad] = 1e6 + y[:bad]
        theta = exact_trimmed_squares(x, spoilt, alpha=9 / 14).theta
        assert (np.linalg.norm(theta - [1, 2]) > 1e5) == moved


def test_consistent_where_all_samples_are_clean():
    errors = []
    for n in (200, 2000, 20_000):
        drawn = draw("random", n=n, d=5, clean=1.0, sigma=0.5, seed=1)
        errors.append(error(multistart_trimmed_squares(drawn.x, drawn.y, alpha=0.8), drawn))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.03


def test_same_seed_same_fit():
    drawn = leverage(n=200, d=5, seed=0)
    one, two = (multistart_trimmed_squares(drawn.x, drawn.y, alpha=0.7, n_init=15, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.theta, two.theta)


@pytest.mark.parametrize("n_init", [0, 1.5])
def test_bad_input(n_init):
    with pytest.raises(InputError, match="n_init must be a whole number"):
        multistart_trimmed_squares(*PLANT, alpha=0.6, n_init=n_init)
    with pytest.raises(InputError, match="n must be small enough to try all subsets"):
        exact_trimmed_squares(np.ones((40, 1)), np.ones(40), alpha=0.5)
    with pytest.raises(InputError, match="y must be finite; sample 2"):
        exact_trimmed_squares(np.ones((4, 1)), [1, 2, np.nan, 4], alpha=0.5)
