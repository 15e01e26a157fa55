import io
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from itlm_kit import InputError, choose_alpha, data, out_of_sample
from itlm_kit.choosing import GRID, cv_scores
from itlm_kit.classes import label_codes
from itlm_kit.glm import draw, fast_path


def fitted(x, y, alpha):
    return fast_path(x, y, alpha=alpha, rounds=30).thetas[-1]


def residuals(drawn, alpha=0.5):
    return (drawn.y - drawn.x @ fitted(drawn.x, drawn.y, alpha)) ** 2


def chosen(drawn, method):
    def fit_and_score(train, held_out, alpha):
        return (drawn.y[held_out] - drawn.x[held_out] @ fitted(drawn.x[train], drawn.y[train], alpha)) ** 2

    if method == "cv":
        return choose_alpha(fit_and_score=fit_and_score, n=len(drawn.y))
    return choose_alpha(residuals(drawn), method=method)


@pytest.mark.parametrize("method", ["cv", "mixture", "elbow"])
@pytest.mark.parametrize("kind", ["random", "mixture"])
def test_regret_against_the_true_share(method, kind):
    errors = []
    for seed in range(2):
        for clean in (0.6, 0.7, 0.8, 0.9):
            drawn = draw(kind, n=500, d=20, clean=clean, seed=seed)
            alphas = (chosen(drawn, method), clean)
            errors.append([np.linalg.norm(fitted(drawn.x, drawn.y, alpha) - drawn.theta) for alpha in alphas])
    mine, known = np.mean(errors, 0)
    assert mine < 1.25 * known


@pytest.mark.parametrize("method, least", [("cv", 0.85), ("mixture", 1.0), ("elbow", 0.85)])
def test_clean_data_is_kept(method, least):
    assert chosen(draw("random", n=500, d=20, clean=1.0, seed=0), method) >= least


def test_two_heaps_by_hand():
    losses = np.r_[np.linspace(0.01, 0.02, 70), np.linspace(4, 5, 30)]
    assert choose_alpha(losses, method="mixture") == choose_alpha(losses, method="elbow") == 0.7


@pytest.mark.parametrize("unit", [1e-30, 1e-6, 1e6, 1e30])
@pytest.mark.parametrize("method", ["mixture", "elbow"])
def test_the_unit_of_the_losses_does_not_matter(method, unit):
    for clean in (0.6, 0.8, 1.0):
        losses = residuals(draw("random", n=300, d=5, clean=clean, seed=1))
        assert choose_alpha(unit * losses, method=method) == choose_alpha(losses, method=method)


def test_a_target_in_small_units_is_no_clean_target():
    rng = np.random.default_rng(0)
    x, is_bad = rng.standard_normal((400, 3)), rng.random(400) < 0.25
    metres = x @ [1, 2, 3] + 0.1 * rng.standard_normal(400) + 5 * is_bad
    alphas = {choose_alpha((y - x @ fitted(x, y, 0.6)) ** 2, method="mixture") for y in (metres, 1e-6 * metres)}
    assert len(alphas) == 1 and 0.7 < alphas.pop() < 0.8


@pytest.mark.parametrize("method", ["mixture", "elbow"])
def test_equal_losses_are_all_kept(method):
    assert choose_alpha(np.full(9, 2.0), method=method) == 1.0


@pytest.mark.parametrize("method", ["mixture", "elbow"])
def test_losses_that_differ_by_rounding_are_all_kept(method):
    assert choose_alpha(2 + 1e-15 * np.arange(20), method=method) == 1.0


@pytest.mark.parametrize("roots", [np.linspace(0, 1, 99), np.linspace(1, 3, 50), np.sqrt(np.arange(9)), [0, 1, 1, 1]])
def test_a_curve_without_an_elbow_is_all_kept(roots):
    """A straight line or an arch never turns up: there is nothing to cut off."""
    assert choose_alpha(np.power(roots, 4), method="elbow") == 1.0


def test_an_alpha_that_diverges_is_not_chosen():
    def fit_and_score(train, held_out, alpha):
        return np.full(held_out.size, np.inf if alpha > 0.7 else 2 - alpha)

    assert choose_alpha(fit_and_score=fit_and_score, n=20) == 0.7


