import re
from dataclasses import replace

import numpy as np
import pytest
from published import RESULTS, STORE

from itlm_kit import InputError
from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import methods, mnist
from itlm_kit.chapters.labels.methods import METHODS, run_method
from itlm_kit.chapters.labels.table1_claims import OTHER_WEIGHTS
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.machine import Where, single_thread
from itlm_kit.vision import itlm as itlm_module
from itlm_kit.vision.noisy_set import noisy_set

EXPERIMENT = get_experiment("table1-mnist")
DIGITS = {"data": "digits", "share": 1.0, "net": "two-layer-cnn", "protocol": "last", "noise": "systematic"}
SETTINGS = {**DIGITS, "clean": 0.6, "method": "itlm"}


def short_recipe(settings):
    """Few epochs: enough for what is bit-exact, not for what is learnt."""
    whole = EXPERIMENT.recipe(settings)
    return replace(whole, epochs=(2,) * len(whole.epochs))


@pytest.fixture(autouse=True)
def nothing_is_shared_between_tests():
    methods.drawn.cache_clear()


def run_short(seed=0, where=None, **changes):
    """The Outcome of a cell of Table 1 with few epochs."""
    settings = {**SETTINGS, **changes}
    with single_thread():
        return run_method(settings, short_recipe(settings), seed, where or Where())


@pytest.mark.parametrize("protocol, n", [("last", 1400), ("paper", 1400), ("authors", 1400), ("holdout", 1260)])
def test_protocols_choose_who_selects_the_epoch(protocol, n):
    noisy = noisy_set({**SETTINGS, "protocol": protocol}, 0, Where())
    assert len(noisy.samples) == len(noisy.is_clean) == n
    assert noisy.is_clean.mean() == pytest.approx(0.6, abs=0.01)
    if protocol == "last":
        assert noisy.watch.validation is None
    elif protocol in ("paper", "authors"):
        wrong = (noisy.watch.validation != noisy.watch.watched.y).double().mean()
        assert wrong == pytest.approx(0.4, abs=0.01)
    else:
        assert len(noisy.watch.validation) == 140


@pytest.mark.parametrize("unknown", [{"protocol": "best"}, {"noise": "loud"}])
def test_noisy_sets_are_refused_by_the_name_of_what_is_wrong(unknown):
    with pytest.raises(InputError, match=f"{next(iter(unknown))} must be one of"):
        noisy_set({**SETTINGS, **unknown}, 0, Where())


def test_methods_know_the_truth_only_where_they_say_so(blind_label_noise):
    """With the truth replaced by noise, what is kept and learnt is bit-identical; only reports of it change."""
    measured = {method: run_short(method=method).metrics for method in ("itlm", "centroid", "oracle")}
    blind_label_noise()
    for method in ("itlm", "centroid"):
        again = run_short(method=method).metrics
        for before, after in zip(measured[method]["rounds"], again["rounds"], strict=True):
            assert before.pop("clean_share") != after.pop("clean_share")
            assert before == after
    assert run_short(method="oracle").metrics != measured["oracle"]


def test_the_centroid_sees_images_of_one_norm(monkeypatch):
    seen, whole = [], methods.centroid_kept
    monkeypatch.setattr(methods, "centroid_kept", lambda x, *rest, **how: seen.append(x) or whole(x, *rest, **how))
    run_short(method="centroid")
    assert np.linalg.norm(seen[0], axis=1) == pytest.approx(np.ones(len(seen[0])))


def test_how_images_are_scaled_is_part_of_the_cells_of_the_centroid_alone():
    recipes = {method: described(mnist.table1_recipe({**SETTINGS, "method": method})) for method in METHODS}
    assert {method: recipe.get("scale") for method, recipe in recipes.items() if "scale" in recipe} == {
        "centroid": "unit_norm"
    }


def test_methods_keep_what_the_table_says():
    kept = {}
    for method in METHODS:
        rounds = run_short(method=method).metrics["rounds"]
        kept[method] = (len(rounds), rounds[-1]["kept"])
    assert kept["oracle"] == (1, pytest.approx(840, abs=5)) and kept["centroid"] == (1, pytest.approx(770, abs=5))
    assert kept["itlm"] == (6, 770)
    assert kept["delta-alpha-10"] == (6, 700) and kept["delta-alpha-15"] == (6, 630)


def count_trainings(monkeypatch):
    """A list that gets the seed of each training from now on."""
    whole, trainings = itlm_module.train, []
    monkeypatch.setattr(
        itlm_module, "train", lambda *args, **kwargs: trainings.append(kwargs["seed"]) or whole(*args, **kwargs)
    )
    return trainings


