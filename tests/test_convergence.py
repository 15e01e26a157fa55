"""Figures 2, 5, 6 and 7: cells of the right sizes, errors that a plain reference gives too, sentences as quantities."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.regression import convergence
from itlm_kit.chapters.regression.claims import final_errors
from itlm_kit.chapters.regression.convergence import (
    error_floor,
    gap_between_updates,
    misspecification,
    orders,
    recipe,
    rounds_to_floor,
)
from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.glm import KINKED, draw
from itlm_kit.machine import Where

HERE = Where()


def run(settings, seed=0):
    return convergence.run(settings, recipe(settings), seed, HERE)


def measured(name, **matching):
    """Tidy rows of the quick cells of an experiment that match."""
    experiment = get_experiment(name)
    cells = [c for c in experiment.cells("quick") if all(c.get(k) in v for k, v in matching.items())]
    return results_frame([compute_cell(Cell(experiment, settings), HERE) for settings in cells])


@pytest.fixture(scope="module")
def figure5():
    return measured("fig5")


@pytest.mark.parametrize("name, panels", [("fig2", "abc"), ("fig5", "abcdef"), ("fig6", "abcdef"), ("fig7", "ab")])
@pytest.mark.parametrize("profile", ["quick", "full"])
def test_every_panel_has_its_cells(name, panels, profile):
    cells = get_experiment(name).cells(profile)
    assert {cell["panel"] for cell in cells} == set(panels)
    assert len({tuple(sorted(cell.items())) for cell in cells}) == len(cells)


def test_full_cells_have_the_sizes_of_the_paper():
    cells = get_experiment("fig5").cells("full")
    assert {(c["d"], c["runs"]) for c in cells} == {(100, 100)}
    assert {c["n"] for c in cells if c["panel"] in "cdef"} == {1000}
    assert max(c["n"] for c in cells if c["panel"] == "a") > 25_000
    assert {c["clean"] - c["alpha"] for c in cells if c["panel"] in "abef"} == {0.8 - 0.75}
    assert all(c["sigma"] == 1 for c in cells if c["panel"] == "b")
    assert {c["kind"] for c in get_experiment("fig6").cells("full")} == {"mixture"}
    assert {c["link"] for c in get_experiment("fig7").cells("full")} == {"kinked"}


def plain_itlm(data, k, rounds, step=None, link=lambda u: u, slope=np.ones_like):
    theta = np.linalg.lstsq(data.x, data.y, rcond=None)[0]
    for _ in range(rounds):
        kept = np.argsort((data.y - link(data.x @ theta)) ** 2, kind="stable")[:k]
        x, y = data.x[kept], data.y[kept]
        if step is None:
            theta = np.linalg.lstsq(x, y, rcond=None)[0]
        else:
            u = x @ theta
            theta = theta - step * x.T @ ((link(u) - y) * slope(u)) / k
    return np.linalg.norm(theta - data.theta)


def test_errors_are_those_of_a_plain_reference():
    settings = {**get_experiment("fig5").cells("quick")[0], "n": 200, "d": 5, "runs": 3, "sigma": 0.2}
    outcome = run(settings, seed=4)
    draws = [draw("random", n=200, d=5, clean=0.8, sigma=0.2, seed=(4, r)) for r in range(3)]
    np.testing.assert_allclose(
        outcome.curves["errors itlm-1"][:, 0], [plain_itlm(d, 150, 40) for d in draws], rtol=1e-6
    )
    short = [plain_itlm(d, 150, 200, step=0.5) for d in draws]
    np.testing.assert_allclose(outcome.curves["errors itlm-2"][:, 0], short, rtol=1e-6)
    clean = [np.linalg.lstsq(d.x[d.is_clean], d.y[d.is_clean], rcond=None)[0] - d.theta for d in draws]
    np.testing.assert_allclose(outcome.curves["errors oracle"][:, 0], np.linalg.norm(clean, axis=1), rtol=1e-6)
    row = next(r for r in outcome.metrics["rounds"] if r["method"] == "oracle")
    assert row["error"] == pytest.approx(np.linalg.norm(clean, axis=1).mean(), rel=1e-5)


def test_steps_and_rounds_are_those_of_the_recipe():
    settings = {**get_experiment("fig5").cells("quick")[0], "n": 200, "d": 5, "runs": 2, "sigma": 0.2}
    few = replace(recipe(settings), step=0.1, rounds={"itlm-1": 1, "itlm-2": 3})
    outcome = convergence.run(settings, few, 0, HERE)
    draws = [draw("random", n=200, d=5, clean=0.8, sigma=0.2, seed=(0, r)) for r in range(2)]
    for method, rounds, step in (("itlm-1", 1, None), ("itlm-2", 3, 0.1)):
        expected = [plain_itlm(d, 150, rounds, step=step) for d in draws]
        np.testing.assert_allclose(outcome.curves[f"errors {method}"][:, 0], expected, rtol=1e-6)
    rows = {row["method"]: row["round"] for row in outcome.metrics["rounds"]}
    assert rows == {"naive": 0, "oracle": 0, "itlm-1": 1, "itlm-2": 3}


@pytest.mark.parametrize("name", ["fig2", "fig5", "fig6", "fig7"])
@pytest.mark.parametrize("change", [{"step": 0.4}, {"rounds": {"itlm-1": 40, "itlm-2": 201}}], ids=str)
def test_another_step_or_number_of_rounds_is_another_cell(name, change):
    experiment = get_experiment(name)
    changed = replace(experiment, recipe=lambda settings: replace(experiment.recipe(settings), **change))
    settings = experiment.cells("full")[0]
    assert Cell(changed, settings).key != Cell(experiment, settings).key


def test_bands_hold_the_mean_95_times_in_100():
    rng = np.random.default_rng(0)
    rows = [convergence._rows("oracle", rng.normal(5, 2, (8, 1)), {"sigma": 1}, recipe({}))[0] for _ in range(2000)]
    assert np.mean([row["low"] <= 5 <= row["high"] for row in rows]) == pytest.approx(0.95, abs=0.015)


def test_runs_of_different_noise_share_their_draws():
    common = {**get_experiment("fig5").cells("quick")[0], "runs": 2}
    low, high = (run({**common, "sigma": s}).curves["errors oracle"] for s in (0.1, 1.0))
    np.testing.assert_allclose(high, 10 * low, rtol=1e-4)  # of clean samples the noise alone is left


def test_a_kinked_path_is_followed_round_by_round():
    settings = {**get_experiment("fig7").cells("quick")[0], "n": 150, "d": 4, "runs": 2, "rounds": 6, "sigma": 0.1}
    outcome = run(settings)
    assert outcome.curves["errors itlm-2"].shape == (2, 7)
    rounds = [row["round"] for row in outcome.metrics["rounds"] if row["method"] == "itlm-2"]
    assert rounds == list(range(7))
    truth = draw("random", n=150, d=4, clean=0.8, sigma=0.1, seed=(0, 0), link=KINKED)
    assert outcome.curves["errors naive"][0] == pytest.approx(outcome.curves["errors itlm-2"][0, 0])
    x, y = truth.x[truth.is_clean], truth.y[truth.is_clean]
    theta = np.zeros(4)
    for _ in range(3000):
        u = x @ theta
        theta -= 0.2 * x.T @ ((KINKED.value(u) - y) * KINKED.slope(u)) / len(y)
    assert outcome.curves["errors oracle"][0, 0] == pytest.approx(np.linalg.norm(theta - truth.theta), rel=1e-3)


def over_oracle(frame, panel, axis):
    errors = final_errors(frame[frame["panel"] == panel], axis)
    return errors["itlm-1"] / errors["oracle"]


def test_sentences_about_sample_size(figure5):
    small, large = over_oracle(figure5, "a", "n"), over_oracle(figure5, "b", "n")
    assert small.max() < 1.6 and large.iloc[-1] > 1.7
    assert large.iloc[-1] > large.iloc[0]  # more samples help it less than the oracle
    assert error_floor(figure5) > 0.03 > error_floor(figure5, method="oracle") == 0


def test_sentences_about_shares(figure5):
    ratios = over_oracle(figure5, "c", "clean")
    assert ratios.iloc[-1] < 1.5 < ratios.iloc[0]
    assert misspecification(figure5, clean=0.9) < 1.6


def test_sentences_about_rounds(figure5):
    large, small = orders(figure5, panel="e"), orders(figure5, panel="f")
    assert large.loc[0.001] > 1.1
    assert ((small > 0.75) & (small < 1.05)).all()
    assert rounds_to_floor(figure5, panel="e").max() <= 4 < rounds_to_floor(figure5, panel="f").min()
    assert gap_between_updates(figure5) < 0.1


def test_the_mixture_behaves_alike():
    frame = measured("fig6", panel="abe", n=(300, 1000, 3000, 10_000))
    assert over_oracle(frame, "a", "n").max() < 1.6 and over_oracle(frame, "b", "n").iloc[-1] > 1.7
    assert orders(frame, panel="e").loc[0.001] > 1.1


def test_kinked_links_converge_like_straight_ones():
    frame = measured("fig7")
    assert (orders(frame, panel="a") > 0.75).all() and (orders(frame, panel="b") > 0.75).all()
    last = frame[frame["method"] == "itlm-2"].groupby(["panel", "sigma"])["error"].last()
    oracle = frame[frame["method"] == "oracle"].groupby(["panel", "sigma"])["error"].last()
    assert (last < 1.8 * oracle).all()


def test_with_two_features_the_bias_shows():
    experiment = get_experiment("drift")
    settings = {**experiment.cells("quick")[2], "sigma": 0.4}
    assert (settings["n"], settings["d"], settings["kind"]) == (100_000, 2, "random")
    assert {(c["d"], c["panel"]) for c in experiment.cells("full")} == {(2, "a")}
    assert max(c["n"] for c in experiment.cells("full")) == 1_000_000
    frame = results_frame([compute_cell(Cell(experiment, settings), HERE)])
    ratios = convergence.over_oracle(frame).set_index("method")["ratio"]
    assert ratios["itlm-1"] == pytest.approx(ratios["itlm-2"], rel=0.01) and ratios["itlm-1"] > 3


def test_ratios_to_the_oracle_measured_and_foretold():
    rows = [
        ("random", n, m, e) for n, i, o in ((10, 0.6, 0.3), (40, 0.5, 0.1)) for m, e in (("itlm-1", i), ("oracle", o))
    ]
    found = convergence.over_oracle(pd.DataFrame(rows, columns=["kind", "n", "method", "error"]))
    assert found.to_dict("list") == {
        "kind": ["random"] * 2, "n": [10, 40], "method": ["itlm-1"] * 2, "ratio": [2.0, 5.0],
    }  # fmt: skip
    foretold = convergence.expected_ratio("mixture", np.array([20_000, 1_000_000]), d=2)
    assert foretold == pytest.approx([1.33, 2.31], abs=0.01)


def test_a_run_recovers_where_it_ends_within_the_noise_level():
    rows = convergence._rows("oracle", np.array([[0.1], [0.3], [0.2]]), {"sigma": 0.2}, recipe({}))
    assert rows[0]["recovered"] == pytest.approx(2 / 3)


def made_up(rows):
    return pd.DataFrame([{"panel": p, "n": n, "method": m, "error": e} for p, n, m, e in rows])


def test_quantities_of_a_hand_worked_frame():
    ns = np.array([100, 200, 400, 800])
    rows = [("b", n, "itlm-1", np.sqrt(0.09 + 4 / n)) for n in ns] + [("b", n, "oracle", 2 / np.sqrt(n)) for n in ns]
    frame = made_up(rows)
    assert error_floor(frame) == pytest.approx(0.3)
    assert error_floor(frame, method="oracle") == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("ask", [
    lambda f: error_floor(f, panel="a"), lambda f: orders(f.assign(follow="itlm-1"), panel="e"),
    lambda f: misspecification(f.assign(clean=0.8, alpha=0.75), clean=0.8),
    lambda f: rounds_to_floor(f.assign(follow="itlm-1"), panel="e"),
])  # fmt: skip
def test_missing_panels_are_named(ask):
    with pytest.raises(InputError, match="none of panel"):
        ask(made_up([("b", 100, "itlm-1", 0.5)]))


def test_the_same_seed_gives_the_same_errors():
    settings = {**get_experiment("fig6").cells("quick")[0], "runs": 2}
    first, again, other = (run(settings, seed).curves["errors itlm-1"] for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).all()
