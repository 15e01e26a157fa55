"""The statements put to numbers: each check on small draws says what the statement says."""

from dataclasses import replace

import numpy as np
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.regression.theory_checks import CHECKS, HOW
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where

WHERE = Where()


def measured(check):
    experiment = get_experiment("theory")
    cells = [settings for settings in experiment.cells("quick") if settings["check"] == check]
    return results_frame([compute_cell(Cell(experiment, settings), WHERE) for settings in cells])


@pytest.mark.parametrize("check", ["lemma 5", "lemma 6", "appendix C"])
def test_inequalities_hold_in_every_round_of_every_draw(check):
    assert (measured(check)["holds"] == 1).all()


def test_the_noise_term_of_a_step_outgrows_its_bound():
    by_n = measured("noise term of a step").pivot(index="n", columns="link", values="noise_over_bound")
    assert list(by_n.index) == [100, 400, 1600] and set(by_n.columns) == {"identity", "kinked", "smooth"}
    assert (by_n.loc[1600] > 1.2 * by_n.loc[100]).all()


def test_kappa_shrinks_with_the_noise_as_its_form_does():
    constants = measured("kappa").pivot(index="sigma", columns="kind", values="kappa_constant")
    assert list(constants.columns) == ["mixture", "random"]
    assert (constants.max() / constants.min() < 10**0.5).all()


def test_lemma_3_needs_its_assumption():
    gaps = measured("lemma 3").pivot(index="n", columns="assumption", values="gap")
    assert gaps["holds"].iloc[-1] < 0.05 * gaps["holds"].iloc[0]
    assert gaps["fails"].iloc[-1] > 2 * gaps["holds"].iloc[-1]


def test_trimmed_squares_break_down_at_half_and_not_before():
    frame = measured("breakdown")
    worst = frame.pivot(index="bad", columns="method", values="error")
    n = frame["n"].iloc[0]
    assert (worst.loc[worst.index < n / 2, "exact"] < 1).all() and (worst.loc[worst.index > n / 2, "exact"] > 1e5).all()
    assert (worst.loc[1:, "ols"] > 1e5).all()
    breaks = worst.index[worst["itlm"] > 1e5].min()
    assert 1 < breaks <= np.ceil(n / 2)  # one start does not reach what the exact estimator does


def test_clean_data_leave_itlm_consistent():
    errors = measured("clean data").pivot(index="n", columns="method", values="error")
    slopes = [np.polyfit(np.log(errors.index), np.log(errors[m]), 1)[0] for m in ("itlm", "oracle")]
    assert max(slopes) < -0.3


def test_intruders_stay_below_a_multiple_of_their_form():
    frame = measured("theorem 11")
    assert frame["constant"].max() < 3 and frame["intruders"].is_monotonic_increasing


def test_parameters_close_in_faster_than_residuals():
    middle = measured("remark 2").query("round == 1")
    assert (middle["error_ratio"] < middle["residual_ratio"]).all()


def test_small_components_are_reached_from_closer_by():
    frame = measured("theorem 8")
    assert (frame["reach"] >= frame["reach_of_last"]).all()
    two = frame[frame["components"] == 2].sort_values("clean")["reach_of_last"]
    assert two.is_monotonic_decreasing


def test_a_larger_component_tolerates_more_noise_at_the_start():
    (found,) = measured("theorem 8 noise").to_dict("records")
    assert found["tolerated_large"] > found["tolerated_small"] > 0
    assert found["tolerated_ratio"] == pytest.approx(found["tolerated_large"] / found["tolerated_small"])


def test_bent_links_keep_to_theorems_9_and_10_on_draws_their_constants_never_saw():
    frame = measured("theorem 9")
    assert (frame["holds"] > 0.9).all() and (frame["contracting"] > 0.5).all()
    assert (frame["c1"] > 0.1).all()


