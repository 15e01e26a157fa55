import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from itlm_kit import InputError, num_kept
from itlm_kit.glm import ABSOLUTE, KINKED, LINKS, SMOOTH, SQUARED, clear_path, draw, huber, trimmed_squares
from itlm_kit.glm.path import fit

SMALL = dict(n=120, d=5, clean=0.7, sigma=0.1)


def error(theta, drawn):
    return np.linalg.norm(theta - drawn.theta)


def test_two_rounds_by_hand():
    # y = x but for the last sample; of 4, keep 2. theta_0 = (1 + 4 + 9 + 0) / 30.
    x, y = np.array([[1.0], [2], [3], [4]]), np.array([1.0, 2, 3, 0])
    path = clear_path(x, y, alpha=0.5, rounds=2)
    np.testing.assert_allclose(path.thetas[:, 0], [14 / 30, 1, 1])
    np.testing.assert_array_equal(path.kept, [[True, True, False, False]] * 2)


def test_a_gradient_step_by_hand():
    x, y = np.array([[1.0], [2], [3], [4]]), np.array([1.0, 2, 3, 0])
    path = clear_path(x, y, alpha=0.5, rounds=1, step=0.1, steps=2, theta0=[0.0])
    # Kept: the last (loss 0) and the first. Mean of x (y - x theta): (1 - theta - 16 theta) / 2.
    first = 0.1 * 0.5
    np.testing.assert_allclose(path.thetas[:, 0], [0, first + 0.1 * (1 - 17 * first) / 2])


def test_figures_of_an_independent_program():
    # n = 1000, d = 100, clean .8, alpha .75; 5 runs instead of its 20. M = 1: eta .5, 200 rounds.
    for kind, sigma, naive, itlm, oracle in (
        ("random", 0.1, 0.278, 0.049, 0.036),
        ("mixture", 0.1, 0.343, 0.050, 0.038),
        ("random", 1.0, 0.427, 0.550, 0.363),
    ):
        found = []
        for seed in range(5):
            drawn = draw(kind, sigma=sigma, seed=seed)
            path = clear_path(drawn.x, drawn.y, alpha=0.75, rounds=8)
            best = fit(drawn.x[drawn.is_clean], drawn.y[drawn.is_clean], None)
            found.append([error(theta, drawn) for theta in (path.thetas[0], path.thetas[-1], best)])
        np.testing.assert_allclose(np.mean(found, 0), [naive, itlm, oracle], rtol=0.12)


@pytest.mark.parametrize("clean, expected", [(0.65, 0.153), (0.8, 0.108)])
def test_one_gradient_step_a_round_recovers_alike(clean, expected):
    found = []
    for seed in range(5):
        drawn = draw("random", clean=clean, sigma=0.2, seed=seed)
        path = clear_path(drawn.x, drawn.y, alpha=clean - 0.05, rounds=200, step=0.5)
        found.append(error(path.thetas[-1], drawn))
    assert np.mean(found) == pytest.approx(expected, rel=0.12)


def test_many_gradient_steps_are_a_full_update():
    drawn = draw("random", **SMALL, seed=0)
    full = clear_path(drawn.x, drawn.y, alpha=0.65, rounds=3)
    steps = clear_path(drawn.x, drawn.y, alpha=0.65, rounds=3, step=0.3, steps=400)
    np.testing.assert_allclose(steps.thetas, full.thetas, atol=1e-9)


@pytest.mark.parametrize("link", LINKS.values(), ids=lambda link: link.name)
@pytest.mark.parametrize("kind", ["random", "mixture"])
def test_links_are_recovered(link, kind):
    drawn = draw(kind, **SMALL, seed=1, link=link)
    full = clear_path(drawn.x, drawn.y, alpha=0.65, rounds=12, link=link)
    small = clear_path(drawn.x, drawn.y, alpha=0.65, rounds=150, step=0.3, link=link)
    assert error(full.thetas[0], drawn) > 0.15
    assert error(full.thetas[-1], drawn) < 0.1 and error(small.thetas[-1], drawn) < 0.1


def test_a_full_update_with_a_link_stands_at_the_minimum():
    drawn = draw("random", **SMALL, seed=2, link=SMOOTH)
    theta = fit(drawn.x, drawn.y, np.zeros(5), SMOOTH)
    best = minimize(lambda t: ((drawn.y - SMOOTH.value(drawn.x @ t)) ** 2).sum(), np.zeros(5), tol=1e-12)
    np.testing.assert_allclose(theta, best.x, atol=1e-5)


def test_a_full_update_with_the_absolute_loss_stands_at_the_minimum():
    drawn = draw("random", **SMALL, seed=3)
    n, d = drawn.x.shape
    theta = fit(drawn.x, drawn.y, np.zeros(d), loss=ABSOLUTE)
    # min sum(up + down) so that x theta + up - down = y
    best = linprog(
        np.r_[np.zeros(d), np.ones(2 * n)],
        A_eq=np.hstack([drawn.x, np.eye(n), -np.eye(n)]),
        b_eq=drawn.y,
        bounds=[(None, None)] * d + [(0, None)] * 2 * n,
    )
    assert np.abs(drawn.y - drawn.x @ theta).sum() == pytest.approx(best.fun, rel=1e-4)


