import numpy as np
import pytest

from itlm_kit import InputError
from itlm_kit.glm import IDENTITY, KINKED, LINKS, SMOOTH, draw, leverage


@pytest.mark.parametrize("kind", ["random", "arbitrary", "mixture"])
def test_outputs_follow_equation_1(kind):
    drawn = draw(kind, n=400, d=7, clean=0.7, sigma=0, seed=3)
    assert drawn.is_clean.sum() == 280 and np.linalg.norm(drawn.theta) == pytest.approx(1)
    truth = drawn.x @ drawn.theta
    np.testing.assert_allclose(drawn.y[drawn.is_clean], truth[drawn.is_clean])
    assert not np.isclose(drawn.y, truth)[~drawn.is_clean].any()


def test_random_outputs_and_noise_have_the_named_spread():
    drawn = draw("random", n=20_000, d=3, clean=0.5, sigma=0.5, seed=0)
    noise = (drawn.y - drawn.x @ drawn.theta)[drawn.is_clean]
    assert noise.std() == pytest.approx(0.5, rel=0.03)
    assert drawn.y[~drawn.is_clean].var() == pytest.approx(1 + 0.25, rel=0.05)  # r, and noise upon it
    assert abs(np.corrcoef(drawn.y[~drawn.is_clean], (drawn.x @ drawn.theta)[~drawn.is_clean])[0, 1]) < 0.05


@pytest.mark.parametrize("others", [(1.0,), (0.75, 0.25)])
def test_components_of_a_mixture(others):
    drawn = draw("mixture", n=500, d=6, clean=0.6, sigma=0, seed=1, others=others)
    np.testing.assert_allclose(drawn.thetas @ drawn.thetas.T, np.eye(1 + len(others)), atol=1e-12)
    np.testing.assert_allclose(drawn.y, (drawn.x * drawn.thetas[drawn.component]).sum(1))
    shares = np.bincount(drawn.component) / 500
    np.testing.assert_allclose(shares, [0.6, *(0.4 * np.array(others))])


def test_arbitrary_outputs_are_the_callers_or_the_opposite():
    opposite = draw("arbitrary", n=50, d=3, sigma=0, seed=0)
    np.testing.assert_allclose(opposite.y[~opposite.is_clean], -(opposite.x @ opposite.theta)[~opposite.is_clean])
    own = draw("arbitrary", n=50, d=3, sigma=0, seed=0, corruption=lambda x, output, rng: x[:, 0] + 9)
    np.testing.assert_allclose(own.y[~own.is_clean], own.x[~own.is_clean, 0] + 9)


@pytest.mark.parametrize("link", [IDENTITY, KINKED])
def test_an_adaptive_adversary_spoils_what_turns_the_fit_most(link):
    drawn = draw("adaptive", n=300, d=6, clean=0.7, sigma=0, seed=2, link=link)
    v = drawn.thetas[1] - drawn.theta
    assert np.linalg.norm(v) == pytest.approx(1) and v @ drawn.theta == pytest.approx(0, abs=1e-12)
    reach = np.abs(drawn.x @ v)
    assert drawn.is_clean.sum() == 210 and reach[drawn.is_clean].max() < reach[~drawn.is_clean].min()
    np.testing.assert_allclose(drawn.y[drawn.is_clean], link.value(drawn.x @ drawn.theta)[drawn.is_clean])
    np.testing.assert_allclose(drawn.y[~drawn.is_clean], link.value(drawn.x @ (drawn.theta + v))[~drawn.is_clean])
    elsewhere = draw("random", n=300, d=6, clean=0.7, sigma=0, seed=2, link=link)
    np.testing.assert_array_equal(drawn.x, elsewhere.x)
    np.testing.assert_array_equal(drawn.theta, elsewhere.theta)


def test_one_seed_shares_all_but_the_bad_outputs():
    random, mixed = (draw(kind, n=60, d=4, clean=0.5, seed=5) for kind in ("random", "mixture"))
    for name in ("x", "is_clean", "theta"):
        np.testing.assert_array_equal(getattr(random, name), getattr(mixed, name))
    np.testing.assert_allclose(random.y[random.is_clean], mixed.y[random.is_clean], rtol=1e-12)
    again = draw("random", n=60, d=4, clean=0.5, seed=5)
    assert all(np.array_equal(a, b) for a, b in zip(random, again, strict=True))
    assert not np.array_equal(random.x, draw("random", n=60, d=4, clean=0.5, seed=6).x)


def test_leverage_points_lie_far_out():
    drawn = leverage(n=200, d=5, seed=0)
    lengths = np.linalg.norm(drawn.x, axis=1)
    assert lengths[~drawn.is_clean].min() > lengths[drawn.is_clean].max()


@pytest.mark.parametrize("link", LINKS.values(), ids=lambda link: link.name)
def test_slopes_are_the_derivative_and_keep_their_bounds(link):
    u = np.linspace(-6, 6, 241) + 1e-3
    step = 1e-6
    np.testing.assert_allclose((link.value(u + step) - link.value(u - step)) / (2 * step), link.slope(u), rtol=1e-6)
    assert link.a <= link.slope(u).min() and link.slope(u).max() <= link.b


def test_links_by_hand():
    u = np.array([-2.0, 0.0, 2.0])
    np.testing.assert_allclose(IDENTITY.value(u), u)
    np.testing.assert_allclose(KINKED.value(u), [-2, 0, 2.4])
    np.testing.assert_allclose(SMOOTH.value(u), u + np.tanh(u) / 2)


@pytest.mark.parametrize(
    "settings, words",
    [
        (dict(kind="odd"), "kind must be one of"),
        (dict(clean=1.3), r"clean must lie in \(0, 1\]"),
        (dict(n=0), "n must be a whole number"),
        (dict(d=2.5), "d must be a whole number"),
        (dict(sigma=-1), "sigma must be at least 0"),
        (dict(kind="mixture", others=(0.5, 0.6)), "others must be positive shares"),
        (dict(kind="mixture", d=1), "d must be at least the number of components, 2"),
        (dict(kind="adaptive", d=1), "d must be at least the number of components, 2"),
    ],
)
def test_settings_out_of_range(settings, words):
    with pytest.raises(InputError, match=words):
        draw(**{"kind": "random", "n": 20, "d": 3, **settings})
