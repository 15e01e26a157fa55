"""The experiment `small-loss`: figures by class, by hand, their lengths and settings, and what is stored."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from published import STORE, of_today

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import small_loss
from itlm_kit.chapters.labels.small_loss import by_class, recipe, run, starved_table
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where

EXPERIMENT = get_experiment("small-loss")
SETTINGS = {"data": "digits", "share": 1.0, "protocol": "last", "noise": "systematic", "clean": 0.6}
SHORT = {**SETTINGS, "epochs": 2, "updates": 1, "warm_up": 0.5}


def test_what_is_kept_and_known_of_each_class_by_hand(monkeypatch):
    labels = torch.tensor([0, 0, 0, 0, 1, 1])
    train_set, test = (SimpleNamespace(y=y, classes=2) for y in (labels, torch.tensor([0, 0, 1, 1])))
    losses, called = torch.tensor([0.1, 0.2, 0.3, 0.9, 0.8, 0.7]), torch.tensor([0, 0, 0, 1])
    monkeypatch.setattr(small_loss, "per_sample_losses", lambda model, samples: losses)
    monkeypatch.setattr(small_loss, "outputs", lambda model, samples: torch.nn.functional.one_hot(called))
    noisy = SimpleNamespace(
        samples=train_set, watch=SimpleNamespace(watched=test), is_clean=np.array([True, True, False, True, True, True])
    )
    found = {"accuracy": 75.0, "worst_class": 50.0, "clean_share": 66.667, "least_kept": 0.0, "starved": 1}
    assert by_class(None, noisy, alpha=0.5) == found
    assert by_class(None, noisy, alpha=0.8) | {"least_kept": 50.0, "starved": 0} == by_class(None, noisy, alpha=0.8)


def test_it_spends_what_itlm_does_and_warms_up_for_a_training():
    how = recipe(SHORT)
    assert (how.epochs, how.warm_up, how.alpha) == (3, 1, 0.55)  # 2 x (1 + 0.55) passes
    rows = run(SHORT, how, 0, Where()).metrics["rounds"]
    assert [row["epoch"] for row in rows] == [0, 1, 2]


def test_the_truth_only_reports(blind_label_noise):
    seen = run(SHORT, recipe(SHORT), 0, Where()).metrics["rounds"]
    blind_label_noise()
    unseen = run(SHORT, recipe(SHORT), 0, Where()).metrics["rounds"]
    shares = [[row.pop("clean_share") for row in rows] for rows in (seen, unseen)]
    assert shares[0] != shares[1] and seen == unseen


@pytest.mark.parametrize("profile, data", [("quick", "digits"), ("full", "mnist")])
def test_every_cell_is_stored_with_three_seeds(profile, data):
    frame = results_frame(of_today(EXPERIMENT, data=data))
    cells = {(cell["noise"], cell["clean"], cell["warm_up"]) for cell in EXPERIMENT.cells(profile)}
    seeds = frame.groupby(["noise", "clean", "warm_up"])["seed"].nunique()
    assert set(seeds.index) == cells and (seeds == 3).all()
    assert set(starved_table(frame).index) == cells


def test_a_stored_cell_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    only = ["noise=random", "warm_up=1"]
    (cell,) = (Cell(EXPERIMENT, settings) for settings in choose_cells(EXPERIMENT, "quick", only=only))
    old, now = (each.metrics["rounds"] for each in (STORE.load(cell), compute_cell(cell, Where())))
    assert len(old) == len(now)
    for before, row in zip(old[:20], now[:20], strict=True):  # later ones depend on how a processor rounds
        assert row["accuracy"] == pytest.approx(before["accuracy"], abs=5)
