"""Cells as notebooks read them: computed here, or found among result files."""

import numpy as np
import pandas as pd
import pytest
import toys

from itlm_kit.chapters import get_experiment
from itlm_kit.errors import InputError
from itlm_kit.experiments import cells
from itlm_kit.experiments.cells import computed, measured, source_of, stored
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.store import ResultStore
from itlm_kit.ledger.beside import beside_printed, in_three_lines

ONE = ["panel=e", "sigma=0.2"]
MEASURED = ["method", "round", "error", "low", "high"]
FIG5 = get_experiment("fig5")


@pytest.fixture
def shelf(tmp_path):
    """A store with the full cells of one panel, all made up, and those cells' settings."""
    store = ResultStore(tmp_path)
    settings = [c for c in FIG5.cells("full") if c["panel"] == "e"]
    for cell in settings:
        rows = {"rounds": [{"method": "itlm-1", "round": 0, "error": cell["sigma"], "low": 0.0, "high": 1.0}]}
        store.save(toys.result_of(FIG5, cell, rows))
    return store, settings


def test_the_seed_decides_the_draws():
    first, again, other = (computed(FIG5, profile="quick", seed=seed, only=ONE) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first[MEASURED], again[MEASURED])
    assert (other["error"] != first["error"]).all() and set(first["sigma"]) == {0.2}


def test_measured_reads_the_full_cells_and_computes_nothing(shelf, monkeypatch):
    store, settings = shelf
    monkeypatch.setattr(cells, "compute_cell", None)
    found = measured(FIG5, store, only=["panel=e"])
    assert found["error"].tolist() == [cell["sigma"] for cell in settings]
    assert source_of(found) == "n = 1,000, d = 100; 100 draws per point, seed 0; a CPU"


def test_one_full_cell_missing_means_quick_ones_throughout(shelf):
    store, settings = shelf
    store.path(Cell(FIG5, settings[-1])).unlink()
    found = measured(FIG5, store, only=["panel=e"])
    assert set(found["n"]) == {300} and set(found["source"]) == {"10 synthetic draws"}


def test_spans_are_told_by_their_ends():
    frame = pd.DataFrame({"n": [150, 10_000], "d": 20, "runs": 10, "seed": 3, "device": "a CPU"})
    assert source_of(frame) == "n = 150 to 10,000, d = 20; 10 draws per point, seed 3; a CPU"


TABLE5 = get_experiment("table5")
CELL = {"pair": "mnist+fashion_mnist", "images": 60_000, "clean": 0.8, "method": "delta-alpha-10"}


def test_what_was_measured_stands_beside_what_is_printed():
    results = [toys.result_of(TABLE5, CELL, {"clean_share": s}, seed=i) for i, s in enumerate((98.0, 99.0, 50.0))]
    frame = beside_printed(TABLE5, results, "clean_share")
    assert frame[list(CELL)].to_dict("records") == TABLE5.cells("full")
    run = frame[frame["seeds"] > 0]
    assert run[["clean", "method", "paper", "measured", "seeds"]].values.tolist() == [
        [0.8, "delta-alpha-10", 98.8, 98.0, 3]
    ]
    assert frame["measured"].isna().sum() == len(frame) - 1


def test_a_table_of_three_lines_for_each_setting():
    lines = [("random", 0.3, "itlm", 66.76, 60.0, 58.0, 61.23, 3), ("random", 0.3, "oracle", np.nan, 90.04, 90, 90, 1),
             ("random", 0.9, "itlm", 95.5, np.nan, np.nan, np.nan, 0)]  # fmt: skip
    table = pd.DataFrame(lines, columns=["noise", "clean", "method", "paper", "measured", "low", "high", "seeds"])
    found = in_three_lines(table, ["oracle", "itlm", "centroid"])
    assert list(found.columns) == ["oracle", "itlm", "centroid"]
    assert list(found.index) == [("random", c, w) for c in (0.3, 0.9) for w in ("paper", "measured", "range")]
    assert found["itlm"].tolist() == ["66.8", "60.0", "58.0 – 61.2", "95.5", "", ""]
    assert found["oracle"].tolist() == ["", "90.0", "", "", "", ""] and (found["centroid"] == "").all()


def test_what_was_asked_for_beside_the_figure_is_no_part_of_it(tmp_path):
    store = ResultStore(tmp_path)
    for settings in (CELL, {**CELL, "clean": 0.75}):
        store.save(toys.result_of(TABLE5, settings, {"clean_share": 98.0}))
    assert len(store.results("table5")) == 2
    assert [result.settings for result in stored(TABLE5, store)] == [CELL]


def test_unknown_settings_are_refused(tmp_path):
    for ask in (lambda only: computed(FIG5, profile="quick", only=only),
                lambda only: measured(FIG5, ResultStore(tmp_path), only=only)):  # fmt: skip
        with pytest.raises(InputError, match="panel"):
            ask(["panel=z"])