def test_huber_meets_its_two_neighbours():
    drawn = draw("random", **SMALL, seed=4)
    wide = fit(drawn.x, drawn.y, np.zeros(5), loss=huber(1e6))
    np.testing.assert_allclose(wide, fit(drawn.x, drawn.y, None), atol=1e-8)
    narrow, absolute = (fit(drawn.x, drawn.y, np.zeros(5), loss=loss) for loss in (huber(1e-4), ABSOLUTE))
    np.testing.assert_allclose(narrow, absolute, atol=1e-2)
    np.testing.assert_allclose(huber(2.0).value(np.array([1.0, -3])), [0.5, 4])


@pytest.mark.parametrize("loss", [SQUARED, ABSOLUTE, huber(0.3)], ids=lambda loss: loss.name)
@pytest.mark.parametrize("link", [LINKS["identity"], KINKED], ids=lambda link: link.name)
def test_full_updates_never_raise_the_trimmed_loss(loss, link):
    for seed in range(5):
        drawn = draw("mixture", **SMALL, seed=seed, link=link)
        path = clear_path(drawn.x, drawn.y, alpha=0.6, rounds=10, link=link, loss=loss)
        losses = np.sort(loss.value(drawn.y - link.value(path.thetas @ drawn.x.T)), 1)
        assert (np.diff(losses[:, : num_kept(0.6, SMALL["n"])].sum(1)) <= 1e-9).all()


tables = st.integers(2, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, 4), st.integers(0, 10**6)))


@given(tables, st.floats(0.5, 1))
@settings(max_examples=60, deadline=None)
def test_trimmed_squares_never_rise_even_where_theta_is_not_settled(shape, alpha):
    n, d, seed = shape
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-2, 3, (n, d)).astype(float), rng.integers(-5, 6, n).astype(float)
    path = clear_path(x, y, alpha=alpha, rounds=6)
    totals = [trimmed_squares(x, y, theta, alpha=alpha) for theta in path.thetas]
    assert (np.diff(totals) <= 1e-9).all()


@pytest.mark.parametrize("size", [1e-160, 1e-12, 1e12, 1e16, 1e100])
def test_a_column_in_far_other_units_is_fitted_like_any(size):
    drawn = draw("random", **SMALL)
    units = np.array([1, 1, size, 1, 1])
    here, there = (clear_path(x, drawn.y, alpha=0.6, rounds=10) for x in (drawn.x, drawn.x * units))
    np.testing.assert_array_equal(here.kept, there.kept)
    np.testing.assert_allclose(here.thetas, there.thetas * units, atol=1e-12)


GOOD = dict(x=np.arange(12.0).reshape(6, 2) ** 2, y=np.arange(6.0), alpha=0.8, rounds=2)


@pytest.mark.parametrize(
    "changes, words",
    [
        (dict(y=[0, 1, 2, np.nan, 4, 5]), "y must be finite; sample 3 has NaN"),
        (dict(y=[0, 1, np.inf, 3, 4, 5]), "y must be finite; sample 2"),
        (dict(x=np.full((6, 2), np.inf)), "x must be finite; sample 0"),
        (dict(x=np.ones(6)), "x must be a table"),
        (dict(x=np.ones((0, 2)), y=[]), "x must be a table"),
        (dict(x=[["a", "b"]] * 6), "x must be numbers"),
        (dict(y=[0, 1, 2, 3, 4, 1e160]), "y must be small enough to be squared; got 1e\\+160"),
        (dict(x=np.full((6, 2), -1e160)), "x must be small enough to be squared"),
        (dict(y=np.arange(6) + 1j), "y must be real numbers"),
        (dict(y=np.ma.masked_equal(np.arange(6.0), 3)), "y must be real numbers, none masked"),
        (dict(y=np.arange(5.0)), "y must have one output per sample"),
        (dict(alpha=0.1), "alpha must keep at least one sample"),
        (dict(alpha=1.3), "alpha must lie in"),
        (dict(rounds=0), "rounds must be a whole number"),
        (dict(step=-1), "step must be a positive number"),
        (dict(steps=0), "steps must be a whole number"),
        (dict(theta0=[0.0]), "theta0 must be finite and of shape"),
        (dict(step=1e6, rounds=200), "losses must not be NaN; .* lower the step size"),
    ],
)
@pytest.mark.parametrize("path", ["clear_path", "fast_path"])
def test_bad_input(path, changes, words):
    from itlm_kit import glm

    with pytest.raises(InputError, match=words):
        getattr(glm, path)(**{**GOOD, **changes})


def test_huber_needs_a_positive_delta():
    with pytest.raises(InputError, match="delta must be a positive number"):
        huber(0)
