"""The backdoor experiments: who sees what, what each method does, and that ITLM removes what naive training learns."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.backdoors import attacks, claims
from itlm_kit.chapters.backdoors import experiments as backdoor
from itlm_kit.chapters.backdoors.attacks import ATTACKS, attack, classes_of
from itlm_kit.chapters.backdoors.experiments import (
    METHODS,
    attack_recipe,
    naive_recipe,
    run_figure1,
    run_figure4,
    run_map,
    run_table4,
    schedule,
)
from itlm_kit.defences import backdoor_defences
from itlm_kit.defences.spectral import Spectral
from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell, choose_cells, select
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.store import ResultStore
from itlm_kit.ledger.printed import TABLE4
from itlm_kit.ledger.verdicts import ledger
from itlm_kit.machine import Where
from itlm_kit.vision.models import wide_resnet
from itlm_kit.vision.regimes import REGIMES

STORED = ResultStore(Path(__file__).parents[1] / "notebooks" / "results")
SETTINGS = get_experiment("table4").cells("quick")[0]
DEFENCES = tuple(backdoor_defences())
HERE = Where()


def short(recipe):
    """A recipe with few epochs: enough for what is bit-exact, not for what is learnt."""
    return replace(recipe, early=1, epochs=tuple(1 if epochs == recipe.early else 2 for epochs in recipe.epochs))


def run(method, where=HERE, **more):
    settings = {**SETTINGS, "method": method, **more}
    return run_table4(settings, short(attack_recipe(settings)), 0, where)


def run_short_map(settings):
    return run_map(settings, short(attack_recipe(settings)), 0, HERE)


def test_a_digits_attack_is_what_its_settings_say():
    attacked, setting = attack(SETTINGS, 0, Where()), ATTACKS["digits"]
    source, target = classes_of(SETTINGS["pair"])
    poisons = ~attacked.is_clean
    assert len(attacked.samples) == 1400 and poisons.sum() == 28 and attacked.samples.x.shape[1:] == (1, 16, 16)
    pixels = setting.marks["X"].pixels(16, 16)
    assert (attacked.samples.x[poisons][:, :, pixels] == 255).all()
    assert (attacked.samples.y[poisons] == target).all()
    assert (attacked.watch.stamped.x[:, :, pixels] == 255).all()
    assert ((attacked.watch.stamped.x != attacked.watch.test.x).any(1).any(0).numpy() == pixels).all()
    assert (attacked.watch.source, attacked.watch.target) == (source, target)


REFUSED = [
    ({"pair": "4->4"}, "source must differ"),
    ({"pair": "9-4"}, "pair must be two classes.*got '9-4'"),
    ({"pair": "9->12"}, "target must be a class that has images"),
    ({"shape": "patch"}, "shape must be one of X, L; got 'patch'"),
    ({"rate": 2.0}, "the source class has"),
    ({"kind": "clean-lable"}, "kind must be one of wrong-label, clean-label"),
]


@pytest.mark.parametrize("change, message", REFUSED)
def test_an_attack_that_cannot_be_is_refused_before_training(change, message, monkeypatch):
    monkeypatch.setattr(backdoor, "train_watched", None)
    with pytest.raises(InputError, match=message):
        run(**{"method": "naive", **change})


NO_CELLS = [
    ("pair=4->4", "pair must be two classes, .*; got '4->4'"),
    ("pair=9-4", "pair must be two classes, .*; got '9-4'"),
    ("shape=patch", "shape must be one of X, L; got 'patch'"),
    ("rate=2.0", r"rate must be a number in \(0, 1\]; got 2.0"),
    ("kind=clean-lable", "kind must be one of wrong-label, clean-label; got 'clean-lable'"),
    ("method=itml", "method must be one of naive, itlm, .*; got 'itml'"),
    ("alpha=1.5", r"alpha must be a number in \(0, 1\]; got 1.5"),
    ("early=0", "early must be a whole number of at least 1; got 0"),
    ("step_size=0", r"step_size must be a number in \(0, 100\]; got 0"),
]


@pytest.mark.parametrize("change, message", NO_CELLS)
def test_what_cannot_be_a_cell_is_refused_before_any_data_are_read(change, message):
    with pytest.raises(InputError, match=message):
        choose_cells(get_experiment("table4"), "quick", changes=[change])


def test_figure_1_is_refused_before_training(monkeypatch):
    monkeypatch.setattr(backdoor, "record_training", None)
    with pytest.raises(InputError, match="alpha must lie in"):
        run_figure1({**SETTINGS, "alpha": 0}, naive_recipe(SETTINGS), 0, Where())


def test_success_is_counted_on_the_source_class_and_on_the_others_apart():
    attacked = attack(SETTINGS, 0, Where())
    truth = attacked.watch.stamped.y
    calls = {"always the target": lambda y: np.full(len(y), 4), "always right": lambda y: y}

    def report(call):
        logits = np.eye(10)[call(truth.numpy())]
        return _reported(attacked.watch, logits)

    assert report(calls["always the target"])["attack_success"] == 100
    assert report(calls["always the target"])["attack_on_others"] == 100
    assert report(calls["always right"]) == {"clean_accuracy": 100, "attack_success": 0, "attack_on_others": 0}
    fooled = report(lambda y: np.where(y == 9, 4, y))
    assert (fooled["attack_success"], fooled["attack_on_others"]) == (100, 0)


def _reported(watch, logits):
    """What the watch reports of a network whose outputs are these, whatever the images."""
    import torch

    class Fixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.start = 0

        def forward(self, images):
            part = logits[self.start : self.start + len(images)]
            self.start = (self.start + len(images)) % len(logits)
            return torch.as_tensor(part)

    return watch.finish(Fixed()).report


def test_schedules_are_those_of_the_paper_and_of_its_ablations():
    named = {method: schedule(method, early=20, full=80) for method in METHODS}
    assert named["naive"] == named["oracle"] == (80,)
    assert named["itlm"] == (20, 20, 20, 20, 80)
    assert named["itlm-full-start"] == (80, 20, 20, 20, 20, 80)
    assert named["itlm-late"] == (80,) * 5
    assert {named[defence] for defence in DEFENCES} == {(80, 80)}
    assert sum(named["itlm"]) == sum(named["spectral"])  # the same budget


def test_defences_are_those_of_the_experiment():
    assert set(DEFENCES) == {"early-loss", "spectral", "spectral-target", "clustering"} < set(METHODS)
    assert all(attack_recipe({**SETTINGS, "method": name}).defence is backdoor_defences()[name] for name in DEFENCES)


def test_methods_know_the_truth_only_where_they_say_so(monkeypatch):
    """With the truth replaced by noise, what is kept and learnt is bit-identical; only reports of it change."""
    measured = {method: run(method).metrics["rounds"] for method in ("itlm", *DEFENCES, "oracle")}
    _shuffle_truth(monkeypatch)
    told = ("bad_removed", "precision")
    for method, rounds in measured.items():
        again = run(method).metrics["rounds"]
        same = [{k: v for k, v in row.items() if k not in told} for row in again]
        before = [{k: v for k, v in row.items() if k not in told} for row in rounds]
        assert (same == before) == (method != "oracle")


def test_figure_1_s_training_does_not_know_the_truth(monkeypatch):
    settings, record, recorded = get_experiment("fig1d").cells("quick")[0], backdoor.record_training, []
    recipe = short(naive_recipe(settings))
    monkeypatch.setattr(backdoor, "record_training", lambda *a, **k: recorded.append(record(*a, **k)) or recorded[-1])
    told = run_figure1(settings, recipe, 0, Where()).metrics["rounds"]
    _shuffle_truth(monkeypatch)
    assert run_figure1(settings, recipe, 0, Where()).metrics["rounds"] != told
    assert len(recorded[0].losses) == 2
    np.testing.assert_array_equal(recorded[0].losses, recorded[1].losses)


def _shuffle_truth(monkeypatch):
    """From here on the truth is replaced by noise after the attack."""

    def blind(*args):
        attacked = attack(*args)
        return attacked._replace(is_clean=np.random.default_rng(9).permutation(attacked.is_clean))

    monkeypatch.setattr(backdoor, "attack", blind)


def test_rounds_report_what_their_network_was_trained_on():
    naive, itlm = run("naive").metrics, run("itlm").metrics
    assert [row["removed"] for row in itlm["rounds"]] == [0, 56, 56, 56, 56]  # alpha .96 of 1,400
    assert [row["epochs"] for row in itlm["rounds"]] == [1, 1, 1, 1, 2]
    assert (naive["removed"], naive["bad_removed"], naive["precision"], naive["poisons"]) == (0, 0, None, 28)
    oracle = run("oracle").metrics
    assert (oracle["removed"], oracle["bad_removed"], oracle["precision"]) == (28, 100, 100)
    assert all(itlm[name] == itlm["rounds"][-1][name] for name in ("clean_accuracy", "attack_success", "bad_removed"))


def test_defences_start_from_the_naive_network_and_drop_what_they_say():
    naive, removed = run("naive").metrics["rounds"][0], {}
    for method in DEFENCES:
        first, second = run(method).metrics["rounds"]
        assert first == naive
        removed[method] = second["removed"]
    assert (removed["early-loss"], removed["spectral"], removed["spectral-target"]) == (56, 420, 42)


@pytest.mark.parametrize("method", ["itlm", "clustering"])
def test_a_run_that_is_cut_goes_on_where_it_stopped(method, tmp_path, monkeypatch):
    whole = run(method).metrics
    where = Where(rounds=tmp_path / "cell.rounds.npz")
    trained, fit = [], backdoor.train_watched

    def cut(*args, **kwargs):
        trained.append(kwargs["epochs"])
        if len(trained) == 2:
            raise KeyboardInterrupt
        return fit(*args, **kwargs)

    monkeypatch.setattr("itlm_kit.vision.itlm.train_watched", cut)
    monkeypatch.setattr(backdoor, "train_watched", cut)
    with pytest.raises(KeyboardInterrupt):
        run(method, where)
    outcome = run(method, where)
    assert outcome.metrics == whole and outcome.earlier_seconds > 0
    assert len(trained) == len(schedule(method, 1, 2)) + 1  # none of the finished ones again


@pytest.fixture(scope="module")
def measured():
    """The digits' cells of Table 4 as stored: metrics by method and seed."""
    table4 = get_experiment("table4")
    cells = [Cell(table4, settings, seed) for settings in table4.cells("quick") for seed in range(3)]
    return {(cell.settings["method"], cell.seed): STORED.load(cell).metrics for cell in cells}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_naive_training_is_fooled_and_itlm_is_not(measured, seed):
    naive, itlm = measured["naive", seed], measured["itlm", seed]
    assert naive["attack_success"] >= 90
    assert itlm["attack_success"] < 10
    assert itlm["clean_accuracy"] > naive["clean_accuracy"] - 2


