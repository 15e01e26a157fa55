from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.mixtures import experiments as gan
from itlm_kit.chapters.mixtures import length
from itlm_kit.chapters.mixtures.length import (
    elbow_frame,
    fixed_recipe,
    length_frame,
    run_fixed,
    run_swept,
    swept_recipe,
)
from itlm_kit.chapters.mixtures.mixtures import mixture
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.gan import fit_gan, gan_rounds
from itlm_kit.vision.gan_training import Elbow, GANRecipe, real_losses

PILE = {"pair": "digits+patches", "images": 400, "clean": 0.8}
SHORT = GANRecipe(steps=20, batch_size=32, latent=8, width=8, stop=Elbow(every=5, images=50))
STORED = ResultStore(Path(__file__).parents[1] / "notebooks" / "results")


def short_sweep(**changes):
    return replace(swept_recipe(PILE), training=replace(SHORT, steps=30), **changes)


@pytest.fixture(autouse=True)
def forget():
    gan._naive_on.cache_clear()


def test_a_sweep_says_at_each_length_what_a_training_of_that_length_keeps():
    mixed = mixture(PILE, 0, Where())
    rows = run_swept(PILE, short_sweep(), 0, Where()).metrics["rounds"]
    assert [row["step"] for row in rows] == [1, 5, 10, 15, 20, 25, 30]
    assert [row["epoch"] for row in rows[1:3]] == [0.32, 0.64]
    everything = np.ones(500, bool)
    alone = fit_gan(mixed.images, everything, replace(SHORT, steps=10, stop=None), seed=0)
    losses = real_losses(alone.gan, mixed.images, SHORT)
    kept = trim(losses, num_kept(0.75, 500)).numpy()
    assert rows[2]["clean_share"] == pytest.approx(100 * mixed.is_clean[kept].mean(), abs=1e-3)


def test_the_rule_ends_a_sweep_where_it_ends_a_round():
    rows = pd.DataFrame(run_swept(PILE, short_sweep(), 0, Where()).metrics["rounds"])
    mixed = mixture(PILE, 0, Where())
    (first,) = gan_rounds(mixed.images, SHORT, alpha=0.75, rounds=1, seed=0)
    end = length.ended(rows, SHORT.steps)
    assert end["step"] == first.state.steps <= SHORT.steps
    assert end["clean_share"] == pytest.approx(100 * mixed.is_clean[first.kept.numpy()].mean(), abs=1e-3)


def test_what_comes_after_the_most_steps_does_not_count():
    rows = pd.DataFrame({"step": [1, 20, 40, 60], "distance": [8.0, 2.0, 1.6, -9.0]})
    assert [length.ended(rows, most)["step"] for most in (40, 59, 60)] == [20, 20, 60]


def test_the_rule_and_its_curve_do_not_see_the_truth(monkeypatch):
    seen = run_swept(PILE, short_sweep(), 0, Where()).metrics["rounds"]
    whole = length.mixture
    monkeypatch.setattr(length, "mixture", lambda *args: whole(*args)._replace(is_clean=whole(*args).is_clean[::-1]))
    again = run_swept(PILE, short_sweep(), 0, Where()).metrics["rounds"]
    assert seen != again
    for name in ("step", "distance", "generated_real"):
        assert [row[name] for row in seen] == [row[name] for row in again]


def test_part_of_a_large_pile_is_ranked():
    rows = run_swept(PILE, short_sweep(scored=40), 0, Where()).metrics["rounds"]
    assert {round(row["clean_share"] * 30 / 100, 3) % 1 for row in rows} <= {0, 0.001, 0.999, 1}  # of 30 kept ones
    assert all(0 <= row["generated_real"] <= 100 and row["distance"] > 0 for row in rows)


def test_fixed_lengths_are_kept_in_every_round():
    settings = {**PILE, "steps": 3}
    recipe = fixed_recipe(settings)
    short = replace(recipe, training=replace(SHORT, steps=recipe.training.steps, stop=recipe.training.stop))
    metrics = run_fixed(settings, short, 0, Where()).metrics
    assert [row["steps"] for row in metrics["rounds"]] == [3] * 5
    assert (
        metrics["epochs"] == pytest.approx(3 * 32 / 500)
        and metrics["clean_share"] == metrics["rounds"][4]["clean_share"]
    )


