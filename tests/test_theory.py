"""Theory with numbers on it: lemmas hold on every draw, bounds hold around what enumeration finds, slips are caught."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itlm_kit.errors import InputError
from itlm_kit.glm import KINKED, SMOOTH, clear_path, draw, fast_path
from itlm_kit.glm.basin import basin_map, fitted_reach
from itlm_kit.glm.flow import gradient_flow, twin_weight
from itlm_kit.glm.path import Path
from itlm_kit.glm.regularity import psi_minus, psi_minus_bounds, psi_plus, psi_plus_bounds
from itlm_kit.glm.theory import (
    fit_constant,
    intruders,
    intruders_form,
    kappa,
    kappa_form,
    lemma5_terms,
    lemma6_terms,
    order_of_convergence,
    parameter_errors,
    rates,
    residual_norms,
)

SEEDS = st.integers(0, 10_000)
ROUNDING = 1 + 1e-9


def test_psi_of_a_hand_worked_matrix():
    x = np.diag([1.0, 2.0, 3.0])
    assert psi_plus(x, 1) == pytest.approx(9)
    assert psi_minus(x, 2) == pytest.approx(0, abs=1e-12)  # two rows never span three directions
    assert psi_minus(x, 3) == pytest.approx(1)
    assert psi_plus(x, 0) == psi_minus(x, 0) == 0


@given(SEEDS, st.integers(5, 9), st.integers(1, 3), st.data())
@settings(max_examples=40, deadline=None)
def test_bounds_of_psi_hold_around_enumeration(seed, n, d, data):
    x = np.random.default_rng(seed).standard_normal((n, d))
    k = data.draw(st.integers(0, n))
    for exact, bounds in ((psi_minus(x, k), psi_minus_bounds(x, k)), (psi_plus(x, k), psi_plus_bounds(x, k))):
        assert bounds.low <= exact * ROUNDING + 1e-9
        assert exact <= bounds.high * ROUNDING + 1e-9


@given(SEEDS, st.integers(4, 11), st.integers(1, 4), st.data())
@settings(max_examples=60, deadline=5000)
def test_search_comes_to_rest_where_rows_tie(seed, n, d, data):
    x = np.random.default_rng(seed).integers(-1, 2, (n, d)).astype(float)
    k = data.draw(st.integers(0, n))
    assert psi_minus_bounds(x, k, starts=3).high >= psi_minus(x, k) - 1e-9
    assert psi_plus_bounds(x, k, starts=3).low <= psi_plus(x, k) + 1e-9


def test_search_of_rows_that_take_turns_for_ever_ends():
    # Two sets of the same eigenvalue, each of which leads to the other.
    x = np.array([[0, 0, 1.0], [1, -1, -1], [1, 1, -1], [-1, 1, 0], [-1, 1, -1]])
    assert psi_minus_bounds(x, 3).high == pytest.approx(psi_minus(x, 3), abs=1e-9)


def test_search_finds_the_extreme_subset_of_small_problems():
    x = np.random.default_rng(3).standard_normal((12, 2))
    found = [
        (psi_minus_bounds(x, k).high / psi_minus(x, k), psi_plus_bounds(x, k).low / psi_plus(x, k)) for k in (6, 9, 11)
    ]
    assert np.median(found) == pytest.approx(1)


def test_psi_by_enumeration_agrees_with_plain_loops():
    x = np.random.default_rng(0).standard_normal((8, 2))
    values = [np.linalg.eigvalsh(x[list(s)].T @ x[list(s)]) for s in combinations(range(8), 5)]
    assert psi_minus(x, 5) == pytest.approx(min(v[0] for v in values))
    assert psi_plus(x, 5) == pytest.approx(max(v[-1] for v in values))


@pytest.mark.parametrize("call, word", [
    (lambda x: psi_minus(x, 9), "at most 8"),
    (lambda x: psi_plus(x, -1), "at least 0"),
    (lambda x: psi_plus(np.ones((60, 2)), 30), "psi_minus_bounds"),
    (lambda x: psi_minus(x[0], 1), r"\(n, d\)"),
    (lambda x: psi_plus_bounds(x * np.nan, 2), "finite"),
])  # fmt: skip
def test_psi_refuses_what_it_cannot_do(call, word):
    with pytest.raises(InputError, match=word):
        call(np.random.default_rng(0).standard_normal((8, 2)))


@given(SEEDS, st.sampled_from(["random", "mixture", "arbitrary"]), st.sampled_from([0.0, 0.1, 1.0]))
@settings(max_examples=25, deadline=None)
def test_lemma_5_holds_in_every_round(seed, kind, sigma):
    data = draw(kind, n=120, d=6, sigma=sigma, seed=seed)
    terms = lemma5_terms(data, fast_path(data.x, data.y, alpha=0.75, rounds=8))
    assert (terms.left <= terms.proof * ROUNDING + 1e-9).all()
    assert (terms.proof <= terms.right * ROUNDING + 1e-9).all()


def test_lemma_5_terms_are_the_sums_of_the_proof():
    data = draw("random", n=60, d=3, clean=0.7, sigma=0.5, seed=4)
    path = clear_path(data.x, data.y, alpha=0.75, rounds=2)
    terms = lemma5_terms(data, path)
    bad = [i for i in range(60) if path.kept[1][i] and not data.is_clean[i]]
    phi = sum((data.x[i] @ path.thetas[1] - data.y[i]) * data.x[i] for i in bad)
    intrusion = sum((data.x[i] @ data.theta - data.y[i]) * data.x[i] for i in bad)
    assert terms.intruders[1] == len(bad) > 0
    assert terms.phi[1] == pytest.approx(np.linalg.norm(phi))
    assert terms.intrusion[1] == pytest.approx(np.linalg.norm(intrusion))
    assert terms.gamma[1] == pytest.approx(np.linalg.eigvalsh(data.x[bad].T @ data.x[bad])[-1])
    assert terms.xi[0] == pytest.approx(np.sqrt(sum(x @ x for x in data.x) * np.log(60)))


def test_actual_sets_stay_within_psi():
    data = draw("random", n=14, d=2, clean=0.8, sigma=0.5, seed=1)
    terms = lemma5_terms(data, clear_path(data.x, data.y, alpha=0.75, rounds=3))
    minus, plus = psi_minus(data.x, 10), [psi_plus(data.x, m) for m in terms.intruders]
    assert terms.intruders.any()
    assert (1 / terms.inverse >= minus / ROUNDING).all()
    assert (terms.gamma <= np.array(plus) * ROUNDING).all()
    in_its_own_words = (np.sqrt(2) * (np.array(plus) * terms.error + terms.phi) + terms.noise) / minus
    assert (terms.right <= in_its_own_words * ROUNDING).all()


def test_clean_data_leave_only_noise():
    data = draw("random", n=200, d=5, clean=1.0, seed=0)
    path = clear_path(data.x, data.y, alpha=0.9, rounds=4)
    terms = lemma5_terms(data, path)
    assert not terms.intruders.any() and not terms.gamma.any() and not terms.phi.any()
    assert not kappa(data, path).any()


@given(SEEDS, st.sampled_from([KINKED, SMOOTH]), st.sampled_from(["random", "mixture"]))
@settings(max_examples=25, deadline=None)
def test_lemma_6_holds_in_every_round(seed, link, kind):
    data = draw(kind, n=120, d=6, seed=seed, link=link)
    path = clear_path(data.x, data.y, alpha=0.75, rounds=10, step=0.3, link=link)
    terms = lemma6_terms(data, path, step=0.3, link=link)
    assert (terms.left <= terms.proof * ROUNDING).all()
    assert (terms.proof <= terms.right * ROUNDING).all()
    assert (terms.contraction < 1).all()


def test_lemma_6_tells_the_two_slopes_apart():
    data = draw("random", n=120, d=6, seed=0, link=KINKED)
    path = clear_path(data.x, data.y, alpha=0.75, rounds=3, step=0.3, link=KINKED)
    terms = lemma6_terms(data, path, step=0.3, link=KINKED)
    assert not np.allclose(terms.intrusion, terms.intrusion_at_truth)
    straight = lemma6_terms(data, path, step=0.3)
    np.testing.assert_allclose(straight.intrusion, straight.intrusion_at_truth)


def test_lemma_6_s_noise_term_by_hand():
    data = draw("random", n=60, d=3, clean=0.7, sigma=0.5, seed=4, link=SMOOTH)
    path = clear_path(data.x, data.y, alpha=0.75, rounds=2, step=0.3, link=SMOOTH)
    terms = lemma6_terms(data, path, step=0.3, link=SMOOTH)
    at_theta, at_truth = data.x @ path.thetas[1], data.x @ data.theta
    clean = [i for i in range(60) if path.kept[1][i] and data.is_clean[i]]
    errors = [data.y[i] - SMOOTH.value(at_truth[i : i + 1])[0] for i in clean]
    slopes = [SMOOTH.slope(at_theta[i : i + 1])[0] for i in clean]
    summed = sum(e * slope * data.x[i] for e, slope, i in zip(errors, slopes, clean, strict=True))
    assert terms.noise[1] == pytest.approx(np.linalg.norm(summed))
    assert terms.xi[1] == pytest.approx(np.sqrt(sum(x @ x for x in data.x) * np.log(60)))


def test_a_path_of_other_data_is_refused():
    data, other = draw("random", n=50, d=3), draw("random", n=40, d=3)
    path = clear_path(other.x, other.y, alpha=0.7, rounds=2)
    for terms in (lemma5_terms, lambda *a: lemma6_terms(*a, step=0.5)):
        with pytest.raises(InputError, match="belong to the data"):
            terms(data, path)


def test_kappa_and_its_form_shrink_together_when_errors_are_random():
    data = draw("random", n=4000, d=10, sigma=0.01, seed=0)
    path = fast_path(data.x, data.y, alpha=0.75, rounds=5)
    measured = kappa(data, path)
    form = kappa_form(path.thetas[:-1], data.theta, sigma=0.01, n=4000)
    constant = fit_constant(measured, form)
    assert (measured <= constant * form * ROUNDING).all() and (measured >= constant * form / ROUNDING).any()
    assert np.corrcoef(measured, form)[0, 1] > 0.95


def test_form_of_kappa_by_hand():
    thetas, truth, others = np.array([[3.0, 4.0], [0.0, 0.0]]), np.zeros(2), np.array([[0.0, 4.0], [6.0, 8.0]])
    form = kappa_form(thetas, truth, sigma=0.0, n=100)
    np.testing.assert_allclose(form, [5, np.log(100) / 100])
    mixed = kappa_form(thetas, truth, sigma=0.0, n=100, others=others)
    assert mixed[0] == pytest.approx(5 / 3)
    bent = kappa_form(thetas, truth, sigma=0.0, n=100, others=others, link=KINKED)
    assert bent[0] == pytest.approx(1.2 * 5 / 3)


def test_residuals_fall_as_hard_thresholding_says_beside_the_parameters():
    """[BJK15]'s fully corrective thresholding, from its own description, is ITLM with full updates."""
    data = draw("arbitrary", n=300, d=5, clean=0.8, sigma=0.0, seed=2)
    active, thetas, norms = np.ones(300, bool), [], []
    for _ in range(5):
        theta = np.linalg.lstsq(data.x[active], data.y[active], rcond=None)[0]
        size = np.abs(data.y - data.x @ theta)
        active = np.isin(np.arange(300), np.argsort(size, kind="stable")[: int(0.75 * 300)])
        thetas.append(theta)
        norms.append(np.linalg.norm(size[active]))
    path = fast_path(data.x, data.y, alpha=0.75, rounds=5)
    np.testing.assert_allclose(path.thetas[:-1], thetas, atol=1e-10)
    np.testing.assert_allclose(residual_norms(data, path), norms, atol=1e-10)
    assert (np.diff(norms) <= 1e-12).all()  # trimming and refitting can only lower it
    assert rates([4.0, 2.0, 0.5]).tolist() == [0.5, 0.25]


