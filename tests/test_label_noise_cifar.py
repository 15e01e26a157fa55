from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from published import STORE

from itlm_kit import InputError, data
from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import methods
from itlm_kit.chapters.labels.cifar import recipe, run
from itlm_kit.chapters.labels.literature import table2
from itlm_kit.experiments.experiment import Cell, choose_cells
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.running import compute_cell, plan, run_plan
from itlm_kit.experiments.store import ResultStore
from itlm_kit.ledger.beside import beside_printed
from itlm_kit.ledger.printed import TABLE1_CIFAR, printed
from itlm_kit.machine import Where
from itlm_kit.vision import itlm as itlm_module
from itlm_kit.vision.models import wide_resnet
from itlm_kit.vision.noisy_set import noisy_set
from itlm_kit.vision.regimes import REGIMES

EXPERIMENT = get_experiment("table1-cifar")
SETTINGS = {
    "data": "cifar10", "recipe": "paper", "protocol": "paper", "noise": "systematic", "clean": 0.6, "method": "itlm",
}  # fmt: skip
ROWS = [2, 1, 1, 1, 1, 3, 3, 3, 3]  # epochs of the tiny runs


def tiny_cifar(name, part="train", data_root=None):
    """40 images of 12 x 12 in colour, four classes that differ in colour."""
    rng = np.random.default_rng(part == "test")
    y = np.arange(40) % 4
    x = rng.integers(0, 60, (40, 3, 12, 12), dtype=np.uint8)
    x[np.arange(40), y % 3] += np.where(y == 3, 0, 150).astype(np.uint8)[:, None, None]
    return data.ImageSet("tiny", x, y, 4, "40 drawn images")


@pytest.fixture
def tiny(monkeypatch):
    """Table 1 with all as on CIFAR-10, but for the data, the width of the network and the epochs: a fortieth."""
    monkeypatch.setattr(data, "load", tiny_cifar)
    methods.drawn.cache_clear()
    return replace(EXPERIMENT, recipe=tiny_recipe)


def tiny_recipe(settings):
    whole = recipe(settings)
    training = replace(whole.training, build=partial(wide_resnet, depth=10, width=1), batch_size=16)
    return replace(whole, training=training, epochs=tuple(max(1, round(each / 40)) for each in whole.epochs))


def run_tiny(**changes):
    """The Outcome of a cell with the tiny recipe; for tests that use the fixture tiny."""
    settings = {**SETTINGS, **changes}
    return run(settings, tiny_recipe(settings), 0, Where())


def test_the_recipe_is_the_published_one():
    assert recipe(SETTINGS).alpha == pytest.approx(0.55)
    how = recipe(SETTINGS).training
    assert (how.batch_size, how.step_size, how.drop_by, how.drop_at) == (256, 0.1, 5, 0.6)
    assert how.micro_batch is None and how.augment.pad == 4 and how.bfloat16
    assert sum(p.numel() for p in how.build((3, 32, 32), 10).parameters()) == 17_116_634


@pytest.mark.parametrize("how, method, epochs", [
    ("paper", "oracle", (133,)), ("paper", "itlm", (80, 20, 20, 20, 20, 133, 133, 133, 133)),
    ("fast", "oracle", (13,)), ("fast", "itlm", (8, 4, 4, 4, 4, 13, 13, 13, 13)),
])  # fmt: skip
def test_four_rounds_stop_early_and_four_are_full(how, method, epochs):
    assert recipe({**SETTINGS, "recipe": how, "method": method}).epochs == epochs


def test_late_rounds_have_the_first_round_and_the_alpha_of_itlm_and_none_is_stopped_early():
    late = get_experiment("late-rounds")
    for settings in late.cells("quick") + late.cells("full"):
        ours, itlm = late.recipe(settings), EXPERIMENT.recipe({**settings, "method": "itlm"})
        assert ours.epochs == (itlm.epochs[0], *itlm.epochs[-4:]) and min(ours.epochs[1:]) > itlm.epochs[1]
        assert (ours.training, ours.alpha, ours.protocol) == (itlm.training, itlm.alpha, itlm.protocol)
        assert {**settings, "method": "itlm"} in EXPERIMENT.cells("full") + EXPERIMENT.cells("quick")


