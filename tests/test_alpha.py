"""The experiment `alpha`: regrets by hand, choosers that never see the truth, stored figures given again."""

from dataclasses import replace

import numpy as np
import pytest
from published import STORE, of_today

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import alpha
from itlm_kit.chapters.labels.alpha import GRID, RECIPE, GridRuns, choices_frame, known_alpha, recipe, regret_table
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.noisy_set import noisy_set
from itlm_kit.vision.training import per_sample_losses, train

EXPERIMENT = get_experiment("alpha")
SETTINGS = {"data": "digits", "share": 1.0, "protocol": "last", "noise": "systematic", "clean": 0.6}
SHORT = {**SETTINGS, "epochs": 1, "updates": 1}


def measured(settings, **changes):
    """Metrics of a cell with another recipe."""
    changed = replace(EXPERIMENT, recipe=lambda settings: replace(recipe(settings), **changes))
    return compute_cell(Cell(changed, settings), Where()).metrics


def test_choosers_see_noisy_labels_alone(blind_label_noise):
    few = {"grid": (0.55, 1.0), "folds": 2}  # enough for what is bit-exact
    seen = measured(SHORT, **few)
    blind_label_noise()
    unseen = measured(SHORT, **few)
    assert [row["alpha"] for row in seen["rounds"]] == [0.55, 1.0]
    shares = [[row.pop("clean_share") for row in metrics["rounds"]] for metrics in (seen, unseen)]
    assert shares[0] != shares[1] and seen == unseen


def test_the_known_alpha_is_on_the_grid_for_every_cell():
    for profile in ("quick", "full"):
        cells = EXPERIMENT.cells(profile)
        assert {cell["noise"] for cell in cells} == {"systematic", "random", "instance"}
        assert {known_alpha(cell["clean"]) for cell in cells} <= set(GRID)
        assert {EXPERIMENT.recipe(cell).grid for cell in cells} == {GRID}
    assert recipe({**SETTINGS, "clean": 0.67}).grid == (*GRID[:4], 0.62, *GRID[4:])  # also where it is asked for
    assert known_alpha(0.6) == 0.55 and known_alpha(1.0) == 1.0


def test_a_run_of_the_grid_is_itlm_on_the_inside_judged_on_the_rest():
    noisy = noisy_set(SETTINGS, 0, Where())
    inside, held_out = np.arange(500), np.arange(500, 800)
    grid = GridRuns(noisy, recipe(SETTINGS), epochs=1, updates=1, seed=3)
    losses = grid(inside, held_out, 0.6)
    samples = noisy.samples
    theta_0 = train(samples, inside, RECIPE, epochs=1, seed=round_seed(3, 0))
    kept = np.argsort(per_sample_losses(theta_0, samples)[:500].numpy(), kind="stable")[:300]
    theta_1 = train(samples, np.sort(kept), RECIPE, epochs=1, seed=round_seed(3, 1))
    np.testing.assert_allclose(losses, per_sample_losses(theta_1, samples)[500:800].numpy(), rtol=1e-3, atol=1e-4)
    assert grid.mean_losses.shape == (500,) and grid.rows[0]["alpha"] == 0.6


def result(seed, clean, picks, gain):
    metrics = {"known_accuracy": 90.0, "baseline_accuracy": 90.0 - gain, "choices": picks}
    settings = {"noise": "random", "clean": clean}
    return Result("alpha", 1, settings, None, seed, metrics, "digits", "CPU", 1.0, {})


def test_regrets_by_hand():
    reached = {0.55: 90.0, 0.75: 88.5, 1.0: 91.0}
    assert alpha._pick("cv", 0.65, reached, 0.55) == {
        "chooser": "cv", "alpha": 0.65, "off": 0.1, "accuracy": 89.25, "regret": 0.75,
    }  # fmt: skip
    picks = [[alpha._pick(name, a, reached, 0.55) for name in alpha.CHOOSERS] for a in (0.5, 0.75, 1.0)]
    frame = choices_frame([result(seed, 0.6, each, 4.0) for seed, each in enumerate(picks)])
    assert len(frame) == 12 and set(frame["gain"]) == {4.0}
    row = regret_table(frame).loc[("random", 0.6)]
    assert row["known", "gain"] == 4.0
    assert row["cv", "mean"] == pytest.approx((0 + 1.5 - 1) / 3, abs=0.005) and row["cv", "worst"] == 1.5
    assert row["cv", "off"] == pytest.approx((-0.05 + 0.2 + 0.45) / 3, abs=0.005)


def test_a_choice_between_two_points_costs_what_lies_between_theirs():
    """No choice is free because it lies near the known alpha: a grid of nine hides five points either way."""
    reached = {0.5: 80.0, 0.55: 90.0, 0.65: 70.0}
    assert [alpha._pick("cv", a, reached, 0.55)["regret"] for a in (0.56, 0.6, 0.4)] == [2.0, 10.0, 10.0]


def stored(data):
    return choices_frame(of_today(EXPERIMENT, data=data))


@pytest.mark.parametrize("profile, data", [("quick", "digits"), ("full", "mnist")])
def test_every_cell_is_stored_with_three_seeds(profile, data):
    cells = {(cell["noise"], cell["clean"]) for cell in EXPERIMENT.cells(profile)}
    seeds = stored(data).groupby(["noise", "clean"])["seed"].nunique()
    assert set(seeds.index) == cells and (seeds == 3).all()


@pytest.mark.parametrize("data", ["digits", "mnist"])
def test_agreement_stays_within_two_points_wherever_the_known_alpha_gains(data):
    table = regret_table(stored(data))
    gains = table[table["known", "gain"] > 0]
    assert len(gains) >= 3 and (gains["agreement", "mean"] <= 2).all()
    assert table["agreement", "off"].between(-0.06, 0.03).all()


def test_stored_choices_are_read_off_their_own_grid():
    for found in STORE.results("alpha"):
        reached = {row["alpha"]: row["last_accuracy"] for row in found.metrics["rounds"]}
        for pick in found.metrics["choices"]:
            again = alpha._pick(pick["chooser"], pick["alpha"], reached, known_alpha(found.settings["clean"]))
            assert again["regret"] == pytest.approx(pick["regret"], abs=0.05)


@pytest.mark.slow
def test_a_stored_run_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    (settings,) = choose_cells(EXPERIMENT, "quick", only=["noise=systematic", "clean=0.6"])
    old = STORE.load(Cell(EXPERIMENT, settings))
    now = measured(settings, grid=(0.25, 0.55, 1.0))
    assert len(now["rounds"]) == 3
    before = {row["alpha"]: row for row in old.metrics["rounds"]}
    for row in now["rounds"]:
        assert row["last_accuracy"] == pytest.approx(before[row["alpha"]]["last_accuracy"], abs=3)
    agreement = [next(c for c in m["choices"] if c["chooser"] == "agreement") for m in (old.metrics, now)]
    assert agreement[0]["alpha"] == pytest.approx(agreement[1]["alpha"], abs=0.02)