@pytest.mark.parametrize("order", [1.0, 1.5, 2.0])
def test_order_of_made_up_paths_is_recovered(order):
    errors = [0.5]
    while errors[-1] > 1e-6:
        errors.append(0.6 * errors[-1] ** order)
    assert order_of_convergence([*errors, 1e-7, 1e-7]) == pytest.approx(order, abs=1e-6)


def test_order_leaves_out_what_lies_at_the_floor():
    linear = 0.8 ** np.arange(20)
    with_floor = np.hypot(linear, 0.05)
    assert order_of_convergence(with_floor, floor=0.05, clear=4) == pytest.approx(1, abs=0.05)
    assert np.isnan(order_of_convergence([1.0, 0.05, 0.05, 0.05]))
    assert np.isnan(order_of_convergence([1.0, 1.0, 1.0]))


@pytest.mark.parametrize("errors", [[1.0], [1.0, 0.0], [1.0, -2.0], [[1.0, 0.5]], [1.0, np.nan]])
def test_order_refuses_what_is_no_error_path(errors):
    with pytest.raises(InputError, match="positive errors"):
        order_of_convergence(errors)


def test_large_m_converges_faster_than_one_step_a_round():
    full, short = [], []
    for seed in range(6):
        data = draw("random", n=1000, d=50, sigma=1e-3, seed=seed)
        for orders, step, rounds in ((full, None, 15), (short, 0.5, 100)):
            path = fast_path(data.x, data.y, alpha=0.75, rounds=rounds, step=step)
            orders.append(order_of_convergence(parameter_errors(data, path)))
    assert np.nanmedian(full) > 1.1
    assert 0.8 < np.nanmedian(short) <= 1.02


