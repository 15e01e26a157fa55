import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from silence import no_warnings
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from itlm_kit import InputError, num_kept, trim
from itlm_kit.glm import TrimmedLeastSquares, clear_path, draw, leverage


@parametrize_with_checks(
    [
        TrimmedLeastSquares(),
        TrimmedLeastSquares("auto"),
        TrimmedLeastSquares(n_init=3, reweight=True, random_state=0),
        TrimmedLeastSquares(fit_intercept=False),
    ]
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.fixture
def drawn():
    return draw("random", n=400, d=6, clean=0.7, seed=0)


def test_attributes_and_recovery(drawn):
    fit = TrimmedLeastSquares(0.65).fit(drawn.x, drawn.y + 5)
    assert np.linalg.norm(fit.coef_ - drawn.theta) < 0.05 and fit.intercept_ == pytest.approx(5, abs=0.03)
    assert fit.support_.dtype == bool and fit.support_.sum() == num_kept(0.65, 400)
    assert drawn.is_clean[fit.support_].mean() > 0.95 > drawn.is_clean.mean()
    np.testing.assert_allclose(fit.predict(drawn.x), drawn.x @ fit.coef_ + fit.intercept_)


def test_path_in_the_units_of_the_data(drawn):
    x = drawn.x * [1, 10, 0.1, 1, 1, 1] + [0, 50, 0, -3, 0, 0]
    fit = TrimmedLeastSquares(0.65).fit(x, drawn.y)
    clear = clear_path(np.column_stack([x, np.ones(400)]), drawn.y, alpha=0.65, rounds=fit.n_iter_)
    np.testing.assert_allclose(fit.path_.thetas, clear.thetas, atol=1e-9)
    np.testing.assert_array_equal(fit.path_.kept, clear.kept)
    np.testing.assert_allclose(fit.path_.thetas[-1], [*fit.coef_, fit.intercept_], atol=1e-12)
    assert 1 < fit.n_iter_ < 30
    losses = (drawn.y - fit.predict(x)) ** 2
    np.testing.assert_array_equal(trim(losses, num_kept(0.65, 400)), fit.path_.kept[-1])  # the set stands


def test_max_rounds_stops_it(drawn):
    fit = TrimmedLeastSquares(0.65, max_rounds=1).fit(drawn.x, drawn.y)
    assert fit.n_iter_ == 1 and len(fit.path_.kept) == 1


def test_auto_alpha_is_near_the_clean_share(drawn):
    fit = TrimmedLeastSquares("auto", random_state=0).fit(drawn.x, drawn.y)
    assert 0.55 <= fit.alpha_ <= 0.85 and np.linalg.norm(fit.coef_ - drawn.theta) < 0.06


def test_more_starts_withstand_leverage():
    bad = leverage(n=300, d=4, seed=1)
    one, many = (
        TrimmedLeastSquares(0.75, n_init=n, fit_intercept=False, random_state=0).fit(bad.x, bad.y) for n in (1, 50)
    )
    assert np.linalg.norm(one.coef_ - bad.theta) > 0.3 > 0.1 > np.linalg.norm(many.coef_ - bad.theta)


def test_reweighting_keeps_more_clean_samples(drawn):
    fit = TrimmedLeastSquares(0.5, reweight=True).fit(drawn.x, drawn.y)
    assert fit.support_[drawn.is_clean].mean() > 0.9


def test_scores_well_at_its_own_default(drawn):
    clean = drawn.is_clean
    assert TrimmedLeastSquares().fit(drawn.x, drawn.y).score(drawn.x[clean], drawn.y[clean]) > 0.9


def test_pipeline_and_grid_search(drawn):
    model = make_pipeline(StandardScaler(), TrimmedLeastSquares(random_state=0))
    search = GridSearchCV(
        model, {"trimmedleastsquares__alpha": [0.65, 1.0]}, scoring="neg_median_absolute_error", cv=3
    ).fit(drawn.x, drawn.y)
    assert search.best_params_ == {"trimmedleastsquares__alpha": 0.65}


def test_same_random_state_same_fit():
    bad = leverage(n=200, d=4, seed=2)
    model = TrimmedLeastSquares(0.7, n_init=12, random_state=3)
    np.testing.assert_array_equal(model.fit(bad.x, bad.y).coef_, clone(model).fit(bad.x, bad.y).coef_)


def test_equal_columns_share_the_coefficient(drawn):
    x = np.column_stack([drawn.x, drawn.x[:, 0], np.ones(400)])
    fit = TrimmedLeastSquares(0.65).fit(x, drawn.y)
    assert fit.coef_[0] == pytest.approx(fit.coef_[6]) and fit.coef_[7] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "settings, error, words",
    [
        (dict(alpha=1.3), InputError, r"alpha must lie in \(0, 1\]"),
        (dict(alpha="best"), InputError, "alpha must be a share in"),
        (dict(alpha=0.001), InputError, "alpha must keep at least one sample"),
        (dict(n_init=0), InputError, "n_init must be"),
        (dict(max_rounds=0), InputError, "rounds must be"),
    ],
)
def test_bad_settings(drawn, settings, error, words):
    with pytest.raises(error, match=words):
        TrimmedLeastSquares(**settings).fit(drawn.x, drawn.y)


