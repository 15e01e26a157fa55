from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed

from itlm_kit import InputError
from itlm_kit.glm import ABSOLUTE, KINKED, SMOOTH, FastFitter, clear_path, draw, fast_path, huber, leverage
from itlm_kit.glm.fast import _repeat
from itlm_kit.glm.path import Path, settled, settled_path
from itlm_kit.trimming import num_kept

WAYS = {
    "full updates": dict(rounds=30),
    "one step": dict(rounds=200, step=0.5),
    "some steps": dict(rounds=40, step=0.1, steps=5),
    "given start": dict(rounds=20, theta0=np.linspace(-0.3, 0.3, 20)),
    "small step, given start": dict(rounds=60, step=0.2, theta0=np.linspace(-0.3, 0.3, 20)),
    "link": dict(rounds=50, step=0.3, link=KINKED),
    "link and loss": dict(rounds=40, step=0.1, steps=3, link=SMOOTH, loss=huber(0.4)),
    "link, full updates": dict(rounds=6, link=KINKED),
    "smooth link, full updates": dict(rounds=8, link=SMOOTH),
    "loss, full updates": dict(rounds=4, loss=ABSOLUTE),
}


def assert_same(fast, clear, atol=1e-12):
    np.testing.assert_array_equal(fast.kept, clear.kept)
    np.testing.assert_allclose(fast.thetas, clear.thetas, rtol=0, atol=atol)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["random", "mixture", "arbitrary"])
@pytest.mark.parametrize("alpha", [0.75, 0.4, 1.0])
def test_same_path_as_the_clear_one(way, kind, alpha):
    drawn = draw(kind, n=300, d=20, seed=7, link=WAYS[way].get("link", draw.__kwdefaults__["link"]))
    paths = (path(drawn.x, drawn.y, alpha=alpha, **WAYS[way]) for path in (fast_path, clear_path))
    assert_same(*paths, atol=1e-8 if "link, full updates" in way else 1e-12)  # Gauss-Newton stops at 1e-10


@pytest.mark.parametrize("n, alpha", [(1000, 0.75), (1000, 0.12), (3000, 0.5)])
def test_same_path_at_the_papers_size(n, alpha):
    drawn = draw("random", n=n, seed=1)
    assert_same(*(path(drawn.x, drawn.y, alpha=alpha, rounds=12) for path in (fast_path, clear_path)))


@pytest.mark.parametrize("link", [KINKED, SMOOTH], ids=lambda link: link.name)
@pytest.mark.parametrize("kind", ["random", "mixture"])
def test_same_path_through_a_bent_link_at_the_papers_size(kind, link):
    drawn = draw(kind, seed=2, link=link)
    for way in (dict(rounds=4), dict(rounds=20, step=0.5)):
        assert_same(*(path(drawn.x, drawn.y, alpha=0.75, link=link, **way) for path in (fast_path, clear_path)), 1e-8)


@pytest.mark.parametrize("change", ["twice", "nothing", "heavy"])
def test_a_bent_link_on_features_that_normal_equations_are_no_good_for(change):
    drawn = draw("random", n=200, d=5, seed=0, link=SMOOTH)
    x = drawn.x.copy()
    if change == "heavy":  # one sample that comes and goes with nearly all of the sum of squares
        x[7] *= 1e7
    else:
        x[:, 4] = {"twice": x[:, 3] * (1 + 1e-12), "nothing": 0}[change]
    for way in (dict(rounds=5), dict(rounds=5, step=1e-15)):
        assert_same(*(path(x, drawn.y, alpha=0.75, link=SMOOTH, **way) for path in (fast_path, clear_path)), 1e-8)


def agree_until_a_tie(x, y, **way):
    """Both paths agree, up to a round whose losses at the cut are equal but for rounding."""
    fast, clear = (path(x, y, **way) for path in (fast_path, clear_path))
    k = num_kept(way["alpha"], len(y))
    for t in range(way["rounds"]):
        np.testing.assert_allclose(fast.thetas[t], clear.thetas[t], rtol=1e-6, atol=1e-9)
        residuals = np.sort(np.abs(y - x @ clear.thetas[t]))
        if k < len(y) and residuals[k] - residuals[k - 1] < 1e-7 * (1 + residuals[-1]):
            return
        np.testing.assert_array_equal(fast.kept[t], clear.kept[t])


