"""Cells as notebooks read them: computed here, or found among result files."""

import pandas as pd
import pytest

from itlm_kit.errors import InputError
from itlm_kit.experiments import get_experiment
from itlm_kit.experiments.cells import computed, stored
from itlm_kit.experiments.experiment import Where
from itlm_kit.experiments.reproduce import compute_cell
from itlm_kit.experiments.results import ResultStore

ONE = ["panel=e", "sigma=0.2"]


def test_what_is_computed_is_what_is_stored(tmp_path):
    experiment, store = get_experiment("fig5"), ResultStore(tmp_path)
    (settings,) = [c for c in experiment.cells("quick") if c["panel"] == "e" and c["sigma"] == 0.2]
    store.save(compute_cell(experiment, settings, 0, Where()))
    found, here = stored("fig5", store, profile="quick", only=ONE), computed("fig5", profile="quick", only=ONE)
    measured = ["method", "round", "error", "low", "high"]
    pd.testing.assert_frame_equal(found[measured], here[measured])
    other = computed("fig5", profile="quick", seed=1, only=ONE)
    assert (other["error"] != here["error"]).all()


def test_nothing_stored_is_an_empty_frame(tmp_path):
    assert stored("fig5", ResultStore(tmp_path)).empty


def test_unknown_settings_are_refused():
    with pytest.raises(InputError, match="panel"):
        computed("fig5", profile="quick", only=["panel=z"])
