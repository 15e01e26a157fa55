import re
from pathlib import Path

import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels.mnist import noisy_data, run_figure1, run_table1
from itlm_kit.experiments.experiment import select
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where
from itlm_kit.vision import itlm as itlm_module

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"
DIGITS = {"data": "digits", "share": 1.0, "net": "two-layer-cnn", "protocol": "last", "noise": "systematic"}
SETTINGS = {**DIGITS, "clean": 0.6, "method": "itlm"}


@pytest.fixture
def short(monkeypatch):
    """Few epochs: enough for what is bit-exact, not for what is learnt."""
    whole = label_noise.recipe
    monkeypatch.setattr(label_noise, "recipe", lambda settings: (whole(settings)[0], 2))


@pytest.mark.parametrize("protocol, n", [("last", 1400), ("paper", 1400), ("holdout", 1260)])
def test_protocols_choose_who_selects_the_epoch(protocol, n):
    noisy = noisy_data({**SETTINGS, "protocol": protocol}, 0, Where())
    assert len(noisy.samples) == len(noisy.is_clean) == n
    assert noisy.is_clean.mean() == pytest.approx(0.6, abs=0.01)
    if protocol == "last":
        assert noisy.watch.validation is None
    elif protocol == "paper":
        wrong = (noisy.watch.validation != noisy.watch.watched.y).double().mean()
        assert wrong == pytest.approx(0.4, abs=0.01)
    else:
        assert len(noisy.watch.validation) == 140


def test_methods_know_the_truth_only_where_they_say_so(short, blind_label_noise):
    """With the truth replaced by noise, what is kept and learnt is bit-identical; only reports of it change."""
    measured = {m: run_table1({**SETTINGS, "method": m}, 0, Where()).metrics for m in ("itlm", "centroid", "oracle")}
    blind_label_noise()
    for method in ("itlm", "centroid"):
        again = run_table1({**SETTINGS, "method": method}, 0, Where()).metrics
        for before, after in zip(measured[method]["rounds"], again["rounds"], strict=True):
            assert before.pop("clean_share") != after.pop("clean_share")
            assert before == after
    assert run_table1({**SETTINGS, "method": "oracle"}, 0, Where()).metrics != measured["oracle"]


def test_methods_keep_what_the_table_says(short):
    kept = {}
    for method in label_noise.METHODS:
        rounds = run_table1({**SETTINGS, "method": method}, 0, Where()).metrics["rounds"]
        kept[method] = (len(rounds), rounds[-1]["kept"])
    assert kept["baseline"] == (1, 1400) and kept["oracle"][1] == pytest.approx(840, abs=5)
    assert kept["itlm"] == (6, 770) and kept["1-step"] == (2, 770) and kept["centroid"][1] == pytest.approx(770, abs=5)
    assert kept["delta-alpha-10"] == (6, 700) and kept["delta-alpha-15"] == (6, 630)


def test_baseline_is_round_0_of_itlm_and_1_step_its_round_1(short):
    itlm, baseline, one = (
        run_table1({**SETTINGS, "method": m}, 3, Where()).metrics["rounds"] for m in ("itlm", "baseline", "1-step")
    )
    assert itlm[0]["last_accuracy"] == baseline[0]["last_accuracy"]
    assert itlm[:2] == one


def test_a_cut_run_goes_on_to_the_same_figures(short, monkeypatch, tmp_path):
    """Killed in its third training, then gone on with: bit-identical to a run that was never cut."""
    uncut = run_table1(SETTINGS, 2, Where()).metrics
    whole, trainings = itlm_module.train, []

    def train_twice(*args, **kwargs):
        trainings.append(kwargs["seed"])
        if len(trainings) == 3:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    monkeypatch.setattr(itlm_module, "train", train_twice)
    where = Where(rounds=tmp_path / "cell.rounds.npz")
    with pytest.raises(KeyboardInterrupt):
        run_table1(SETTINGS, 2, where)
    resumed = run_table1(SETTINGS, 2, where)
    assert resumed.metrics == uncut and resumed.earlier_seconds > 0
    assert len(trainings) == 3 + 4 and trainings[2:4] == [trainings[2]] * 2
    assert run_table1(SETTINGS, 2, where).metrics == uncut and len(trainings) == 7  # all rounds are there