def test_theta_0_is_trained_once_for_all_alphas_of_a_seed(monkeypatch):
    alone = run_short(seed=3, method="delta-alpha-10").metrics
    methods.drawn.cache_clear()
    trainings = count_trainings(monkeypatch)
    itlm = run_short(seed=3).metrics["rounds"]
    beside = run_short(seed=3, method="delta-alpha-10").metrics
    assert beside == alone and len(trainings) == 6 + 5 and len(set(trainings)) == 6
    assert beside["rounds"][0]["last_accuracy"] == itlm[0]["last_accuracy"] and beside["rounds"][1] != itlm[1]
    run_short(seed=4)
    assert len(trainings) == 6 + 5 + 6


def test_a_cut_run_goes_on_to_the_same_figures(monkeypatch, tmp_path):
    """Killed in its third training, then gone on with: bit-identical to a run that was never cut."""
    uncut = run_short(seed=2).metrics
    methods.drawn.cache_clear()
    whole, trainings = itlm_module.train, []

    def train_twice(*args, **kwargs):
        trainings.append(kwargs["seed"])
        if len(trainings) == 3:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    monkeypatch.setattr(itlm_module, "train", train_twice)
    where = Where(rounds=tmp_path / "cell.rounds.npz")
    with pytest.raises(KeyboardInterrupt):
        run_short(seed=2, where=where)
    resumed = run_short(seed=2, where=where)
    assert resumed.metrics == uncut and resumed.earlier_seconds > 0
    assert len(trainings) == 3 + 4 and trainings[2:4] == [trainings[2]] * 2
    assert run_short(seed=2, where=where).metrics == uncut and len(trainings) == 7  # all rounds are there
    longer = replace(short_recipe(SETTINGS), epochs=(3, 2))
    assert run_method(SETTINGS, longer, 2, where).earlier_seconds == 0 and len(trainings) == 9  # not of that recipe


def test_another_seed_is_another_result():
    assert run_short(seed=0).metrics != run_short(seed=1).metrics


@pytest.mark.slow
def test_itlm_beats_the_baseline_on_systematic_errors_and_not_the_oracle():
    cells = {method: Cell(EXPERIMENT, {**SETTINGS, "method": method}) for method in ("itlm", "oracle")}
    final = {method: compute_cell(cell, Where()).metrics for method, cell in cells.items()}
    first, *_, last = final["itlm"]["rounds"]
    assert first["last_accuracy"] + 10 < last["last_accuracy"] < final["oracle"]["last_accuracy"] + 1
    assert last["clean_share"] >= 90


def test_clean_samples_are_learnt_first():
    cell = Cell(get_experiment("fig1b"), {**DIGITS, "clean": 0.6})
    rows = compute_cell(cell, Where()).metrics["rounds"]
    assert len(rows) == 40
    assert all(row["clean_accuracy"] > row["bad_accuracy"] + 10 and row["auc"] > 0.65 for row in rows)


def test_a_network_that_memorises_ends_with_the_wrong_labels_and_without_the_gap():
    cell = Cell(get_experiment("fig1a"), {**DIGITS, "noise": "random", "clean": 0.6, "recipe": "memorising"})
    rows = compute_cell(cell, Where()).metrics["rounds"]
    assert rows[-1]["bad_accuracy"] > 95 > 20 > rows[0]["bad_accuracy"]
    assert rows[5]["clean_accuracy"] > rows[5]["bad_accuracy"] + 60 and rows[5]["auc"] > rows[-1]["auc"] + 0.1


def test_no_recipe_makes_the_paper_s_large_network_memorise():
    with pytest.raises(InputError, match="recipe of cifar10 must be one of paper, fast; got 'memorising'"):
        choose_cells(get_experiment("fig1b"), "full", only=["data=cifar10"], changes=["recipe=memorising"])


@pytest.mark.parametrize("name", ["fig1a", "fig1b"])
def test_stored_cells_of_figure_1_are_found_by_what_they_are_computed_from_now(name):
    found = STORE.results(name)
    assert found and [r.key for r in found] == [Cell(get_experiment(name), r.settings, r.seed).key for r in found]


def test_cells_are_the_settings_of_the_table():
    cells = EXPERIMENT.cells("full")
    assert len(cells) == (3 * 8 + 2 + 1) * 5 and len({tuple(sorted(c.items())) for c in cells}) == len(cells)
    only = ["noise=systematic", "clean=0.6", "method=itlm", "method=oracle", "protocol=paper"]
    assert [c["method"] for c in choose_cells(EXPERIMENT, "full", only=only)] == ["itlm", "oracle"]
    assert {c["data"] for c in EXPERIMENT.cells("quick")} == {"digits"}