def test_a_grid_of_one_alpha_is_that_alpha():
    assert choose_alpha(fit_and_score=lambda train, held_out, alpha: held_out, n=20, grid=[0.8]) == 0.8


def test_tensors_with_a_graph_are_taken():
    losses = torch.linspace(1, 3, 20, requires_grad=True) ** 8
    assert choose_alpha(losses, method="elbow") == choose_alpha(losses.detach().numpy(), method="elbow") < 1
    assert choose_alpha(method="agreement", agrees=losses < 2) == (losses < 2).double().mean()
    same = lambda train, held_out, alpha: losses[held_out]  # noqa: E731
    assert choose_alpha(fit_and_score=same, n=20) == 1.0


def test_cv_takes_the_largest_alpha_within_one_error_of_the_best():
    # Scores go by alpha, but for a spread between folds: .6 is best, .7 within an error of it.
    penalty = {0.5: 3.0, 0.6: 1.0, 0.7: 1.1, 0.8: 5.0}

    def fit_and_score(train, held_out, alpha):
        return np.full(held_out.size, penalty[alpha] + held_out.min() / 5)

    grid, scores = cv_scores(fit_and_score, n=20, grid=penalty, folds=4)
    np.testing.assert_array_equal(grid, [0.5, 0.6, 0.7, 0.8])
    assert scores.shape == (4, 4) and scores[:, 1].std(ddof=1) / 2 > 0.1
    assert choose_alpha(fit_and_score=fit_and_score, n=20, grid=penalty, folds=4) == 0.7


@pytest.mark.parametrize("second, chosen", [(1.9, 0.7), (2.1, 0.5)])
def test_one_error_by_hand(second, chosen):
    """Two folds with scores 0 and 2 have a mean of 1, and its standard error is 1."""

    def fit_and_score(train, held_out, alpha):
        return np.full(held_out.size, second if alpha == 0.7 else 2.0 * (0 in held_out))

    assert choose_alpha(fit_and_score=fit_and_score, n=10, grid=(0.5, 0.7), folds=2) == chosen


def test_cv_judges_by_the_smallest_losses_alone():
    def fit_and_score(train, held_out, alpha):
        assert np.intersect1d(train, held_out).size == 0 and train.size + held_out.size == 40
        return np.where(held_out < 18, 1e9, alpha)  # 18 of 40 bad, spread over the folds

    _, scores = cv_scores(fit_and_score, n=40, grid=(0.3, 0.9), folds=4)
    np.testing.assert_allclose(scores, [[0.3, 0.9]] * 4)


def test_the_share_that_judges_is_counted_as_num_kept_counts():
    ranks = lambda train, held_out, alpha: np.arange(held_out.size)  # noqa: E731
    _, scores = cv_scores(ranks, n=200, grid=[0.29], folds=2)
    assert scores.tolist() == [[14.0], [14.0]]  # the mean of 0 ... 28


def test_cv_with_one_split_takes_the_best():
    seen = []

    def fit_and_score(train, held_out, alpha):
        seen.append((len(train), len(held_out)))
        return np.full(held_out.size, abs(alpha - 0.7))

    assert choose_alpha(fit_and_score=fit_and_score, n=20, grid=(0.5, 0.7, 0.9), folds=4, splits=1) == 0.7
    assert seen == [(15, 5)] * 3


def test_agreement_is_the_share_that_is_called_by_its_label():
    assert choose_alpha(method="agreement", agrees=np.arange(10) < 7) == 0.7


@pytest.mark.parametrize("clean", [0.6, 0.8, 1.0])
def test_agreement_lies_a_little_below_the_clean_share(clean):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    full = data.load("digits")
    noisy = data.random_labels(full.x[:600], full.y[:600], clean=clean, classes=10, seed=0)
    x = noisy.x.reshape(600, -1) / 255
    agrees = cross_val_predict(LogisticRegression(C=0.1), x, noisy.y, cv=3) == noisy.y
    assert clean - 0.12 < choose_alpha(method="agreement", agrees=agrees) < clean


# --- out of sample


NAMES = np.array(["ant", "bee", "ant", "ant", "bee", "ant", "ant", "bee", "ant", "ant"])


def mean_of(values):
    """A `fit` that remembers the mean of what it is fitted to, and predicts it beside each sample's index."""

    def fit(train):
        return lambda held_out: np.column_stack([np.full(held_out.size, values[train].mean()), held_out])

    return fit


