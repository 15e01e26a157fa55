from pathlib import Path

import numpy as np
import pytest

from itlm_kit.experiments.conditions import conditions, just_done, schedule_in_words
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.store import ResultStore
from itlm_kit.notebook import conditions as printed

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"
CNN = {"kind": "Recipe", "build": {"kind": "two_layer_cnn", "tanh_logits": True}, "step_size": 0.3}


def result(seed=0, data="MNIST, seed 0", settings=(), **recipe):
    about = {"metrics": {}, "data": data, "device": "cpu", "seconds": 1.0, "versions": {}}
    return Result("any", 1, dict(settings), recipe, seed, **about)


@pytest.mark.parametrize(
    "epochs, words",
    [
        ([40], "40 epochs"),
        ([20, 20], "1 round: 2 x 20 epochs"),
        ([40] * 6, "5 rounds: 6 x 40 epochs"),
        ([80, 20, 20, 133], "3 rounds: 80 + 2 x 20 + 133 epochs"),
    ],
)
def test_a_schedule_counts_rounds_after_theta_0(epochs, words):
    assert schedule_in_words(epochs) == words


def test_one_line_has_all_that_shaped_a_figure():
    one = result(settings={"protocol": "paper"}, epochs=[80] * 6, alpha=0.6 - 0.05, training=CNN)
    assert conditions([one]) == (
        "5 rounds: 6 x 80 epochs · α = 0.55 · two layer cnn, tanh logits · step size 0.3 · "
        "epoch selected on noisy test labels · seed 0 · MNIST · cpu"
    )


def test_what_differs_is_named_and_too_much_by_its_ends():
    cells = [result(epochs=[e], alpha=a) for e, a in [(10, 0.5), (20, 0.7), (30, None), (40, 0.6), (40, 0.9)]]
    assert conditions(cells[::-1]) == "10 epochs … 40 epochs · α = 0.5 to 0.9 · seed 0 · MNIST · cpu"
    assert conditions(cells[:3]).startswith("10 epochs or 20 epochs or 30 epochs · α = 0.5, 0.7 · ")


def test_seeds_of_the_cell_that_has_fewest():
    all_three = [result(seed=seed, data=f"MNIST, seed {seed}", settings={"clean": 0.5}) for seed in range(3)]
    assert conditions(all_three) == "seeds 0 to 2 · MNIST · cpu"
    lonely = result(seed=2, data="MNIST, seed 2", settings={"clean": 0.6})
    assert conditions([*all_three, lonely]) == "seeds 0 to 2, at least 1 a cell · MNIST · cpu"
    assert conditions(all_three[::2]) == "seeds 0, 2 · MNIST · cpu"


def test_the_schedule_may_stand_in_the_settings():
    of_epochs = result(settings={"epochs": 20, "updates": 3}, grid=[0.25, 0.5, 0.75, 1.0])
    assert conditions([of_epochs]).startswith("3 rounds: 4 x 20 epochs · α = 0.25 to 1 · ")
    gan = {"kind": "GANRecipe", "steps": 150, "width": 32, "step_size": 2e-4}
    assert conditions([result(training=gan, rounds=5)]).startswith("5 rounds x 150 steps · GAN of width 32 · ")
    ended = {**gan, "steps": 800, "stop": {"kind": "Elbow"}}
    assert conditions([result(training=ended, rounds=1)]).startswith("1 round x at most 800 steps · ")
    drawn = result(settings={"n": 1000, "d": 5, "alpha": 0.7}, rounds={"itlm-1": 40, "itlm-2": 200})
    assert conditions([drawn]).startswith("200 rounds · α = 0.7 · n = 1,000, d = 5 · ")


def test_a_stretched_schedule_is_told_as_it_was_trained():
    one = result(epochs=[8, 4, 8], stretched=True)
    one.metrics["rounds"] = [{"epochs": 8}, {"epochs": 4}, {"epochs": 13}]
    assert conditions([one]).startswith("2 rounds: 8 + 4 + 13 epochs · ")


def test_what_a_notebook_just_did_is_told_from_its_recipe(capsys):
    from itlm_kit.vision.models import two_layer_cnn
    from itlm_kit.vision.training import Recipe

    how = {"training": Recipe(two_layer_cnn, step_size=0.1), "epochs": (8, 8), "alpha": np.float64(0.45)}
    printed(**how, protocol="last", seed=3, data="digits, seed 3")
    line = "1 round: 2 x 8 epochs · α = 0.45 · two layer cnn · step size 0.1 · last epoch · seed 3 · digits"
    assert capsys.readouterr().out.strip() == line
    printed(alpha=0.65, rounds=1)
    assert capsys.readouterr().out.strip() == "1 round · α = 0.65"


def test_nothing_measured_is_said():
    assert conditions([]) == "no results"


@pytest.mark.parametrize("name", ResultStore(RESULTS).experiments())
def test_every_stored_experiment_has_its_line(name):
    line = conditions(ResultStore(RESULTS).results(name))
    assert "seed" in line and "train" in line or "draws" in line
    assert "None" not in line and "_" not in line.replace("x86_64", "")


def test_a_recipe_that_has_a_name_is_named():
    line = conditions([result(settings={"recipe": "fast"}, training={**CNN, "build": "whitened_cnn"})])
    assert line.startswith("whitened cnn by recipe fast · step size 0.3 · ")


def test_a_protocol_that_is_unknown_is_left_out():
    assert conditions([just_done({"alpha": 0.5}, None, "", "", "new")]) == "α = 0.5"