def test_a_cell_that_is_not_listed_can_be_asked_for():
    only, changes = ["method=itlm"], ["noise=instance", "clean=0.65"]
    (settings,) = choose_cells(EXPERIMENT, "quick", only=only, changes=changes)
    assert settings == {**DIGITS, "noise": "instance", "clean": 0.65, "method": "itlm"}
    assert not any(settings in EXPERIMENT.cells(profile) for profile in ("quick", "full"))
    result = compute_cell(Cell(replace(EXPERIMENT, recipe=short_recipe), settings), Where())
    assert result.settings == settings and result.recipe["alpha"] == pytest.approx(0.6)
    assert [row["kept"] for row in result.metrics["rounds"]] == [840] * 6
    assert result.metrics["achieved_noise_rate"] == pytest.approx(0.35, abs=0.005)


@pytest.mark.parametrize("change", ["noise=loud", "clean=0", "clean=1.1", "method=best", "net=wide", "epochs=3"])
def test_a_cell_that_cannot_be_is_refused(change):
    with pytest.raises(InputError, match=change.split("=")[0]):
        choose_cells(EXPERIMENT, "quick", changes=[change])


@pytest.mark.data
def test_five_percent_of_mnist(real_data):
    settings = {**SETTINGS, "data": "mnist", "share": 0.05, "net": "two-layer-cnn-tanh", "protocol": "paper"}
    noisy = noisy_set(settings, 0, Where(data_root=str(real_data("mnist"))))
    assert len(noisy.samples) == 3000 and len(noisy.watch.watched) == 2000 and len(noisy.watch.test) == 10_000


def test_the_recipe_is_the_published_one():
    settings = {**SETTINGS, "data": "mnist", "share": 0.05, "net": "two-layer-cnn-tanh", "protocol": "paper"}
    for recipe, epochs in ((mnist.recorded_recipe(settings), 80), (mnist.table1_recipe(settings), (80,) * 6)):
        how = recipe.training
        assert (how.batch_size, how.step_size, how.drop_by, recipe.epochs) == (1000, 0.3, 5, epochs)
        assert how.drop_at * 80 == 50 and how.build.keywords == {"tanh_logits": True}