def test_out_of_sample_is_in_the_order_of_the_samples_and_from_the_others():
    values, held = np.arange(12.0) ** 2, []

    def fit(train):
        return lambda held_out: held.append((train, held_out)) or mean_of(values)(train)(held_out)

    found = out_of_sample(fit, n=12, folds=5, seed=0)
    np.testing.assert_array_equal(found[:, 1], np.arange(12))
    assert sorted(part.size for _, part in held) == [2, 2, 2, 3, 3]
    for train, part in held:
        np.testing.assert_array_equal(np.setdiff1d(np.arange(12), train), part)
        assert (np.diff(train) > 0).all() and (found[part, 0] == values[train].mean()).all()


@given(st.lists(st.sampled_from(["ant", "bee", "cow"]), min_size=6, max_size=40), st.integers(2, 6), st.integers(0, 99))
def test_every_class_is_in_every_fold_as_far_as_it_goes(labels, folds, seed):
    codes, classes = label_codes(labels)
    with warnings.catch_warnings(action="ignore"):
        fold = out_of_sample(lambda train: lambda part: np.full(part.size, part[0]), labels, folds=folds, seed=seed)
    parts = [np.bincount(codes[fold == i], minlength=len(classes)) for i in np.unique(fold)]
    assert len(parts) == folds and np.ptp([part.sum() for part in parts]) <= 1
    assert np.ptp(parts, axis=0).max() <= 1


@pytest.mark.parametrize(
    "as_answer, kind",
    [
        (lambda part: NAMES[part], np.ndarray),
        (lambda part: NAMES[part].tolist(), np.ndarray),
        (lambda part: pd.Series(NAMES[part], index=part), np.ndarray),
        (lambda part: torch.as_tensor(part, dtype=torch.float32).requires_grad_() * 2, torch.Tensor),
        (lambda part: np.ones((part.size, 2, 3)) * part[:, None, None], np.ndarray),
    ],
)
def test_what_predict_gives_comes_back(as_answer, kind):
    found = out_of_sample(lambda train: as_answer, NAMES, folds=3, seed=1)
    whole = as_answer(np.arange(10))
    assert isinstance(found, kind) and not getattr(found, "requires_grad", False)
    assert (np.asarray(found) == np.asarray(whole.detach() if kind is torch.Tensor else whole)).all()


def test_agreement_of_any_model_is_that_of_cross_validation():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    full = data.load("digits")
    noisy = data.random_labels(full.x[:600], full.y[:600], clean=0.7, classes=10, seed=0)
    x, model = noisy.x.reshape(600, -1) / 255, LogisticRegression(C=0.1)

    def fit(train):
        fitted = clone(model).fit(x[train], noisy.y[train])
        return lambda held_out: fitted.predict(x[held_out])

    mine = choose_alpha(method="agreement", agrees=out_of_sample(fit, noisy.y, seed=0) == noisy.y)
    theirs = choose_alpha(method="agreement", agrees=cross_val_predict(model, x, noisy.y, cv=5) == noisy.y)
    assert mine == pytest.approx(theirs, abs=0.03) and 0.58 < mine < 0.7


def test_the_seed_alone_fixes_the_folds():
    one, two, other = (out_of_sample(mean_of(np.arange(30.0)), n=30, seed=seed) for seed in (0, 0, 1))
    assert (one == two).all() and (one != other).any()


@pytest.mark.parametrize(
    "counts, words",
    [
        ((9, 3), r"classes with fewer samples than the 5 folds: 1 of 2; b has 3\. Use folds=3, or add some"),
        ((9, 1, 4), r"2 of 3; b has 1\. Its judge has seen none of that class: merge it with another, or add some"),
    ],
)
def test_rare_classes_are_told_once(counts, words):
    labels = np.repeat(list("abc")[: len(counts)], counts)
    with pytest.warns(UserWarning, match=words) as told:
        out_of_sample(mean_of(np.arange(len(labels))), labels, seed=0)
    assert len(told) == 1 and told[0].filename == __file__


def test_classes_that_reach_for_all_folds_are_not_told():
    with warnings.catch_warnings(action="error"):
        out_of_sample(mean_of(np.arange(10)), np.repeat(["a", "b"], 5), seed=0)
        out_of_sample(mean_of(np.arange(10)), n=10, seed=0)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("seconds", [0.1, 1.5])
