"""The experiment `short-updates`: as many epochs as full updates have, and its stored figures."""

import pytest
from published import STORE

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels.short_updates import recipe, run
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where

EXPERIMENT, FULL = get_experiment("short-updates"), get_experiment("warm-or-anew")


def full_update(settings):
    """The cell of warm-or-anew beside which a cell of short updates stands."""
    same = {name: settings[name] for name in ("data", "noise", "clean")}
    cells = FULL.cells("quick") + FULL.cells("full")
    return next(cell for cell in cells if same.items() <= cell.items() and cell["weights"] == "anew")


@pytest.mark.parametrize("settings", EXPERIMENT.cells("quick") + EXPERIMENT.cells("full"), ids=str)
def test_short_updates_have_the_first_round_and_the_epochs_of_full_ones(settings):
    short, full = recipe(settings), FULL.recipe(full_update(settings))
    assert short.warm and not full.warm and set(short.epochs[1:]) == {settings["length"]}
    assert short.epochs[0] == full.epochs[0] and sum(short.epochs) == sum(full.epochs)
    assert (short.training, short.alpha, short.protocol) == (full.training, full.alpha, full.protocol)


def test_the_truth_only_reports(blind_label_noise):
    settings = {**EXPERIMENT.cells("quick")[0], "length": 50}
    seen = run(settings, recipe(settings), 0, Where()).metrics["rounds"]
    blind_label_noise()
    unseen = run(settings, recipe(settings), 0, Where()).metrics["rounds"]
    assert [row["last_accuracy"] for row in seen] == [row["last_accuracy"] for row in unseen] and len(seen) == 3
    assert all(one["clean_share"] != other["clean_share"] for one, other in zip(seen, unseen, strict=True))


def stored(profile):
    store = STORE.results(EXPERIMENT.name)
    return [
        results_frame(r for r in store if r.key in {Cell(EXPERIMENT, settings, seed).key for seed in range(3)})
        for settings in EXPERIMENT.cells(profile)
    ]


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_every_cell_is_stored_with_three_seeds_and_starts_as_the_full_updates_do(profile):
    for settings, frame in zip(EXPERIMENT.cells(profile), stored(profile), strict=True):
        assert frame["seed"].nunique() == 3
        first = frame[frame["round"] == 0].set_index("seed")
        for seed in range(3):
            full = STORE.load(Cell(FULL, full_update(settings), seed)).metrics["rounds"][0]
            assert first.loc[seed, "clean_share"] == pytest.approx(full["clean_share"], abs=0.5)


def test_a_stored_cell_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    cell = Cell(EXPERIMENT, next(c for c in EXPERIMENT.cells("quick") if c["clean"] == 0.5))
    old, now = (each.metrics["rounds"] for each in (STORE.load(cell), compute_cell(cell, Where())))
    for before, row in zip(old, now, strict=True):
        assert row["last_accuracy"] == pytest.approx(before["last_accuracy"], abs=3)  # processors round apart
        assert row["clean_share"] == pytest.approx(before["clean_share"], abs=3)