@pytest.mark.parametrize("images, size, fewest", [(3000, 1000, 250), (1200, 400, 100), (1000, 334, 84)])
def test_fewer_images_take_as_many_steps_of_smaller_batches(images, size, fewest):
    how = mnist.cut_recipe({"data": "mnist", "share": images / 60_000, "net": "two-layer-cnn-tanh"}).training
    assert (how.batch_size, how.fewest, -(-images // size)) == (size, fewest, 3)


@pytest.mark.parametrize("more", [{}, {"recipe": "memorising"}])
def test_the_digits_and_the_paper_s_share_are_not_cut(more):
    for settings in (DIGITS | more, {"data": "mnist", "share": 0.05, "net": "two-layer-cnn", **more}):
        assert mnist.cut_recipe(settings) == mnist.recorded_recipe(settings)


def test_protocol_authors_trains_as_their_code_does():
    paper, authors = (
        choose_cells(EXPERIMENT, "full", only=["method=itlm", "noise=systematic", "clean=0.6", *only])
        for only in (["protocol=paper"], ["protocol=authors"])
    )
    published, in_steps, *theirs = (mnist.table1_recipe(settings) for settings in (*paper, *authors))
    assert [how.training.step_size for how in theirs] == [0.3, 0.5] and theirs[0].training.drop_at * 80 == 48
    assert described(theirs[0].training.initialise) == {"kind": "draw_normal", "sigma": 0.02}
    same = {"initialise": published.training.initialise, "drop_at": published.training.drop_at}
    assert replace(theirs[0], training=replace(theirs[0].training, **same)) == published
    assert replace(in_steps, epochs=theirs[0].epochs) == theirs[0]


@pytest.mark.parametrize("noise, clean, method, expected", [  # 3,000 images are three batches of 1,000
    ("systematic", 0.6, "itlm", (80, *[120] * 5)),  # 1,650 kept: two batches
    ("random", 0.3, "itlm", (80, *[240] * 5)),  # 750: one
    ("systematic", 0.8, "itlm", (80,) * 6),  # 2,250: three, as before
    ("systematic", 0.8, "delta-alpha-15", (80, *[120] * 5)),  # 1,950
    ("systematic", 0.7, "oracle", (80,)), ("systematic", 0.6, "oracle", (120,)), ("random", 0.5, "centroid", (120,)),
])  # fmt: skip
def test_trainings_as_long_in_steps(noise, clean, method, expected):
    only = ["length=steps", f"noise={noise}", f"clean={clean}", f"method={method}"]
    (settings,) = choose_cells(EXPERIMENT, "full", only=only)
    assert mnist.table1_recipe(settings).epochs == expected


def test_their_step_size_is_asked_for():
    only, changes = ["method=itlm", "noise=systematic", "clean=0.6"], ["protocol=authors"]
    with pytest.raises(InputError, match="step_size must be set beside"):
        choose_cells(EXPERIMENT, "quick", only=only, changes=changes)


@pytest.mark.parametrize("method, trainings, below", [
    ("itlm", 6, 0.05), ("centroid", 1, 0.05), ("delta-alpha-10", 6, 0.1), ("delta-alpha-15", 6, 0.15),
    ("oracle", 1, None)])  # fmt: skip
def test_every_training_of_a_method_is_as_long_as_the_others(method, trainings, below):
    recipe = EXPERIMENT.recipe({**SETTINGS, "method": method})
    assert recipe.epochs == (40,) * trainings
    assert recipe.alpha == (below if below is None else pytest.approx(0.6 - below))


def test_cells_of_other_epochs_are_not_those_that_are_stored():
    """Epochs are part of what a result is known by: with half of them there is no such cell."""

    def halved(settings):
        whole = EXPERIMENT.recipe(settings)
        assert set(whole.epochs) == {80}
        return replace(whole, epochs=(40,) * len(whole.epochs))

    store, only = STORE, ["protocol=paper", "noise=systematic", "clean=0.6", "method=itlm"]
    (settings,) = choose_cells(EXPERIMENT, "full", only=only)
    cell, other = Cell(EXPERIMENT, settings), Cell(replace(EXPERIMENT, recipe=halved), settings)
    assert other.key != cell.key and store.path(other) != store.path(cell)
    assert store.load(cell).recipe["epochs"] == [80] * 6 and store.load(other) is None


def test_a_stored_cell_is_what_is_computed_now():
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    only = ["noise=systematic", "clean=0.6", "method=oracle"]
    (cell,) = (Cell(EXPERIMENT, settings) for settings in choose_cells(EXPERIMENT, "quick", only=only))
    stored, now = STORE.load(cell), compute_cell(cell, Where()).metrics
    assert now["achieved_noise_rate"] == stored.metrics["achieved_noise_rate"]
    assert now["rounds"][0]["kept"] == stored.metrics["rounds"][0]["kept"]
    assert now["last_accuracy"] == pytest.approx(stored.metrics["last_accuracy"], abs=2)  # processors round apart


def test_what_the_ledger_says_of_other_weights_was_measured():
    frame = results_frame(r for r in STORE.results("table1-mnist") if r.settings["data"] == "mnist")
    frame = frame[(frame["noise"] == "systematic") & (frame["clean"] == 0.6) & (frame["protocol"] == "paper")]
    median = frame.groupby(["method", "round"])["selected_accuracy"].median()["itlm"]
    assert re.findall(r"\d+\.\d", OTHER_WEIGHTS) == [f"{median[5]:.1f}", f"{median[0]:.1f}"]


def test_what_the_readme_says_of_mnist_was_measured():
    text = (RESULTS.parents[1] / "README.md").read_text()
    said = re.search(
        r"climbs from (\d+) % .*? to (\d+) % after (\w+) rounds.*?stands at (\d+) %.*? are (\d+) % clean",
        text,
        re.DOTALL,
    )
    naive, reached, rounds, top, clean = said.groups()
    assert rounds == "four"
    frame = results_frame(r for r in STORE.results("table1-mnist") if r.settings["data"] == "mnist")
    frame = frame[(frame["noise"] == "systematic") & (frame["clean"] == 0.6) & (frame["protocol"] == "paper")]
    median = frame.groupby(["method", "round"])[["selected_accuracy", "clean_share"]].median().round()
    assert median.loc[("itlm", 0), "selected_accuracy"] == float(naive)
    assert median.loc[("itlm", 4), "selected_accuracy"] == float(reached)
    assert median.loc[("oracle", 0), "selected_accuracy"] == float(top)
    assert median.loc[("itlm", 5), "clean_share"] == float(clean)


def test_a_setting_that_another_one_asks_for_is_named():
    figure1 = get_experiment("fig1a")
    with pytest.raises(InputError, match=r"net must be set beside .*'data': 'mnist'.*Add --set net="):
        choose_cells(figure1, "full", changes=["data=mnist"])
    both = choose_cells(figure1, "full", changes=["data=mnist", "net=two-layer-cnn"])
    assert {cell["net"] for cell in both} == {"two-layer-cnn"}