@given(st.integers(1, 30), st.integers(1, 5), st.floats(0.2, 1), st.integers(0, 10**6), st.sampled_from([None, 0.05]))
@example(n=1, d=1, alpha=1.0, seed=0, step=None)
@settings(max_examples=150, deadline=None)
def test_small_tables_with_ties_repeats_and_dependent_columns(n, d, alpha, seed, step):
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, (n, d)).astype(float)
    y = rng.integers(-4, 5, n).astype(float)
    twice = rng.integers(0, n, n // 3)
    x[: twice.size], y[: twice.size] = x[twice], y[twice]
    agree_until_a_tie(x, y, alpha=max(alpha, 1 / n), rounds=6, step=step)


@pytest.mark.parametrize("step", [None, 0.1])
def test_exact_ties_go_to_the_lower_index(step):
    # Powers of two: no rounding anywhere, and every loss under theta_0 = 0 equal to another.
    x, y = np.ones((8, 1)), np.array([4.0, -4, 4, -4, 4, -4, 4, -4])
    fast = fast_path(x, y, alpha=0.5, rounds=1, step=step, theta0=[0.0])
    np.testing.assert_array_equal(fast.kept[0], np.arange(8) < 4)


def test_columns_dependent_all_together_take_the_clear_path():
    triangle = np.eye(40) - 0.4 * np.triu(np.ones((40, 40)), 1)
    drawn = draw("random", n=200, d=40, seed=0)
    for way in (dict(rounds=5), dict(rounds=5, step=0.01)):
        fast, clear = (path(drawn.x @ triangle, drawn.y, alpha=0.8, **way) for path in (fast_path, clear_path))
        np.testing.assert_array_equal(fast.thetas[0], clear.thetas[0])
        np.testing.assert_array_equal(fast.kept, clear.kept)


@pytest.mark.parametrize("before, t, sets", [(1, 3, [0, 1, 2, 1, 2, 1]), (2, 3, [0, 1, 2, 2, 2, 2])])
def test_a_set_that_returns_brings_its_path_back(before, t, sets):
    path = Path(np.arange(7.0)[:, None], np.arange(6)[:, None])  # set s leads to theta s + 1
    path.kept[t:], path.thetas[t + 1 :] = -1, -1
    _repeat(path, before, t)
    np.testing.assert_array_equal(path.kept[:, 0], sets)
    np.testing.assert_array_equal(path.thetas[1:, 0], np.array(sets) + 1)


def test_one_fitter_serves_many_outputs_and_shares():
    fitter = None
    for seed, alpha, way in ((0, 0.75, {}), (1, 0.6, {}), (2, 0.6, {"step": 0.3}), (0, 0.9, {"theta0": np.ones(8)})):
        drawn = draw("random", n=200, d=8, seed=0)
        y = drawn.y + np.random.default_rng(seed).standard_normal(200) / 5
        fitter = fitter or FastFitter(drawn.x)
        assert_same(
            fitter.path(y, alpha=alpha, rounds=15, **way), clear_path(drawn.x, y, alpha=alpha, rounds=15, **way)
        )


def test_parallel_runs_equal_serial_ones_to_the_bit():
    problems = [draw("random", n=200, d=20, seed=seed) for seed in range(4)]
    runs = [delayed(fast_path)(p.x, p.y, alpha=0.7, rounds=10) for p in problems]
    for here, there in zip(Parallel(n_jobs=1)(runs), Parallel(n_jobs=2)(runs), strict=True):
        np.testing.assert_array_equal(here.thetas, there.thetas)
        np.testing.assert_array_equal(here.kept, there.kept)


def spoilt(how):
    drawn = draw("random", n=200, d=6, clean=0.8, seed=3)
    x, y = drawn.x.copy(), drawn.y.copy()
    if how == "nearly equal columns":
        x[:, 1] = x[:, 0] + 1e-7 * x[:, 1]
    elif how == "equal columns":
        x[:, 1] = x[:, 0]
    elif how == "zero column":
        x[:, 2] = 0
    elif how == "two constant columns":
        x[:, [2, 4]] = 1, 3
    elif how == "one column a sum of two":
        x[:, 5] = x[:, 0] - x[:, 1] + 1e-8 * x[:, 5]
    elif how == "units far apart":
        x *= 10.0 ** np.arange(-6, 6, 2)
    elif how == "one column in tiny units":
        x[:, 2] *= 1e-160
    elif how == "tiny units throughout":
        x *= 1e-160
    elif how == "huge bad outputs":
        y[~drawn.is_clean] *= 1e11
    elif how == "huge bad features":
        x[~drawn.is_clean] *= 1e9
    elif how == "repeated rows":
        x[100:], y[100:] = x[:100], y[:100]
    return x, y


SPOILT = [
    "nearly equal columns", "equal columns", "zero column", "two constant columns", "one column a sum of two",
    "units far apart", "one column in tiny units", "tiny units throughout", "huge bad outputs", "huge bad features",
    "repeated rows",
]  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_spoilt_tables_never_give_a_silent_wrong_fit(how):
    x, y = spoilt(how)
    fast = fast_path(x, y, alpha=0.7, rounds=12)
    residuals = np.abs(y - x @ fast.thetas[-2])
    assert residuals[fast.kept[-1]].max() <= residuals[~fast.kept[-1]].min() * (1 + 1e-9)
    kept = fast.kept[-1]
    scaled = x[kept] / np.abs(x).max(0).clip(1e-300)
    fitted = scaled @ np.linalg.lstsq(scaled, y[kept], rcond=None)[0]
    np.testing.assert_allclose(x[kept] @ fast.thetas[-1], fitted, rtol=1e-6, atol=1e-6 * np.abs(y[kept]).max())


@pytest.mark.parametrize("how", [how for how in SPOILT if "far" not in how])
def test_spoilt_tables_take_the_clear_path(how):
    x, y = spoilt(how)
    fast, clear = (path(x, y, alpha=0.7, rounds=1) for path in (fast_path, clear_path))
    np.testing.assert_allclose(fast.thetas, clear.thetas, rtol=1e-7, atol=1e-9)


def test_too_few_samples_give_the_answer_of_minimum_norm():
    drawn = draw("random", n=8, d=12, seed=0)
    path = fast_path(drawn.x, drawn.y, alpha=0.75, rounds=3)
    kept = path.kept[-1]
    np.testing.assert_allclose(path.thetas[-1], np.linalg.pinv(drawn.x[kept]) @ drawn.y[kept], atol=1e-10)


def test_one_sample():
    path = fast_path([[3.0, 4.0]], [50.0], alpha=1, rounds=2)
    np.testing.assert_allclose(path.thetas, [[6, 8]] * 3)  # the shortest theta with 3 a + 4 b = 50


def test_a_long_path_with_many_moves_stays_exact():
    drawn = leverage(n=400, d=10, seed=2)
    way = dict(alpha=0.5, rounds=150, step=0.002, theta0=np.full(10, 3.0))
    assert_same(fast_path(drawn.x, drawn.y, **way), clear_path(drawn.x, drawn.y, **way), atol=1e-11)


# --- ended where the kept set stands


def until_it_stood(path):
    """The rounds of a path up to the first of the kept set that stays to its end."""
    changed = (path.kept[1:] != path.kept[:-1]).any(1).nonzero()[0]
    rounds = changed[-1] + 2 if changed.size else 1
    return Path(path.thetas[: rounds + 1], path.kept[:rounds])


def assert_equal(one, other):
    np.testing.assert_array_equal(one.thetas, other.thetas)
    np.testing.assert_array_equal(one.kept, other.kept)


def test_the_rounds_that_count_by_hand():
    sets = [np.array([True, False, False]), np.array([False, True, False]), np.array([False, False, True])]

    def walk(*steps):
        return settled(((np.array([t]), sets[s], loss) for t, (s, loss) in enumerate(steps)), rounds=3)

    stands = walk((0, 9.0), (1, 5.0), (1, 4.0))  # set 1 is kept once more
    np.testing.assert_array_equal(stands.thetas, [[0], [1], [2]])
    np.testing.assert_array_equal(stands.kept, sets[:2])
    assert_equal(walk((0, 9.0), (1, 5.0), (2, 5.0)), stands)  # a tie
    assert_equal(walk((0, 9.0), (1, 5.0), (0, 5.1)), stands)  # rounding
    moves_on = walk((0, 9.0), (1, 5.0), (2, 4.0), (0, 3.0))
    np.testing.assert_array_equal(moves_on.thetas, [[0], [1], [2], [3]])
    np.testing.assert_array_equal(moves_on.kept, sets)


@pytest.mark.parametrize("rounds", [1, 3, 100])
@pytest.mark.parametrize("alpha", [0.55, 0.75, 1.0])
@pytest.mark.parametrize("kind", ["random", "mixture", "arbitrary"])
def test_a_settled_path_is_the_whole_one_to_the_bit_up_to_where_it_stood(kind, alpha, rounds):
    for seed in range(3):
        drawn = draw(kind, n=300, d=10, seed=seed, sigma=0.5)
        for theta0 in (None, np.ones(10)):
            way = dict(alpha=alpha, rounds=rounds, theta0=theta0)
            assert_equal(
                FastFitter(drawn.x).settled_path(drawn.y, **way), until_it_stood(fast_path(drawn.x, drawn.y, **way))
            )
            assert_equal(settled_path(drawn.x, drawn.y, **way), until_it_stood(clear_path(drawn.x, drawn.y, **way)))


@pytest.mark.parametrize("how", SPOILT)
def test_a_settled_path_of_a_spoilt_table_is_the_whole_one(how):
    x, y = spoilt(how)
    fast = FastFitter(x).settled_path(y, alpha=0.7, rounds=40)
    assert_equal(fast, until_it_stood(fast_path(x, y, alpha=0.7, rounds=40)))


def test_too_few_samples_to_settle_theta_stand_at_once():
    drawn = draw("random", n=12, d=15, seed=0)
    assert len(FastFitter(drawn.x).settled_path(drawn.y, alpha=0.75, rounds=1000).kept) < 10


@pytest.mark.parametrize(
    "change, words",
    [(dict(alpha=1.3), "alpha must lie in"), (dict(rounds=0), "rounds must be"), (dict(theta0=[1.0]), "theta0 must be"),
     (dict(y=[1.0, 2]), "y must have one output per sample")],
)  # fmt: skip
def test_bad_input_of_a_settled_path(change, words):
    drawn = draw("random", n=40, d=3, seed=0)
    how = {"y": drawn.y, "alpha": 0.7, "rounds": 5, **change}
    for path in (FastFitter(drawn.x).settled_path, partial(settled_path, drawn.x)):
        with pytest.raises(InputError, match=words):
            path(**how)
