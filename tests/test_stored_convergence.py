"""Stored figures of the convergence chapters are what today's code computes: a forgotten raise of a version shows."""

from pathlib import Path

import numpy as np
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.regression import claims, convergence, theory_claims
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.experiments.store import ResultStore
from itlm_kit.glm.population import adaptive_path
from itlm_kit.machine import Where

STORED = ResultStore(Path(__file__).parents[1] / "notebooks" / "results")
CHEAP = {
    "fig2": {"panel": "c", "clean": 0.8},
    "fig5": {"panel": "e", "sigma": 0.01},
    "fig6": {"panel": "d", "clean": 0.8, "alpha": 0.7},
    "fig7": {"panel": "b", "sigma": 0.2},
    "drift": {"kind": "mixture", "n": 2500},
    "theory": {"check": "kappa", "kind": "mixture", "sigma": 0.1},
}


@pytest.mark.parametrize("name", CHEAP)
def test_every_cell_of_the_full_profile_is_there(name):
    experiment = get_experiment(name)
    cells = [Cell(experiment, settings) for settings in experiment.cells("full")]
    assert not [cell.settings for cell in cells if STORED.load(cell) is None]


@pytest.mark.parametrize("name", CHEAP)
def test_every_stored_cell_is_found_by_what_it_is_computed_from_now(name):
    found = STORED.results(name)
    assert [r.key for r in found] == [Cell(get_experiment(name), r.settings, r.seed).key for r in found]


@pytest.mark.parametrize(
    "name", ["fig2", "fig5", "fig6", pytest.param("fig7", marks=pytest.mark.slow), "drift", "theory"]
)
def test_a_stored_cell_is_what_the_code_computes(name):
    experiment = get_experiment(name)
    (settings,) = [each for each in experiment.cells("full") if CHEAP[name].items() <= each.items()]
    cell = Cell(experiment, settings)
    old, new = STORED.load(cell), compute_cell(cell, Where())
    assert _numbers(new.metrics) == pytest.approx(_numbers(old.metrics), rel=0.01)
    assert new.key == old.key and new.curves.keys() == old.curves.keys()
    for curve, values in old.curves.items():
        close = np.isclose(new.curves[curve], values, rtol=1e-3)
        assert close.mean() > 0.98  # elsewhere rounding may turn a tie at the cut, in a run or two


def stored_frame(name, **where):
    frame = results_frame(STORED.results(name))
    return frame[np.logical_and.reduce([frame[key] == value for key, value in where.items()])]


def test_the_drift_is_what_the_map_of_the_population_foretells():
    found = convergence.over_oracle(stored_frame("drift", d=2)).query("method == 'itlm-1'")
    for kind, rows in found.groupby("kind"):
        foretold = convergence.expected_ratio(kind, rows["n"].to_numpy(), d=2)
        np.testing.assert_allclose(rows["ratio"], foretold, rtol=0.1)  # three means of 40 to 100 draws each


def test_first_rates_with_few_features_are_the_population_s():
    rates = stored_frame("theory", check="theorem 7", kind="adaptive", d=5).groupby("clean")["first_rate"].mean()
    for clean, rate in rates.items():
        first, then = adaptive_path(clean=clean, alpha=clean - 0.05, rounds=1)
        assert rate == pytest.approx(then / first, abs=0.07)


def test_the_note_on_the_dropped_term_has_the_figures_measured():
    (note,) = {claim.note for claim in theory_claims.claims() if claim.id in ("Lem5.c", "Lem5.T3")}
    by_round = stored_frame("theory", check="dropped term").groupby(["round", "n"])["noise_over_error"].mean()
    for t, text in ((0, "0.059"), (1, "0.23")):
        assert text in note
        np.testing.assert_allclose(by_round[t], float(text), rtol=0.03)


def test_the_notes_on_orders_have_the_shares_and_steps_measured():
    for name, text in claims.ORDERS_KNOWN.items():
        known = 100 * stored_frame(name, panel="e", sigma=0.01).groupby("seed")["order_known"].first()
        assert text == f"{known.min():.0f} to {known.max():.0f}"
    orders = stored_frame("theory", check="M = 1", d=100).groupby(["clean", "step"])["order"].mean()
    assert (orders > 1).groupby("clean").sum().to_dict() == {0.6: 6, 0.7: 1, 0.8: 0, 0.9: 0}


def test_naive_fits_leave_what_the_claims_on_the_kinked_link_say():
    left = [
        claims.shares_left(rows, axis="sigma", method="itlm-2").iloc[-1]
        for name in ("fig5", "fig6")
        for _, rows in stored_frame(name, panel="f").groupby("seed")
    ]
    assert 1 / max(left) == pytest.approx(claims.NAIVE_SHARE, abs=0.05)


def _numbers(metrics):
    rows = metrics.get("rounds", [])
    flat = {f"{i} {key}": value for i, row in enumerate(rows) for key, value in row.items()}
    flat |= {key: value for key, value in metrics.items() if key != "rounds"}
    return {key: value for key, value in flat.items() if isinstance(value, (int, float))}
