"""The experiment `warm-or-anew`: its two arms, what counts as stuck, by hand, and its stored figures."""

import re

import numpy as np
import pandas as pd
import pytest
from published import RESULTS, STORE, of_today

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels.claims import WARM
from itlm_kit.chapters.labels.warm_or_anew import kept_again, recipe, run, warm_table
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where

EXPERIMENT = get_experiment("warm-or-anew")
SHORT = {"data": "digits", "share": 1.0, "protocol": "last", "noise": "systematic", "clean": 0.6}
SHORT |= {"epochs": 1, "updates": 1}
REPORTS = ("clean_share", "bad_kept_again")  # these alone are told by the truth


def rounds(weights):
    settings = {**SHORT, "weights": weights}
    return run(settings, recipe(settings), 0, Where()).metrics["rounds"]


def test_both_arms_start_alike_and_part_in_the_first_update():
    anew, last = rounds("anew"), rounds("last")
    assert anew[0] == last[0] and anew[0]["bad_kept_again"] is None
    assert anew[1]["last_accuracy"] < last[1]["last_accuracy"] and anew[1]["kept"] == last[1]["kept"]
    recipes = [recipe({**SHORT, "weights": weights}) for weights in ("anew", "last")]
    assert [each.warm for each in recipes] == [False, True] and recipes[0].epochs == recipes[1].epochs == (1, 1)


def test_the_truth_only_reports(blind_label_noise):
    seen = rounds("last")
    blind_label_noise()
    unseen = rounds("last")
    assert all(one[name] != other[name] for name in REPORTS for one, other in [(seen[1], unseen[1])])
    assert [{**row, **dict.fromkeys(REPORTS)} for row in seen] == [{**row, **dict.fromkeys(REPORTS)} for row in unseen]


def test_bad_ones_kept_again_by_hand():
    is_clean = np.array([True, True, False, False, False, False])
    before = np.array([True, True, True, True, True, False])  # three bad ones
    kept = np.array([True, False, True, False, False, True])  # one of them again, and another
    assert kept_again(before, kept, is_clean) == 33.333
    assert kept_again(None, kept, is_clean) is None and kept_again(is_clean, kept, is_clean) is None


def test_the_table_shows_the_last_round_of_both_arms():
    common = {"noise": "random", "clean": 0.5}
    rows = [
        {"seed": seed, "weights": weights, "round": t, "last_accuracy": 10.0 * t + seed, "clean_share": share,
         "bad_kept_again": None if t == 0 else 50.0}
        for weights, share in (("anew", 90.0), ("last", 80.0)) for seed in (0, 2) for t in (0, 1)
    ]  # fmt: skip
    row = warm_table(pd.DataFrame(rows).assign(**common)).loc["random", 0.5]
    assert row["last_accuracy", "anew"] == row["last_accuracy", "last"] == 11.0
    assert (row["clean_share", "anew"], row["clean_share", "last"], row["bad_kept_again", "last"]) == (90, 80, 50)


@pytest.mark.parametrize("profile, data", [("quick", "digits"), ("full", "mnist")])
def test_every_cell_is_stored_with_three_seeds(profile, data):
    frame = results_frame(of_today(EXPERIMENT, data=data))
    cells = {(cell["noise"], cell["clean"], cell["weights"]) for cell in EXPERIMENT.cells(profile)}
    seeds = frame.groupby(["noise", "clean", "weights"])["seed"].nunique()
    assert set(seeds.index) == cells and (seeds == 3).all() and len(warm_table(frame)) == len(cells) / 2
    first = frame[frame["round"] == 0].groupby(["noise", "clean", "seed"])
    assert (first["last_accuracy"].nunique() == 1).all()  # of both arms


def test_the_ledger_and_the_readme_tell_the_accuracies_of_both_arms():
    frame = results_frame(of_today(EXPERIMENT, data="mnist"))
    arms = warm_table(frame)["last_accuracy"]
    told = [arms.loc[row, arm] for row in (("systematic", 0.6), ("random", 0.5)) for arm in ("last", "anew")]
    assert re.findall(r"\d+", WARM) == [f"{accuracy:.0f}" for accuracy in told]
    low, high = re.search(r"end (\d) to (\d) points lower", (RESULTS.parents[1] / "README.md").read_text()).groups()
    final = frame.query("noise == 'random' and round == round.max()")
    lower = final.pivot(index="seed", columns="weights", values="last_accuracy").diff(axis=1)["last"]
    assert (lower.min().round(), lower.max().round()) == (float(low), float(high))


def test_a_stored_cell_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    only = ["noise=random", "clean=0.3", "weights=last"]
    (cell,) = (Cell(EXPERIMENT, settings) for settings in choose_cells(EXPERIMENT, "quick", only=only))
    old, now = (each.metrics["rounds"] for each in (STORE.load(cell), compute_cell(cell, Where())))
    for before, row in zip(old, now, strict=True):
        assert row["last_accuracy"] == pytest.approx(before["last_accuracy"], abs=3)  # processors round apart
        assert row["clean_share"] == pytest.approx(before["clean_share"], abs=3)