@given(SEEDS, st.floats(0.01, 1))
@settings(max_examples=15, deadline=None)
def test_intruders_are_counted_right(seed, delta):
    counts = intruders(delta, n=100, runs=3, seed=seed)
    rng = np.random.default_rng(seed)
    for count in counts:
        sizes = np.abs(rng.standard_normal(100) * np.r_[np.full(80, delta), np.ones(20)])
        assert count == (np.argsort(sizes)[:75] >= 80).sum()


def test_theorem_11_holds_with_one_constant_over_a_thousandfold_delta():
    deltas = np.geomspace(1e-3, 1, 7)
    counts = np.array([intruders(delta, n=2000, runs=200).mean() for delta in deltas])
    constant = fit_constant(counts, intruders_form(deltas, n=2000))
    assert 0.3 < constant < 3
    assert (np.diff(counts) > 0).all()
    assert counts[2] / counts[0] == pytest.approx(deltas[2] / deltas[0], rel=0.2)  # linear in delta while small


@pytest.mark.parametrize(
    "changed, word", [({"delta": 0}, "delta"), ({"alpha": 0.8}, "below clean"), ({"runs": 0}, "runs")]
)
def test_intruders_refuse_bad_settings(changed, word):
    with pytest.raises(InputError, match=word):
        intruders(**{"delta": 0.1, "alpha": 0.75, **changed})


