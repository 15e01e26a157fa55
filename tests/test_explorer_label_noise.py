"""The label-noise explorer beyond what every explorer must do: means over seeds, what is missing, live training."""

import numpy as np
import pandas as pd
import pytest
from explored import content, drawn, noise_frame
from published import STORE

from itlm_kit import explorers
from itlm_kit.chapters import get_experiment
from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell, select
from itlm_kit.explorers.label_noise import train_on_digits


def test_noise_shows_means_over_seeds_between_baseline_and_oracle():
    figure = explorers.NoiseExplorer(noise_frame()).figure_at(noise="systematic", clean=0.6)
    assert drawn(figure, "last accuracy (%)")[1].tolist() == [70.5, 72.5, 74.5, 76.5]
    assert drawn(figure, "baseline")[1].tolist() == [70.5, 70.5]
    assert drawn(figure, "oracle")[1].tolist() == [90, 90]
    assert drawn(figure, "clean samples (%)", panel=2)[1].tolist() == [60, 65, 70, 75]


def test_noise_says_what_is_missing_and_what_is_there():
    explorer = explorers.NoiseExplorer(noise_frame(), noise="random")
    explorer.controls["clean"].value = 0.6
    words = "Not computed: random noise, 60 % clean. Clean shares at hand: 30 %, 50 %."
    assert words in explorer.words.value and not len(drawn(explorer.figure, "last accuracy (%)")[1])
    assert any(words.replace(". ", ".<br>") == note.text for note in explorer.figure.layout.annotations)


def test_noise_without_a_baseline_takes_the_first_round_for_it():
    frame = noise_frame(seeds=1).query("method == 'itlm'").drop(columns=["method", "seed"])
    figure = explorers.NoiseExplorer(frame).figure_at()
    assert drawn(figure, "baseline")[1].tolist() == [70, 70]
    assert np.isnan(drawn(figure, "oracle")[1]).all()


def test_noise_says_which_accuracy_is_missing():
    frame = noise_frame().assign(best_accuracy=np.nan, selected_accuracy=np.nan)
    frame.loc[frame["noise"] == "random", "best_accuracy"] = 91.0
    explorer = explorers.NoiseExplorer(frame, noise="systematic", accuracy="best_accuracy")
    assert explorer.controls["accuracy"].options == ("last_accuracy", "best_accuracy")
    assert "Not computed: systematic noise" in explorer.words.value and "at hand: none" in explorer.words.value
    assert explorer.sweep() and explorer._repr_mimebundle_()


def test_noise_offers_the_shares_kept_that_were_run():
    frame = pd.concat([noise_frame().assign(alpha=lambda f: f["clean"] - by) for by in (0.0, 0.05)])  # noqa: B023
    frame.loc[np.isclose(frame["alpha"], frame["clean"]), "last_accuracy"] += 7
    explorer = explorers.NoiseExplorer(frame)
    assert explorer.controls["below"].options == (0.0, 0.05)
    figures = [drawn(explorer.figure_at(below=by), "last accuracy (%)")[1][-1] for by in (0.0, 0.05)]
    assert figures == [83.5, 76.5]
    assert "30 % clean, share kept 0.25" in explorer.scene(**{**explorer.values, "below": 0.05}).words


def test_noise_takes_the_shares_kept_of_table_1_from_its_methods():
    frame = noise_frame()
    further = frame[frame["method"] == "itlm"].assign(method="delta-alpha-15", last_accuracy=50.0)
    explorer = explorers.NoiseExplorer(pd.concat([frame, further]))
    assert explorer.controls["method"].options == ("itlm",) and explorer.controls["below"].options == (0.05, 0.15)
    assert drawn(explorer.figure_at(below=0.15), "last accuracy (%)")[1].tolist() == [50.0] * 4
    assert drawn(explorer.figure_at(below=0.15), "baseline")[1].tolist() == [70.5, 70.5]


def live_rounds():
    """Made-up rounds of a live training."""
    return pd.DataFrame([{"round": t, "last_accuracy": 50.0 + t, "clean_share": 90.0} for t in range(3)])