EXPERIMENTS = ["fig1d", "fig4", "table4", "backdoor-map"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_stored_cell_is_found_by_what_it_is_computed_from_now(name):
    """After a change of a recipe or a mark old cells would pass for new."""
    found = STORED.results(name)
    assert len(found) > 5
    assert [r.key for r in found] == [Cell(get_experiment(name), r.settings, r.seed).key for r in found]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_mark_at_another_position_is_another_cell(name, monkeypatch):
    experiment, setting = get_experiment(name), ATTACKS["digits"]
    settings, (row, column) = experiment.cells("quick")[0], setting.marks["X"].position
    settings = {**settings, "data": "digits", "shape": "X"}
    before = Cell(experiment, settings).key
    for change in ({"position": (row, column + 1)}, {"colour": 254}, {"shape": "L"}):
        moved = {**setting.marks, "X": replace(setting.marks["X"], **change)}
        monkeypatch.setitem(ATTACKS, "digits", replace(setting, marks=moved))
        assert Cell(experiment, settings).key != before
    monkeypatch.setitem(ATTACKS, "digits", replace(setting, marks={**setting.marks, "L": moved["X"]}))
    assert Cell(experiment, settings).key == before  # the other mark is none of its own


@pytest.mark.parametrize("name, data", [(name, data) for name in EXPERIMENTS if name != "fig4" for data in ATTACKS])
def test_whatever_shapes_a_training_is_part_of_its_cell(name, data, monkeypatch):
    experiment, setting = get_experiment(name), ATTACKS[data]
    (pair, shape), *_ = setting.pairs
    settings = {"data": data, "pair": pair, "shape": shape, "rate": setting.rate, "alpha": setting.alpha}
    settings |= {"method": "spectral"} if name == "table4" else {}
    trainings = [{"step_size": 0.2}, {"drop_at": 0.9}, {"build": partial(wide_resnet, width=1)}, {"batch_size": 51}]
    trainings += [{"augment": None}, {"bfloat16": False}] if data == "cifar10" else []
    changes = [{"early": 21}, {"full": 81}, {"size": 20}]
    changes += [{"recipe": replace(setting.recipe, **change)} for change in trainings]
    keys = [Cell(experiment, settings).key]
    for change in changes:
        monkeypatch.setitem(ATTACKS, data, replace(setting, **change))
        keys.append(Cell(experiment, settings).key)
    assert len(set(keys)) == 1 + len(changes)


def test_a_change_of_a_defence_is_another_cell_of_it_alone(monkeypatch):
    def keys():
        return {name: Cell(get_experiment("table4"), {**SETTINGS, "method": name}).key for name in METHODS}

    before, changed = keys(), {**backdoor_defences(), "spectral": Spectral(excess=2.0)}
    monkeypatch.setattr(backdoor, "backdoor_defences", lambda: changed)
    assert {name for name, key in keys().items() if key != before[name]} == {"spectral"}


def test_a_cell_of_other_epochs_is_not_found(monkeypatch):
    cell, setting = Cell(get_experiment("table4"), SETTINGS), ATTACKS["digits"]
    monkeypatch.setitem(ATTACKS, "digits", replace(setting, full=setting.full + 1))
    assert STORED.load(cell) is None
    monkeypatch.undo()
    assert STORED.load(Cell(get_experiment("table4"), SETTINGS))


@pytest.mark.slow
def test_a_stored_cell_is_what_is_computed_now(measured):
    """Its version must be raised when the outcome of a cell changes."""
    settings = {**SETTINGS, "method": "itlm"}
    now, stored = run_table4(settings, attack_recipe(settings), 0, Where()).metrics, measured["itlm", 0]
    assert [row["removed"] for row in now["rounds"]] == [row["removed"] for row in stored["rounds"]]
    for name, points in (("clean_accuracy", 2), ("attack_success", 10), ("bad_removed", 10)):
        assert now[name] == pytest.approx(stored[name], abs=points)  # processors round apart


def test_figure_1_has_a_row_per_epoch_and_poisons_are_not_learnt_first():
    (settings,) = get_experiment("fig1d").cells("quick")
    rows = run_figure1(settings, replace(naive_recipe(settings), epochs=(8,)), 0, Where()).metrics["rounds"]
    assert [row["epoch"] for row in rows] == list(range(8))
    assert all(row["clean_accuracy"] > row["bad_accuracy"] + 20 for row in rows[1:])
    assert max(row["bad_removed"] for row in rows) > 75


@pytest.mark.parametrize("shape, pixels", [("X", 5), ("L", 3)])
def test_figure_4_counts_the_pixels_changed(shape, pixels):
    (settings,) = select(get_experiment("fig4").cells("quick"), [f"shape={shape}"])
    metrics = run_figure4(settings, attacks.mark_of(settings), 0, Where()).metrics
    assert metrics["pixels"] == pixels
    assert metrics["images"] == metrics["poisons"] in (27, 28)  # 20 % of the target class


def test_clean_label_poisons_and_other_rates_are_cells_of_the_map():
    cells = get_experiment("backdoor-map").cells("quick")
    assert len({tuple(sorted(cell.items())) for cell in cells}) == len(cells)
    (clean_label,) = select(cells, ["kind=clean-label", "rate=0.8", "alpha=1.0"])
    attacked = attack(clean_label, 0, Where())
    assert (attacked.samples.y[~attacked.is_clean] == 4).all() and (~attacked.is_clean).sum() > 100
    assert run_short_map(clean_label).metrics["removed"] == 0


def test_windows_on_mnist_differ_by_length_of_rounds_and_step_size():
    cells = select(get_experiment("backdoor-map").cells("full"), ["data=mnist"])
    assert len({tuple(sorted(cell.items())) for cell in cells}) == len(cells)
    assert {(cell["step_size"], cell["early"]) for cell in cells} >= {(0.1, ATTACKS["mnist"].early), (0.2, 3)}
    common = {**select(get_experiment("backdoor-map").cells("quick"), ["rate=0.2", "alpha=0.96"])[0], "early": 1}
    usual, large = ({**common, "step_size": step} for step in (0.1, 2.0))
    assert run_short_map(usual).metrics == run_short_map(common).metrics
    assert run_short_map(large).metrics != run_short_map(usual).metrics
    longer = attack_recipe({**usual, "early": 3})
    assert (longer.epochs, longer.early) == ((3, 3, 3, 3, 60), 3)


def test_cells_are_the_rows_of_table_4_times_the_methods():
    cells = get_experiment("table4").cells("full")
    rows = {(cell["pair"], cell["shape"]) for cell in cells if cell["data"] == "cifar10"}
    assert rows == set(TABLE4)
    cifar = [cell for cell in cells if cell["data"] == "cifar10"]
    assert len(cifar) == 2 * 4 * len(METHODS) and {(c["rate"], c["alpha"]) for c in cifar} == {(0.05, 0.98)}
    assert {cell["shape"] for cell in cells if cell["data"] == "mnist"} == {"X", "L"}


@pytest.mark.parametrize("how, epochs, batch", [("paper", (20, 20, 20, 20, 80), 256), ("fast", (4, 4, 4, 4, 8), 250)])
def test_the_setting_recipe_says_how_networks_are_trained(how, epochs, batch):
    (settings,) = select(get_experiment("table4").cells("full"), [f"recipe={how}", "pair=9->4", "method=itlm"])
    recipe = attack_recipe(settings)
    assert (recipe.epochs, recipe.early, recipe.training.batch_size) == (epochs, epochs[0], batch)
    assert recipe.training == REGIMES[how].recipe
    assert get_experiment("table4").needs_gpu(settings) is (how == "paper")


def test_the_readme_tells_the_attacks_on_mnist_as_measured():
    told = re.search(
        r"follows the mark in (\d+) to (\d+) %.*?it is (\d+) to (\d+) %, in one of twelve runs (\d+) %, at a cost of "
        r"([\d.]+) to ([\d.]+) points",
        (Path(__file__).parents[1] / "README.md").read_text().replace("\n  ", " "),
    )
    frame = results_frame(r for r in STORED.results("table4") if r.settings["data"] == "mnist")
    last = frame.groupby(["pair", "method", "seed"])[["attack_success", "clean_accuracy"]].last()
    naive, itlm = (last.xs(method, level="method") for method in ("naive", "itlm"))
    *usual, worst = sorted(itlm["attack_success"])
    cost = naive["clean_accuracy"] - itlm["clean_accuracy"]
    measured = [*naive["attack_success"].agg(["min", "max"]), usual[0], usual[-1], worst, *cost.agg(["min", "max"])]
    assert len(itlm) == 12
    assert list(map(float, told.groups())) == [round(value, 0 if i < 5 else 1) for i, value in enumerate(measured)]


def test_claims_name_cells_that_exist(tmp_path):
    """Those of CIFAR-10 wait for a GPU, not for a cell."""
    found = ledger(claims.claims(), ResultStore(tmp_path / "nowhere"), get_experiment).to_dict("records")
    assert {entry["verdict"] for entry in found} == {"not run"} and len(found) > 30
    assert not [entry["id"] for entry in found if "not part of" in entry["needs"]]


@pytest.mark.parametrize("name", ATTACKS)
def test_watermarks_lie_in_the_images(name):
    sizes = {"digits": 16, "mnist": 28, "cifar10": 32}
    for shape, mark in ATTACKS[name].marks.items():
        assert mark.shape == shape and mark.pixels(sizes[name], sizes[name]).any()


@pytest.mark.data
def test_a_row_of_cifar10_in_small(real_data, monkeypatch):
    """The code that a GPU runs, on 1 % of the images with the smallest network of its kind."""
    whole = attacks.load

    def load_less(*args):
        train_set, test = whole(*args)
        return train_set, test._replace(x=test.x[:100], y=test.y[:100])

    monkeypatch.setattr(attacks, "load", load_less)
    (settings,) = select(get_experiment("table4").cells("full"), ["recipe=paper", "pair=6->0", "method=spectral"])
    recipe = attack_recipe(settings)
    smallest = replace(recipe.training, build=partial(wide_resnet, depth=10, width=1), batch_size=64)
    recipe = replace(recipe, training=smallest, early=1, epochs=(1, 1))
    where = Where(data_root=str(real_data("cifar10")))
    metrics = run_table4({**settings, "share": 0.01, "rate": 0.2}, recipe, 0, where).metrics
    assert metrics["poisons"] == 10 and metrics["removed"] == 150


@pytest.mark.gpu
@pytest.mark.parametrize("method", ["itlm", "early-loss", "clustering"])
def test_methods_run_on_a_gpu_as_on_a_cpu(method):
    there, here = run(method, Where(device="cuda")).metrics, run(method).metrics
    assert [row["epochs"] for row in there["rounds"]] == [row["epochs"] for row in here["rounds"]]
    assert there["clean_accuracy"] == pytest.approx(here["clean_accuracy"], abs=10)


def test_the_size_of_the_images_is_part_of_figure_4_s_cell(monkeypatch):
    experiment = get_experiment("fig4")
    settings = experiment.cells("quick")[0]
    before = Cell(experiment, settings).key
    monkeypatch.setitem(ATTACKS, settings["data"], replace(ATTACKS[settings["data"]], size=20))
    assert Cell(experiment, settings).key != before


def test_a_mark_of_ones_own_takes_the_place_of_the_settings_one():
    from itlm_kit.data import Watermark

    elsewhere = attack(SETTINGS, 0, HERE, mark=Watermark("L", (9, 9)))
    usual = attack(SETTINGS, 0, HERE)
    np.testing.assert_array_equal(elsewhere.is_clean, usual.is_clean)
    changed = (elsewhere.samples.x != usual.samples.x).any(1).numpy()
    assert not changed[usual.is_clean].any() and changed[~usual.is_clean][:, 9, 9].mean() > 0.5
    assert (elsewhere.watch.stamped.x[:, :, 9, 9] == 255).all()


def test_ink_under_a_mark_is_that_of_one_class_at_its_pixels():
    from itlm_kit.data import ImageSet, Watermark

    x = np.zeros((3, 1, 4, 4), np.uint8)
    x[0, :, 1, 1], x[1], x[2] = 255, 255, 255
    images = ImageSet("toy", x, np.array([7, 7, 3]), 10, "toy")
    assert attacks.ink_under(Watermark("pixel", (1, 1)), images, 7) == pytest.approx(100)
    assert attacks.ink_under(Watermark("L", (1, 1)), images, 7) == pytest.approx(100 * 4 / 6)