def result(seed, shares, distances, images=2400):
    looks = zip((1, 10, 900), shares, distances, strict=True)
    rows = [{"step": s, "epoch": s / 50, "clean_share": share, "distance": d} for s, share, d in looks]
    settings = {"pair": "mnist+fashion_mnist", "images": images, "clean": 0.8}
    return Result("gan-length", 1, settings, None, seed, {"rounds": rows}, "MNIST", "cpu", 1.0, {})


RESULTS = [
    result(0, (81, 95, 78), (8, 1, 0)), result(1, (83, 93, 79), (8, 2, 0)), result(2, (82, 97, 77), (8, 8, 0)),
    result(0, (80, 90, 80), (8, 1, 0), 60_000),
]  # fmt: skip
COLUMNS = ["pictures", "step", "epoch", "clean_share", "low", "high", "seeds"]


def test_trainings_over_seeds_are_a_line_for_each_pile():
    assert length_frame(RESULTS)[COLUMNS].values.tolist() == [
        [3000, 1, 0.02, 82, 81, 83, 3], [3000, 10, 0.2, 95, 93, 97, 3], [3000, 900, 18, 78, 77, 79, 3],
        [75_000, 1, 0.02, 80, 80, 80, 1], [75_000, 10, 0.2, 90, 90, 90, 1], [75_000, 900, 18, 80, 80, 80, 1],
    ]  # fmt: skip


def test_ends_over_seeds_are_a_mark_for_each_pile():
    """Of the third training the distance does not fall within the most steps: its first look is its elbow."""
    ends = elbow_frame(RESULTS)[COLUMNS].values.tolist()
    assert ends == [[3000, 10, 0.2, 93, 82, 95, 3], [75_000, 10, 0.2, 90, 90, 90, 1]]


@pytest.mark.parametrize("name", length.EXPERIMENTS)
def test_whatever_shapes_a_training_is_part_of_its_cell(name, monkeypatch):
    experiment = get_experiment(name)
    settings = experiment.cells("quick")[0]
    keys = [Cell(experiment, settings).key]
    for field, value in {"batch_size": 65, "width": 33, "loss": "hinge"}.items():
        changed = replace(gan.elbow_recipe(settings), **{field: value})
        monkeypatch.setattr(length, "elbow_recipe", lambda settings, changed=changed: changed)
        keys.append(Cell(experiment, settings).key)
    assert len(set(keys)) == 4


def test_a_rule_is_part_of_the_cells_it_ends_and_of_no_others(monkeypatch):
    ended = [("table3", {"pair": gan.DIGITS, "images": 4800, "clean": 0.8, "method": "itlm"}),
             ("gan-length", {"pair": gan.DIGITS, "images": 2400, "clean": 0.8})]  # fmt: skip
    others = [("fig1c", {"pair": gan.DIGITS, "images": 4200, "clean": 0.7}),
              ("fig8-length", {"pair": gan.DIGITS, "images": 1800, "clean": 0.6, "steps": 150}),
              ("table3", {**PILE, "method": "itlm"})]  # fmt: skip

    def keys(named):
        return [Cell(get_experiment(name), settings).key for name, settings in named]

    before = keys(ended), keys(others)
    monkeypatch.setattr(gan, "Elbow", lambda: Elbow(every=20))
    after = keys(ended), keys(others)
    assert not set(before[0]) & set(after[0]) and before[1] == after[1]


@pytest.mark.parametrize("name, piles", [("gan-length", [3000, 12_000, 75_000, 3000]), ("fig8-length", [3000, 3000])])
def test_cells_are_piles_of_whole_sizes(name, piles):
    cells = choose_cells(get_experiment(name), "full")
    assert [round(cell["images"] / cell["clean"]) for cell in cells] == piles


@pytest.mark.parametrize("name", length.EXPERIMENTS)
def test_every_stored_cell_is_found_by_what_it_is_computed_from_now(name):
    found = STORED.results(name)
    assert [r.key for r in found] == [Cell(get_experiment(name), r.settings, r.seed).key for r in found]


def test_the_most_steps_are_those_that_did_best_where_they_were_chosen():
    stored = STORED.results("gan-length")
    sweeps = [pd.DataFrame(r.metrics["rounds"]) for r in stored if r.settings["pair"] == length.TUNED]
    assert len(sweeps) == 12
    means = {
        most: np.mean([length.ended(rows, most)["clean_share"] for rows in sweeps]) for most in range(200, 1001, 100)
    }
    assert max(means, key=means.get) == gan.MOST and means[gan.MOST] > 95