def test_a_bar_is_shown_where_it_takes_long_and_there_is_a_terminal(monkeypatch, seconds, terminal):
    clock, screen = [0.0], io.StringIO()
    screen.isatty = lambda: terminal
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("tqdm.std.time", lambda: clock[0])

    def fit(train):
        clock[0] += seconds
        return lambda held_out: held_out

    out_of_sample(fit, n=10, seed=0)
    assert ("out of sample" in screen.getvalue()) == (terminal and seconds > 1)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(), "n must be a whole number of at least 1; got None. It is the number of samples; pass their labels"),
        (dict(n=3), "folds must be at most the 3 samples; got 5"),
        (dict(n=9, folds=1), "folds must be a whole number of at least 2"),
        (dict(n=9, seed=None), "seed must be a whole number of at least 0; got None"),
        (dict(n=9, labels=[0, 1]), "labels must have one label per sample, 9; got 2"),
        (dict(labels=["a", None] * 5), "labels must not be missing; got none in rows 1, 3, 5, 7, 9, counted from 0"),
        (dict(n=9, fit=lambda train: train[0]), "fit must return a function, indices -> what is predicted"),
        (dict(n=9, fit=lambda train: lambda part: np.arange(9)), r"a row for each of the 2 indices; got shape \(9,\)"),
        (dict(n=9, fit=lambda train: lambda part: 1.0), r"a row for each of the 2 indices; got shape \(\)"),
        (
            dict(n=9, fit=lambda train: lambda part: np.ones((part.size, 2 + (0 in train)))),
            r"rows of one shape; got \([23],\) after \([23],\). A model fitted to fewer classes has fewer columns",
        ),
    ],
)
def test_bad_input_out_of_sample(arguments, words):
    with pytest.raises(InputError, match=words):
        out_of_sample(**{"fit": mean_of(np.arange(10)), "seed": 0, **arguments})


def test_same_seed_same_choice():
    drawn = draw("random", n=200, d=5, seed=0)
    assert chosen(drawn, "cv") == chosen(drawn, "cv") and chosen(drawn, "cv") in GRID


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(method="guess"), "method must be one of"),
        (dict(), "fit_and_score must be a function"),
        (dict(fit_and_score=len, n=3), "n must be a whole number of at least 5"),
        (dict(fit_and_score=len, n=9, folds=1), "folds must be a whole number of at least 2"),
        (dict(fit_and_score=len, n=9, grid=(0.5, 2)), "alpha must lie in"),
        (dict(fit_and_score=len, n=9, grid=()), "grid must hold at least one"),
        (dict(fit_and_score=len, n=9, grid=0.5), "grid must hold at least one alpha, as .*; got 0.5"),
        (dict(fit_and_score=lambda *_: [np.inf] * 2, n=8, folds=4), "must return finite losses for some alpha"),
        (dict(fit_and_score=lambda *_: ["a", "b"], n=9), "what fit_and_score returns must be real numbers; got <U1"),
        (dict(fit_and_score=lambda *_: [np.nan], n=9), "must return 2 losses, none NaN; got 1 NaN in shape"),
        (dict(fit_and_score=len, n=9, splits=6), "splits must be at most the 5 folds; got 6"),
        (dict(fit_and_score=len, n=9, splits=0), "splits must be a whole number of at least 1"),
        (dict(fit_and_score=len, n=9, seed=None), "seed must be a whole number of at least 0; got None"),
        (dict(method="agreement"), "agrees must be a row of bool"),
        (dict(method="agreement", agrees=["yes", "no"]), "agrees must be a row of bool"),
        (dict(method="agreement", agrees=[0.5, 1.0]), "agrees must be a row of bool with a True in it; got float64"),
        (dict(method="agreement", agrees=[False, False]), "agrees must be a row of bool with a True"),
        (dict(method="elbow"), "losses must be a row of at least two"),
        (dict(method="mixture", losses=[1.0, -1]), "losses must be finite and at least 0"),
        (dict(method="mixture", losses=["a", "b"]), "losses must be real numbers; got <U1"),
        (dict(method="elbow", losses=[1.0, np.inf]), "losses must be finite and at least 0"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(InputError, match=words):
        choose_alpha(**arguments)
