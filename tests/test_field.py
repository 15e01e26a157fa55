"""The experiment `field`: what each method may know, what it spends, and stored figures that today's code gives."""

import numpy as np
import pandas as pd
import pytest
from published import STORE, of_today

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels.rivals import METHODS, field_table, found, recipe, run_field
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import above_oracle, results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where

EXPERIMENT = get_experiment("field")
SETTINGS = {"data": "digits", "share": 1.0, "protocol": "last", "noise": "systematic", "clean": 0.6}
SHORT = {**SETTINGS, "epochs": 2, "updates": 1}
REPORTS = ("precision", "recall")  # of errors found: these alone are told by the truth


def measured(method):
    settings = {**SHORT, "method": method}
    return run_field(settings, recipe(settings), 0, Where()).metrics


@pytest.mark.parametrize("method", METHODS)
def test_the_oracle_alone_sees_the_truth(method, blind_label_noise):
    if method == "cleanlab":
        pytest.importorskip("cleanlab")
    seen = measured(method)
    blind_label_noise()
    unseen = measured(method)
    reports = [{name: metrics.pop(name) for name in REPORTS} for metrics in (seen, unseen)]
    assert (seen == unseen) == (method != "oracle")
    assert (reports[0] == reports[1]) == (method in ("baseline", "gce", "oracle"))  # who names no errors


def test_the_budget_is_what_itlm_spends():
    """Naive training of 2 epochs and 2 on 55 % of the samples: 3.1 passes; five networks of four fifths make 8."""
    passes = {method: measured(method)["passes"] for method in ("baseline", "itlm", "itlm-chosen", "coteaching", "gce")}
    assert passes["baseline"] == 2 and passes["itlm"] == pytest.approx(3.1)
    assert passes["gce"] == 3 and passes["coteaching"] == 4  # two networks, of two whole epochs each
    assert 8 + 2 < passes["itlm-chosen"] < 8 + 4


def test_precision_and_recall_by_hand():
    is_clean = np.array([True, True, True, False, False, False, False])
    kept = np.array([True, False, True, False, False, True, True])
    assert found(kept, is_clean) == {"precision": 66.667, "recall": 50, "named": 3}
    nothing = {"precision": None, "recall": None, "named": 0}
    assert found(None, is_clean) == found(np.ones(7, bool), is_clean) == nothing


def test_the_table_names_the_winner_also_where_it_is_not_itlm():
    accuracy = {"itlm": (80, 86), "gce": (85, 85), "oracle": (95, 95)} | dict.fromkeys(
        ("baseline", "itlm-chosen", "cleanlab", "coteaching"), (70, 70)
    )
    rows = [
        {"noise": "random", "clean": 0.6, "updates": 3, "seed": seed, "method": method, "last_accuracy": values[seed]}
        for method, values in accuracy.items()
        for seed in (0, 1)
    ]
    (row,) = field_table(pd.DataFrame(rows)).to_dict("records")
    assert (row["winner"], row["ahead"], row["won"]) == ("gce", 2.0, 1)
    assert row["itlm"] == 83.0 and row["oracle"] == 95.0


def test_itlm_with_the_rounds_of_the_paper_is_a_column_of_its_own():
    def cell(method, accuracy, clean, updates=3):
        about = {"noise": "random", "clean": clean, "seed": 0, "updates": updates}
        return {**about, "method": method, "last_accuracy": accuracy}

    rows = [cell("itlm", 80, 0.5), cell("gce", 85, 0.5), cell("itlm", 86, 0.5, updates=5)]
    table = field_table(pd.DataFrame([*rows, cell("itlm", 80, 0.7), cell("gce", 85, 0.7)]))
    assert list(table)[:3] == ["itlm", "itlm, 5 rounds", "gce"]
    assert table["winner"].tolist() == ["itlm, 5 rounds", "gce"] and table["ahead"].tolist() == [1, 5]


def test_cells():
    assert {"baseline", "itlm", "itlm-chosen", "cleanlab", "coteaching", "gce", "oracle"} <= set(METHODS)
    quick, full = (EXPERIMENT.cells(profile) for profile in ("quick", "full"))
    assert len(quick) == (8 + 2) * (len(METHODS) + 1) and len(full) == (8 + 1) * (len(METHODS) + 1)
    assert all(cell["method"] == "itlm" for cell in (*quick, *full) if cell["updates"] == 5)
    assert {cell["data"] for cell in quick} == {"digits"}


def test_no_stored_method_beats_the_oracle_by_far():
    assert not above_oracle(of_today(EXPERIMENT), margin=3.0)


def test_a_stored_cell_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    only = ["noise=systematic", "clean=0.6", "method=itlm", "updates=3"]
    (cell,) = (Cell(EXPERIMENT, settings) for settings in choose_cells(EXPERIMENT, "quick", only=only))
    old, now = STORE.load(cell).metrics, compute_cell(cell, Where()).metrics
    assert (now["named"], now["passes"]) == (old["named"], old["passes"])
    assert now["last_accuracy"] == pytest.approx(old["last_accuracy"], abs=3)  # processors round apart
    assert now["precision"] == pytest.approx(old["precision"], abs=3)


@pytest.mark.parametrize("profile, data", [("quick", "digits"), ("full", "mnist")])
def test_the_stored_table_names_the_winner_of_every_setting(profile, data):
    frame = results_frame(of_today(EXPERIMENT, data=data))
    cells = {(cell["noise"], cell["clean"]) for cell in EXPERIMENT.cells(profile)}
    table = field_table(frame)
    assert set(table.index) <= cells and (frame.groupby(["noise", "clean", "method"])["seed"].nunique() == 3).all()
    assert not table[list(METHODS)].isna().any().any() and "oracle" not in set(table["winner"])
    assert field_table(frame, "recall")["itlm"].between(0, 100).all()