def test_noise_trains_live_what_is_not_at_hand(monkeypatch):
    calls = []

    def train(noise, clean, alpha):
        calls.append((noise, clean, round(alpha, 6)))
        return live_rounds()

    monkeypatch.setattr("itlm_kit.explorers.label_noise.train_on_digits", train)
    explorer = explorers.NoiseExplorer(noise_frame(), live=True, clean=0.75, below=0.1)
    assert "Not computed: random noise, 75 % clean, share kept 0.65." in explorer.words.value and calls == []
    assert "Press" in explorer.words.value
    said = []
    explorer.words.observe(lambda change: said.append(change["new"]), "value")
    explorer.controls["train"].value = True
    assert "Training 4 networks" in said[0] and "stands at 52.0 %" in said[1]
    assert calls == [("random", 0.75, 0.65)]
    assert drawn(explorer.figure, "last accuracy (%)")[1].tolist() == [50, 51, 52]
    assert explorer.figure.layout.annotations[2].text == "trained here on 1,400 digits, seed 0"
    explorer.controls["clean"].value = 0.3  # at hand, where alpha is 5 points below
    explorer.controls["below"].value = 0.05
    assert calls == [("random", 0.75, 0.65), ("random", 0.3, 0.2)]
    assert explorer.figure.layout.annotations[2].text == "made up"


@pytest.fixture
def trained(monkeypatch):
    """A list of what is trained on; nothing is."""
    seen = []
    monkeypatch.setattr(
        "itlm_kit.explorers.label_noise.train_on_digits", lambda *what: seen.append(what) or live_rounds()
    )
    return seen


def test_to_ask_for_a_figure_trains_nothing(trained):
    explorer = explorers.NoiseExplorer(noise_frame(), live=True)
    before = content(explorer.figure_at(clean=0.75))
    assert content(explorer.figure_at(clean=0.75, train=True)) == before == content(explorer.figure_at(clean=0.75))
    assert trained == []


def test_noise_may_start_with_a_training(trained):
    explorer = explorers.NoiseExplorer(noise_frame(), live=True, clean=0.75, train=True)
    assert len(trained) == 1 and "stands at 52.0 %" in explorer.words.value


def test_a_live_training_that_fails_is_told(monkeypatch):
    def fail(*what):
        raise MemoryError("no memory")

    monkeypatch.setattr("itlm_kit.explorers.label_noise.train_on_digits", fail)
    explorer = explorers.NoiseExplorer(noise_frame(), live=True, clean=0.75)
    with pytest.raises(MemoryError):
        explorer.controls["train"].value = True
    assert 'role="alert"' in explorer.words.value and "MemoryError: no memory" in explorer.words.value


@pytest.mark.slow
def test_what_is_trained_live_is_what_the_experiment_stores():
    found = train_on_digits("systematic", 0.6, 0.55, rounds=1)
    table1 = get_experiment("table1-mnist")
    (settings,) = select(table1.cells("quick"), ["method=itlm", "noise=systematic", "clean=0.6"])
    stored = pd.DataFrame(STORE.load(Cell(table1, settings)).metrics["rounds"])
    names = ["round", "last_accuracy", "selected_accuracy", "best_accuracy", "selected_epoch", "clean_share"]
    assert len(found) == 2 and set(names) <= set(found) & set(stored)
    assert found[names].to_numpy() == pytest.approx(stored[names][:2].to_numpy(), abs=0.51)  # a few of 397 test images


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda f: f.drop(columns="clean_share"), "frame must have the columns noise, clean, round, clean_share and"),
        (lambda f: f.rename(columns={"last_accuracy": "accuracy"}), "one of last_accuracy, selected_accuracy and"),
        (lambda f: f.assign(net=["a", "b"] * (len(f) // 2)), "frame must hold one net; got a, b. Choose: frame"),
        (lambda f: f[f["round"] == 0], "frame must hold a run of several rounds; got none"),
        (lambda f: f.assign(method="baseline"), "frame must hold a run of several rounds; got none"),
        (lambda f: f[:0], "frame must hold a run of several rounds; got none"),
        (lambda f: f.assign(last_accuracy=np.nan), "frame must hold a run of several rounds; got none"),
    ],
)
def test_noise_refuses_a_frame_that_it_would_show_wrongly(change, message):
    with pytest.raises(InputError, match=message.replace("last_accuracy, selected_accuracy and", "last_accuracy")):
        explorers.NoiseExplorer(change(noise_frame()))