def test_flow_and_twin_are_what_they_claim():
    rng = np.random.default_rng(0)
    x, y, start = rng.standard_normal((50, 3)), rng.standard_normal(50), np.ones(3)
    found = gradient_flow(x, y, start, np.array([0.0, 0.7, 1e3]))
    theta = start.copy()
    for _ in range(7000):
        theta -= 1e-4 * x.T @ (x @ theta - y) / 50
    np.testing.assert_allclose(found.flow[1], theta, atol=1e-3)
    values = np.linalg.eigvalsh(x.T @ x / 50)
    nu = twin_weight(values[0], values[-1], 0.7)
    penalised = np.linalg.solve(x.T @ x / 50 + np.eye(3) / nu, x.T @ y / 50 + start / nu)
    np.testing.assert_allclose(found.penalised[1], penalised)
    np.testing.assert_allclose(found.flow[0], start)
    np.testing.assert_allclose(found.flow[2], np.linalg.lstsq(x, y, rcond=None)[0])


@given(SEEDS, st.integers(1, 5), st.floats(0.05, 1))
@settings(max_examples=40, deadline=None)
def test_bound_of_appendix_c_holds_as_printed(seed, d, squeeze):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((30, d)) * np.linspace(squeeze, 1, d)
    found = gradient_flow(x, rng.standard_normal(30), rng.standard_normal(d), np.geomspace(1e-3, 1e3, 40))
    assert (found.distance <= found.bound * (1 + 1e-6) + 1e-9).all()


