"""The map of the population: by hand, against huge samples, and with the scatter that finite ones show."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from itlm_kit.errors import InputError
from itlm_kit.glm import FastFitter, draw
from itlm_kit.glm import population as pop
from itlm_kit.glm.population import (
    adaptive_path,
    adaptive_round,
    bias,
    expected_error,
    fixed_point,
    oracle_error,
    passed_on,
    population,
    population_path,
)
from itlm_kit.glm.theory import lemma5_terms


def kept_moments(cut, components, theta):
    """E 1, E x r and E x^2 of what lies within the cut, for one feature: sums over a fine grid of x."""
    x = np.linspace(-9, 9, 20_001)
    found = np.zeros(3)
    for share, beta, spread in components:
        middle = (beta - theta) * x  # r = middle + spread z
        low, high = (-cut - middle) / spread, (cut - middle) / spread
        inside = norm.cdf(high) - norm.cdf(low)
        residual = middle * inside + spread * (norm.pdf(low) - norm.pdf(high))
        parts = np.array([inside, x * residual, x**2 * inside]) * norm.pdf(x)
        found += share * parts.sum(1) * (x[1] - x[0])
    return found


def test_one_feature_by_hand():
    components = [(0.8, 1.0, 0.5), (0.2, 0.0, np.hypot(1, 0.5))]  # theta_0 = 0.8, as random outputs have slope 0
    cut = brentq(lambda cut: kept_moments(cut, components, 0.8)[0] - 0.75, 0, 9)
    _, pull, square = kept_moments(cut, components, 0.8)
    path = population_path(population("random", d=1, sigma=0.5), alpha=0.75, rounds=1)
    np.testing.assert_allclose(path, [[0.8], [0.8 + pull / square]], atol=1e-7)


@pytest.mark.parametrize("kind, start", [("random", [0.8, 0]), ("arbitrary", [0.6, 0]), ("mixture", [0.8, 0.2])])
def test_a_round_is_the_limit_of_rounds_on_samples(kind, start):
    path = population_path(population(kind, sigma=0.3), alpha=0.75, rounds=4)
    assert path[0] == pytest.approx(start)
    data = draw(kind, n=1_000_000, d=2, sigma=0.3, seed=5)
    axes = data.thetas if kind == "mixture" else np.array([data.theta, [-data.theta[1], data.theta[0]]])
    measured = FastFitter(data.x).path(data.y, alpha=0.75, rounds=4).thetas @ axes.T
    np.testing.assert_allclose(measured, path, atol=0.004)  # scatter of a million samples: about 0.001
    assert np.abs(measured[0] - path[4]).max() > 0.1


def test_moments_of_the_kept_are_those_of_samples():
    data, theta = draw("mixture", n=1_000_000, d=2, sigma=0.3, seed=8), np.array([0.5, -0.6])
    x = data.x @ data.thetas.T
    residuals = data.y - x @ theta
    x, residuals = (values[residuals**2 <= np.quantile(residuals**2, 0.7)] for values in (x, residuals))
    kept = pop._kept(population("mixture", sigma=0.3), theta, 0.7)
    np.testing.assert_allclose(x.T @ x / 1e6, kept.gram, atol=0.005)
    np.testing.assert_allclose(residuals @ x / 1e6, kept.pull, atol=0.005)
    np.testing.assert_allclose((x.T * residuals**2) @ x / 1e6, kept.noise, atol=0.005)


@pytest.mark.parametrize("kind", ["random", "arbitrary", "mixture"])
@pytest.mark.parametrize("sigma", [0.01, 0.3])
def test_the_terms_of_lemma_5_add_up_to_the_next_error(kind, sigma):
    source = population(kind, sigma=sigma)
    errors = np.linalg.norm(population_path(source, alpha=0.75, rounds=5) - source.betas[0], axis=1)
    np.testing.assert_allclose(passed_on(source, errors[:-1], alpha=0.75).out, errors[1:], rtol=1e-9)


def test_the_terms_of_lemma_5_are_the_limit_of_those_of_samples():
    data = draw("random", n=1_000_000, d=2, sigma=0.1, seed=3)
    terms = lemma5_terms(data, FastFitter(data.x).path(data.y, alpha=0.75, rounds=3))
    passed = passed_on(population("random"), terms.error, alpha=0.75)
    np.testing.assert_allclose(terms.intruders / 750_000, passed.intruders, rtol=0.01)
    np.testing.assert_allclose(terms.intrusion / 1e6, passed.carried + passed.pull, rtol=0.06)
    np.testing.assert_allclose(terms.noise / 1e6, passed.noise, rtol=0.02)
    np.testing.assert_allclose(1 / terms.inverse / 1e6, passed.smallest, rtol=0.01)
    assert passed.noise[1] > 15 * passed.pull[1]  # the term that the proof takes for noise alone leads by then


def test_near_the_floor_the_rate_is_that_of_trimming_clean_samples():
    """Below the noise, of clean samples alone: 2 z phi(z) / q, q = P(|N(0, 1)| < z) the share of them that is kept."""
    q = 0.75 / 0.8
    z = norm.ppf((1 + q) / 2)
    source = population("random", sigma=1e-4)
    assert passed_on(source, [1e-6], alpha=0.75).out / 1e-6 == pytest.approx(2 * z * norm.pdf(z) / q, rel=0.01)


@pytest.mark.parametrize("kind, figure", [("random", 1.95e-4), ("mixture", 2.76e-4)])
@pytest.mark.parametrize("d", [2, 7])
def test_the_bias_of_the_paper_s_setting(kind, figure, d):
    assert bias(population(kind, d=d), alpha=0.75) == pytest.approx(figure, rel=5e-3)


def test_the_fixed_point_stands_still_and_noise_moves_it():
    source = population("mixture", d=3, clean=0.6, others=(0.5, 0.5))
    theta = fixed_point(source, alpha=0.5)
    np.testing.assert_allclose(pop.population_round(source, theta, alpha=0.5), theta, atol=1e-12)
    np.testing.assert_allclose(pop._kept(source, theta, 0.5).pull, 0, atol=1e-12)  # so does M = 1, of any step
    biases = [bias(population("random", sigma=sigma), alpha=0.75) for sigma in (0.05, 0.1, 0.2, 1.0)]
    assert np.all(np.diff(biases) > 0) and biases[0] < 1e-4


def test_without_bad_samples_there_is_no_bias_and_all_kept_is_least_squares():
    assert bias(population("random", clean=1.0), alpha=0.7) == pytest.approx(0, abs=1e-12)
    source = population("arbitrary", clean=0.9)
    np.testing.assert_allclose(fixed_point(source, alpha=1.0), [0.8, 0], atol=1e-12)
    everything = population("random", clean=1.0, sigma=0.3, d=4)
    assert expected_error(everything, 500, alpha=1.0) == pytest.approx(oracle_error(everything, 500), rel=1e-6)
    mean_of_chi = np.sqrt(2) * math.gamma(2.5) / math.gamma(2)
    assert oracle_error(everything, 500) == pytest.approx(0.3 / np.sqrt(500) * mean_of_chi, rel=0.01)


@pytest.mark.parametrize("kind, sigma", [("random", 0.1), ("mixture", 0.1), ("random", 0.5), ("mixture", 0.5)])
def test_errors_of_many_draws_are_as_expected(kind, sigma):
    n, errors = 5000, []
    for r in range(400):  # known to 3 %
        data = draw(kind, n=n, d=2, sigma=sigma, seed=(3, r))
        errors.append(FastFitter(data.x).path(data.y, alpha=0.75, rounds=40).thetas[-1] - data.theta)
    source = population(kind, sigma=sigma)
    expected = expected_error(source, n, alpha=0.75)
    assert np.linalg.norm(errors, axis=1).mean() == pytest.approx(expected, rel=0.07)
    if sigma > 0.1:
        assert bias(source, alpha=0.75) > 0.4 * expected > 0.4 * oracle_error(source, n)


@pytest.mark.parametrize("clean", [0.7, 0.8, 0.85, 0.9])
def test_an_adversary_s_rounds_are_the_limit_of_rounds_on_samples(clean):
    path = adaptive_path(clean=clean, alpha=clean - 0.05, rounds=3)
    data = draw("adaptive", n=300_000, d=2, clean=clean, sigma=1e-4, seed=1)
    thetas = FastFitter(data.x).path(data.y, alpha=clean - 0.05, rounds=3).thetas
    towards = data.thetas[1] - data.thetas[0]
    np.testing.assert_allclose((thetas - data.theta) @ towards, path, atol=0.01)


def test_a_round_under_an_adversary_is_a_step_of_his_path():
    path = adaptive_path(clean=0.8, alpha=0.75, rounds=3)
    np.testing.assert_allclose(adaptive_round(path[:-1], clean=0.8, alpha=0.75), path[1:], atol=1e-12)


def test_an_adversary_wins_at_first_where_least_squares_lies_nearer_to_him():
    """The spoiled tail |w| > c holds a share 1 - clean of the samples and 2 c phi(c) + 1 - clean of E w^2."""
    edge = norm.ppf(0.9)
    assert adaptive_path(clean=0.8, alpha=0.75, rounds=0) == pytest.approx([2 * edge * norm.pdf(edge) + 0.2])
    half = brentq(lambda c: adaptive_path(clean=c, alpha=c - 0.05, rounds=0)[0] - 0.5, 0.8, 0.95)
    assert half == pytest.approx(0.875, abs=0.002)
    below, above = (adaptive_path(clean=half + step, alpha=half - 0.05, rounds=40) for step in (-0.02, 0.01))
    assert below[1] > 0 == above[1] == below[-1]
    assert adaptive_path(clean=0.7, alpha=0.65, rounds=40)[-1] > 0.9


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: population("adaptive"), "kind must be one of random, arbitrary, mixture"),
        (lambda: population("random", clean=1.2), r"clean must lie in \(0, 1\]"),
        (lambda: population("random", sigma=-1), "sigma must be at least 0"),
        (lambda: population("mixture", d=1), "d must be at least the number of components"),
        (lambda: adaptive_path(clean=0.8, alpha=0, rounds=1), r"alpha must lie in \(0, 1\]"),
        (lambda: adaptive_round([0.5], clean=0.8, alpha=1.5), r"alpha must lie in \(0, 1\]"),
        (lambda: passed_on(population("random"), [0.1], alpha=2), r"alpha must lie in \(0, 1\]"),
        (lambda: passed_on(population("mixture", d=3, others=(0.5, 0.5)), [0.1], alpha=0.5), "must have one kind"),
        (lambda: fixed_point(population("random"), alpha=0), r"alpha must lie in \(0, 1\]"),
    ],
)
def test_settings_out_of_range(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_rounds_that_do_not_settle_say_so(monkeypatch):
    monkeypatch.setattr(pop, "MOST_ROUNDS", 3)
    with pytest.raises(InputError, match="alpha must let the rounds settle"):
        fixed_point(population("random"), alpha=0.75)