def test_bad_data(drawn):
    with pytest.raises(TypeError, match="[Ss]parse"):
        TrimmedLeastSquares().fit(sparse.csr_matrix(drawn.x), drawn.y)
    with pytest.raises(ValueError, match="NaN"):
        TrimmedLeastSquares().fit(drawn.x, np.where(np.arange(400) == 3, np.nan, drawn.y))
    with pytest.raises(ValueError, match="minimum of 5 is required"):
        TrimmedLeastSquares("auto").fit(drawn.x[:3], drawn.y[:3])


def test_a_set_that_still_moves_in_the_last_round_is_told():
    data = draw("random", n=300, d=5, seed=0)
    with pytest.warns(ConvergenceWarning, match="still changed in round 2, the last. Raise max_rounds"):
        TrimmedLeastSquares(alpha=0.75, max_rounds=2).fit(data.x, data.y)
    with no_warnings():
        TrimmedLeastSquares(alpha=0.75).fit(data.x, data.y)


EXACT = {
    "a line": lambda x: x @ [1, 2, 3] + 5,
    "constant": lambda x: np.full(len(x), 2.8),
    "zero": lambda x: np.zeros(len(x)),
    "far off": lambda x: x @ [1, 2, 3] + 1e6,
    "tiny": lambda x: 1e-9 * (x @ [1, 2, 3]),
    "few bad": lambda x: np.where(np.arange(len(x)) % 7, x @ [1, 2, 3], 1e3),
}


@pytest.mark.parametrize("alpha", [0.8, 1.0, "auto"])
@pytest.mark.parametrize("target", EXACT)
def test_an_exact_target_stands_within_a_few_rounds(target, alpha):
    """What is left of the residuals is rounding: no reason to go on, nor to warn."""
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=(100, 3))
        y = EXACT[target](x)
        with warnings.catch_warnings(action="error"):
            fit = TrimmedLeastSquares(alpha, random_state=0).fit(x, y)
        if target != "few bad" or alpha == 0.8:
            assert np.abs(y - fit.predict(x))[fit.support_].max() <= 1e-13 * np.abs(y).max() and fit.n_iter_ < 12


def test_memory_is_taken_by_the_rounds_gone_through_and_not_by_those_allowed():
    drawn = draw("random", n=20_000, d=3, clean=0.8, seed=0)

    def fitted(max_rounds):
        tracemalloc.start()
        fit = TrimmedLeastSquares(0.7, max_rounds=max_rounds).fit(drawn.x, drawn.y)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return fit, held, peak

    (few, held, peak), (many, *more) = (fitted(rounds) for rounds in (50, 5000))
    assert few.n_iter_ == many.n_iter_ < 50 and (few.coef_ == many.coef_).all()
    assert more[0] < 1.1 * held + 1e5 and more[1] < 1.1 * peak + 1e5
    assert held < 2 * few.path_.kept.nbytes + 1e6