def test_without_its_negative_term_the_bound_would_say_nothing_at_the_start():
    x = np.random.default_rng(1).standard_normal((40, 3))
    found = gradient_flow(x, np.ones(40), np.zeros(3), np.array([0.0]))
    assert found.bound[0] == pytest.approx(0, abs=1e-9) and found.distance[0] == 0


@pytest.mark.parametrize("x, times, word", [
    (np.ones((5, 2)), [1.0], "column rank"),
    (np.eye(3), [-1.0], "at least 0"),
    (np.eye(3), 1.0, "list of numbers"),
])  # fmt: skip
def test_flow_refuses_bad_input(x, times, word):
    with pytest.raises(InputError, match=word):
        gradient_flow(x, np.ones(len(x)), np.zeros(x.shape[1]), times)


def test_basins_of_two_even_components_meet_half_way():
    data = draw("mixture", n=1000, d=5, clean=0.5, sigma=0.01, seed=0)
    basin = basin_map(data, alpha=0.45, points=9)
    assert set(basin.destination) == {0, 1}
    sure = basin.ratio < 0.5
    assert sure.any() and (basin.destination[sure] == basin.nearest[sure]).all()
    np.testing.assert_allclose(
        np.linalg.norm(basin.components[0] - basin.components[1]), np.sqrt(2), err_msg="the plane keeps distances"
    )
    assert basin.error[basin.destination >= 0].max() < 0.1


def test_a_small_component_is_reached_from_a_smaller_region():
    data = draw("mixture", n=1000, d=5, clean=0.7, sigma=0.1, seed=0)
    basin = basin_map(data, alpha=0.6, points=11)
    assert fitted_reach(basin, 1) < fitted_reach(basin, 0) == 1
    assert (basin.destination == 0).sum() > (basin.destination == 1).sum()


def test_three_components_lie_in_their_plane():
    data = draw("mixture", n=900, d=4, clean=0.4, sigma=0.05, seed=0, others=(0.5, 0.5))
    basin = basin_map(data, alpha=0.3, points=7)
    apart = np.linalg.norm(basin.components[:, None] - basin.components, axis=-1)
    np.testing.assert_allclose(apart[np.triu_indices(3, 1)], np.sqrt(2))
    assert {0, 1, 2} <= set(basin.destination)


def test_a_map_needs_a_mixture():
    with pytest.raises(InputError, match="mixture"):
        basin_map(draw("random", n=50, d=3), alpha=0.7)


def test_residual_norms_read_only_kept_samples():
    data = draw("random", n=30, d=2, seed=0)
    kept = np.zeros((1, 30), bool)
    kept[0, 3] = True
    path = Path(np.zeros((2, 2)), kept)
    assert residual_norms(data, path)[0] == pytest.approx(abs(data.y[3]))
