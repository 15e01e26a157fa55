"""Stored figures of the convergence chapters are what today's code computes: a forgotten raise of a version shows."""

from pathlib import Path

import numpy as np
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.running import compute_cell
from itlm_kit.experiments.store import ResultStore
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


def _numbers(metrics):
    rows = metrics.get("rounds", [])
    flat = {f"{i} {key}": value for i, row in enumerate(rows) for key, value in row.items()}
    flat |= {key: value for key, value in metrics.items() if key != "rounds"}
    return {key: value for key, value in flat.items() if isinstance(value, (int, float))}