def test_bounds_that_cannot_hold_are_seen_not_to():
    settings = {"n": 100, "d": 20, "kind": "arbitrary", "sigma": 0.1, "runs": 4}  # too few samples: kappa above 1/2
    assert CHECKS["theorem 9"](settings, [(0, r) for r in range(4)])["holds"] < 0.5


def test_features_are_regular_and_small_steps_add_up():
    assert measured("regularity")["spread"].iloc[0] < 3
    assert measured("large M")["distance"].iloc[0] < 1e-9


def test_other_losses_end_alike():
    frame = measured("losses")
    assert frame["method"].tolist() == ["squared", "absolute", "huber(0.1)"]
    assert frame["error_ratio"].iloc[0] == pytest.approx(frame["error"].max() / frame["error"].min())
    assert frame["error_ratio"].iloc[0] < 2


def test_an_adversary_does_more_harm_than_chance_and_none_above_a_threshold():
    rates = measured("theorem 7").pivot_table(index="clean", columns="kind", values=["first_rate", "arrives"])
    first, arrives = rates["first_rate"], rates["arrives"]
    assert (first["adaptive"] >= first["arbitrary"] - 0.05).loc[0.65:].all()
    assert first.loc[0.7, "adaptive"] > 1 > 0.5 > first.loc[0.95, "adaptive"]
    assert (
        arrives.loc[0.7, "adaptive"] < 0.5 and arrives.loc[0.9:].to_numpy().min() == 1 == arrives.loc[0.7, "arbitrary"]
    )


def test_the_dropped_term_is_a_share_of_the_error():
    """It counts kept clean samples whose noise opposes the error: as many of n, whatever n."""
    found = measured("dropped term").pivot(index="n", columns="round", values="noise_over_error")
    assert list(found.columns) == [0, 1]
    np.testing.assert_allclose(found.loc[1600], found.loc[6400], rtol=0.2)
    assert (found[1] > 2 * found[0]).all()


def test_samples_needed_grow_with_the_features():
    shares = measured("sample complexity").pivot(index="n", columns="d", values="recovered")
    assert (shares.apply(lambda of_d: of_d.dropna().iloc[-1]) == 1).all()
    assert shares[20].dropna().iloc[0] < 0.5
    settings = {"n": 60, "d": 10, "sigma": 0.1, "within": 1e-6}
    assert CHECKS["sample complexity"](settings, [(0, 0), (0, 1)]) == {"recovered": 0.0}


def test_single_steps_are_of_an_order_near_one():
    found = measured("M = 1").query("step <= 1.0")
    assert found["order"].between(0.8, 1.2).all() and (found["known"] == 1).all()
    noisy = {"n": 100, "d": 5, "sigma": 9.0, "clean": 0.8, "alpha": 0.75, "step": 0.5}
    assert CHECKS["M = 1"](noisy, [(0, 0)]) == {"order": None, "known": 0.0}


def test_every_check_has_cells_and_every_cell_a_check():
    for profile in ("quick", "full"):
        assert {cell["check"] for cell in get_experiment("theory").cells(profile)} == set(CHECKS)


def test_rounds_of_a_check_are_its_recipe_s():
    experiment = get_experiment("theory")
    by_check = {cell["check"]: experiment.recipe(cell).rounds for cell in experiment.cells("quick")}
    assert by_check["lemma 5"] == HOW.rounds == 10 and by_check["theorem 7"] == 60
    assert len(measured("remark 2").query("kind == 'random'")) == by_check["remark 2"] - 1


@pytest.mark.parametrize("change", [{"alpha": 0.5}, {"rounds": 2}])
def test_a_check_goes_by_its_recipe(change):
    experiment = get_experiment("theory")
    settings = next(cell for cell in experiment.cells("quick") if cell["check"] == "lemma 5")
    other = replace(experiment, recipe=lambda settings: replace(HOW, **change))
    cells = [Cell(each, settings) for each in (experiment, other)]
    slack, changed = (compute_cell(cell, WHERE).metrics["slack"] for cell in cells)
    assert changed != slack and len({cell.key for cell in cells}) == 2