def test_another_seed_is_another_result(short):
    assert run_table1(SETTINGS, 0, Where()).metrics != run_table1(SETTINGS, 1, Where()).metrics


@pytest.mark.slow
def test_itlm_beats_the_baseline_on_systematic_errors_and_not_the_oracle():
    final = {m: run_table1({**SETTINGS, "method": m}, 0, Where()).metrics for m in ("baseline", "itlm", "oracle")}
    accuracy = {m: metrics["last_accuracy"] for m, metrics in final.items()}
    assert accuracy["baseline"] + 10 < accuracy["itlm"] < accuracy["oracle"] + 1
    assert final["itlm"]["rounds"][-1]["clean_share"] >= 90


def test_clean_samples_are_learnt_first():
    rows = run_figure1({k: v for k, v in SETTINGS.items() if k != "method"}, 0, Where()).metrics["rounds"]
    assert len(rows) == 40
    assert all(row["clean_accuracy"] > row["bad_accuracy"] + 10 and row["auc"] > 0.65 for row in rows)


def test_cells_are_the_settings_of_the_table():
    experiment = get_experiment("table1-mnist")
    cells = experiment.cells("full")
    assert len(cells) == 2 * 8 * 7 and len({tuple(sorted(c.items())) for c in cells}) == len(cells)
    chosen = select(cells, ["noise=systematic", "clean=0.6", "method=itlm", "method=baseline", "protocol=paper"])
    assert [c["method"] for c in chosen] == ["baseline", "itlm"]
    assert {c["data"] for c in experiment.cells("quick")} == {"digits"}


@pytest.mark.data
def test_five_percent_of_mnist(real_data):
    settings = {**SETTINGS, "data": "mnist", "share": 0.05, "net": "two-layer-cnn-tanh", "protocol": "paper"}
    noisy = noisy_data(settings, 0, Where(data_root=str(real_data("mnist"))))
    assert len(noisy.samples) == 3000 and len(noisy.watch.watched) == 2000 and len(noisy.watch.test) == 10_000
    recipe, epochs = label_noise.recipe(settings)
    assert (recipe.batch_size, recipe.step_size, recipe.drop_by, epochs) == (1000, 0.3, 5, 80)


def test_a_stored_cell_is_what_is_computed_now():
    """Its version must be raised when the outcome of a cell changes."""
    experiment = get_experiment("table1-mnist")
    (settings,) = select(experiment.cells("quick"), ["noise=systematic", "clean=0.6", "method=baseline"])
    stored = ResultStore(RESULTS).load(experiment.name, experiment.version, settings, 0)
    now = run_table1(settings, 0, Where()).metrics
    assert now["achieved_noise_rate"] == stored.metrics["achieved_noise_rate"]
    assert now["rounds"][0]["kept"] == stored.metrics["rounds"][0]["kept"]
    assert now["last_accuracy"] == pytest.approx(stored.metrics["last_accuracy"], abs=2)  # processors round apart


def test_what_the_readme_says_of_mnist_was_measured():
    text = (RESULTS.parents[1] / "README.md").read_text()
    said = re.search(
        r"climbs from (\d+) % .*? to (\d+) % after (\w+) rounds.*?stands at (\d+) %.*? are (\d+) % clean",
        text,
        re.DOTALL,
    )
    naive, reached, rounds, top, clean = said.groups()
    assert rounds == "four"
    frame = results_frame(r for r in ResultStore(RESULTS).results("table1-mnist") if r.settings["data"] == "mnist")
    frame = frame[(frame["noise"] == "systematic") & (frame["clean"] == 0.6) & (frame["protocol"] == "paper")]
    median = frame.groupby(["method", "round"])[["selected_accuracy", "clean_share"]].median().round()
    assert median.loc[("itlm", 0), "selected_accuracy"] == float(naive)
    assert median.loc[("itlm", 4), "selected_accuracy"] == float(reached)
    assert median.loc[("oracle", 0), "selected_accuracy"] == float(top)
    assert median.loc[("itlm", 5), "clean_share"] == float(clean)