def test_few_images_are_trained_on_like_all_of_them_and_cost_their_part():
    few = get_experiment("few-images")
    for settings in few.cells("quick") + few.cells("full"):
        whole = {key: value for key, value in settings.items() if key != "share"}
        assert whole in EXPERIMENT.cells("full") + EXPERIMENT.cells("quick")
        assert few.recipe(settings) == EXPERIMENT.recipe(whole)
        assert few.seconds(settings) == pytest.approx(settings["share"] * few.seconds(whole))


@pytest.mark.parametrize("protocol", ["paper", "holdout"])
@pytest.mark.parametrize("method", ["itlm", "oracle", "centroid", "delta-alpha-10"])
def test_every_arm_runs_from_end_to_end(tiny, protocol, method):
    outcome = run_tiny(protocol=protocol, method=method)
    rows = outcome.metrics["rounds"]
    n = 40 if protocol == "paper" else 36
    kept = {"oracle": 24 if n == 40 else 22, "delta-alpha-10": n // 2}.get(method, int(0.55 * n))
    epochs = {"oracle": [3], "centroid": [3]}.get(method, ROWS)
    assert [row["epochs"] for row in rows] == epochs
    assert rows[-1]["kept"] == pytest.approx(kept, abs=4 * (method in ("oracle", "centroid")))
    assert outcome.metrics["achieved_noise_rate"] == pytest.approx(0.4, abs=0.04)


def test_methods_do_not_see_the_truth(tiny, blind_label_noise):
    before = run_tiny().metrics["rounds"]
    blind_label_noise()
    after = run_tiny().metrics["rounds"]
    assert [row.pop("clean_share") for row in before] != [row.pop("clean_share") for row in after]
    assert before == after


def test_scoring_is_without_augmentation_unless_asked_for(tiny, monkeypatch):
    seen = []
    whole = itlm_module.per_sample_losses
    monkeypatch.setattr(itlm_module, "per_sample_losses", lambda *a, **k: seen.append(k) or whole(*a, **k))
    plain = run_tiny().metrics["rounds"]
    assert seen == [{}] * 9
    quirk = run_tiny(scored="augmented").metrics["rounds"]
    assert all(k["augment"].pad == 4 for k in seen[9:]) and len({k["seed"] for k in seen[9:]}) == 1
    assert plain[0]["last_accuracy"] == quirk[0]["last_accuracy"] and plain != quirk


def test_a_cut_cell_goes_on_through_the_command_s_own_way(tiny, monkeypatch, tmp_path):
    """Interrupted in its third training; the rest is computed by another call, to the same figures."""
    store, only = ResultStore(tmp_path), ["noise=systematic", "clean=0.6", "method=itlm", "protocol=paper"]
    whole, trainings = itlm_module.train, []

    def cut(*args, **kwargs):
        trainings.append(kwargs["seed"])
        if len(trainings) == 3:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    monkeypatch.setattr(itlm_module, "train", cut)
    with pytest.raises(KeyboardInterrupt):
        list(run_plan(plan(tiny, store, profile="full", only=only), store, Where()))
    assert len(list(tmp_path.rglob("*.rounds.npz"))) == 1
    (result,) = run_plan(plan(tiny, store, profile="full", only=only), store, Where())
    assert len(trainings) == 3 + 7 and not list(tmp_path.rglob("*.rounds.npz"))
    assert result.metrics == compute_cell(Cell(tiny, result.settings), Where()).metrics


@pytest.mark.parametrize(
    "change, message",
    [
        ({"y": np.arange(40) % 4 + 1}, "labels must lie in 0..3"),
        ({"y": np.arange(40) % 3}, "class 3 has none"),
        ({"y": np.arange(39) % 4}, "one label per sample"),
    ],
)
def test_bad_data_stop_the_command_before_any_training(tiny, monkeypatch, tmp_path, change, message):
    monkeypatch.setattr(data, "load", lambda *a, **k: tiny_cifar(*a, **k)._replace(**change))
    refuse_training(monkeypatch)
    store = ResultStore(tmp_path)
    with pytest.raises(InputError, match=message):
        list(run_plan(plan(tiny, store, profile="full"), store, Where()))


def test_an_alpha_that_keeps_less_than_a_batch_stops_before_any_training(tiny, monkeypatch):
    refuse_training(monkeypatch)
    for clean, message in ((0.4, "at least one batch of 16 samples must be kept; got 14"), (0.05, "alpha must lie in")):
        with pytest.raises(InputError, match=message):
            run_tiny(clean=clean)


def refuse_training(monkeypatch):
    monkeypatch.setattr(itlm_module, "train", lambda *a, **k: pytest.fail("trained before the input was checked"))


@pytest.mark.data
def test_all_of_cifar_10(real_data):
    where = Where(data_root=str(real_data("cifar10")))
    noisy = noisy_set({**SETTINGS, "protocol": "holdout"}, 0, where)
    assert len(noisy.samples) == 45_000 and len(noisy.watch.validation) == 5000
    assert noisy.is_clean.mean() == pytest.approx(0.6, abs=0.005)
    assert len(noisy.watch.watched) == 2000 and len(noisy.watch.test) == 10_000
    assert noisy.source == "CIFAR-10, 50,000 training images"


def test_cells_of_table_1_are_those_of_the_paper_the_most_telling_first():
    cells = EXPERIMENT.cells("full")
    asked = {(c["noise"], c["clean"]) for c in cells}
    assert asked == set(TABLE1_CIFAR) and len(cells) == 3 * 8 * 2
    assert [(c["noise"], c["clean"]) for c in cells[:4:2]] == [("systematic", 0.6), ("random", 0.5)]
    assert {(c["recipe"], c["protocol"]) for c in cells} == {("paper", "paper"), ("paper", "holdout"), ("fast", "last")}
    only = ["noise=random", "clean=0.3", "method=itlm", "protocol=paper"]
    (chosen,) = choose_cells(EXPERIMENT, "full", only=only)
    assert printed("table1-cifar", chosen) == {"selected_accuracy": 64.74}


def test_table_2_has_both_rates_and_all_of_cifar_10_clean():
    cells = get_experiment("table2").cells("full")
    assert {(c["clean"], c["method"]) for c in cells if c["method"] == "itlm"} == {(0.6, "itlm"), (0.2, "itlm")}
    assert (1.0, "oracle") in {(c["clean"], c["method"]) for c in cells}
    assert all(c["noise"] == "random" for c in cells)
    assert printed("table2", {"data": "cifar10", "clean": 0.2, "method": "itlm"}) == {"selected_accuracy": 42.24}


def test_quick_cells_need_no_data_and_no_gpu():
    for name in ("table1-cifar", "table2"):
        experiment = get_experiment(name)
        cells = experiment.cells("quick")
        assert experiment.data_sets(cells) == ["digits"]
        how = [experiment.recipe(c).training for c in cells]
        assert not any(each.bfloat16 or each.compiled for each in how)
        assert sum(map(experiment.seconds, cells)) < 300


@pytest.mark.slow
@pytest.mark.parametrize("name, clean, method", [("table1-cifar", 0.5, "oracle"), ("table2", 1.0, "oracle")])
def test_a_stored_cell_is_what_is_computed_now(name, clean, method):
    """Where it is not, though settings and recipe are the same, the version must be raised."""
    experiment, only = get_experiment(name), [f"clean={clean}", "noise=random", f"method={method}"]
    (cell,) = (Cell(experiment, settings) for settings in choose_cells(experiment, "quick", only=only))
    stored, now = STORE.load(cell).metrics, compute_cell(cell, Where()).metrics
    assert now["last_accuracy"] == pytest.approx(stored["last_accuracy"], abs=2)  # processors round apart
    (row,), (before,) = now["rounds"], stored["rounds"]
    assert all(row[name] == before[name] for name in ("round", "epochs", "kept", "clean_share"))


def test_cells_of_other_epochs_are_not_those_that_are_stored():
    """Epochs are part of what a result is known by: with others there is no such cell."""

    def halved(settings):
        whole = recipe(settings)
        return replace(whole, epochs=tuple(each // 2 for each in whole.epochs))

    store, only = STORE, ["noise=systematic", "clean=0.6", "method=itlm"]
    (settings,) = choose_cells(EXPERIMENT, "quick", only=only)
    cell, other = Cell(EXPERIMENT, settings), Cell(replace(EXPERIMENT, recipe=halved), settings)
    assert store.load(cell).recipe["epochs"] == [20, *[5] * 4, *[33] * 4] and store.load(other) is None
    for same, shorter in ((cell, other), (Cell(EXPERIMENT, SETTINGS), Cell(other.experiment, SETTINGS))):
        assert same.key != shorter.key and store.path(same) != store.path(shorter)


def test_estimates_of_time_count_epochs_and_kept_shares():
    assert EXPERIMENT.seconds({**SETTINGS, "method": "oracle"}) == pytest.approx(133 * 0.6 * 2.3)
    assert EXPERIMENT.seconds(SETTINGS) == pytest.approx((80 + 0.55 * (4 * 20 + 4 * 133)) * 2.3)
    ratio = EXPERIMENT.seconds({**SETTINGS, "recipe": "fast"}) / REGIMES["fast"].seconds
    assert ratio == pytest.approx(8 + 0.55 * (4 * 4 + 4 * 13))
    assert [EXPERIMENT.needs_gpu({**SETTINGS, "recipe": each}) for each in ("paper", "fast")] == [True, False]


def measured(name, settings, accuracies, source):
    """One Result per accuracy, each of another seed; its rounds 0 and 1 have 60 and 70 %."""
    about = {"experiment": name, "version": 1, "settings": settings, "recipe": None, "data": source, "device": ""}
    rounds = [{"selected_accuracy": each} for each in (60.0, 70.0, accuracies[0])]
    return [
        Result(**about, seed=seed, metrics={"selected_accuracy": accuracy, "rounds": rounds}, seconds=1, versions={})
        for seed, accuracy in enumerate(accuracies)
    ]


def test_measured_cells_stand_beside_the_table_s_right_half():
    results = measured("table1-cifar", SETTINGS, (79.0, 82.0, 83.0), "CIFAR-10, seed 0")
    frame = beside_printed(EXPERIMENT, results, "selected_accuracy")
    row, naive, one = frame[frame["seeds"] > 0].to_dict("records")
    assert (row["measured"], row["paper"], row["seeds"], row["protocol"]) == (82.0, 81.01, 3, "paper")
    assert (naive["method"], naive["measured"], naive["paper"]) == ("baseline", 60.0, 62.03)
    assert (one["method"], one["measured"]) == ("1-step", 70.0) and np.isnan(one["paper"])


def test_other_methods_stand_at_the_share_of_labels_that_are_really_wrong():
    settings = {**SETTINGS, "noise": "random", "method": "itlm"}
    results = measured("table2", settings, (80.0, 84.0, 85.0), "CIFAR-10")
    small = measured("table2", {**settings, "recipe": "fast"}, (60.0,), "CIFAR-10")
    frame = table2([*results, *small]).set_index(["method", "named"])
    assert frame.loc[("itlm, measured, recipe paper", 0.4), ["accuracy", "wrong"]].tolist() == [84, 0.4]
    assert frame.loc[("itlm, measured, recipe fast", 0.4), "accuracy"] == 60
    assert frame.loc[("MentorNet PD", 0.4), ["accuracy", "wrong"]].tolist() == [77.6, 0.36]
    assert frame.loc[("MentorNet DD", 0.8), ["accuracy", "clean_samples"]].tolist() == [46.3, 5000]
    assert frame.loc[("Co-teaching", 0.5), ["noise", "wrong"]].tolist() == ["uniform over the other classes", 0.5]
    assert frame["wrong"].is_monotonic_increasing and len(table2()) == len(frame) - 2
