"""The experiment `cifar10n`: people's labels of some images, told apart from the truth, and its stored figures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from published import of_today

from itlm_kit import data
from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import cifar10n
from itlm_kit.chapters.labels.cifar10n import people_labelled, people_table, people_tables, recipe, run
from itlm_kit.data.cifar10n import BY_PEOPLE
from itlm_kit.experiments.experiment import Outcome
from itlm_kit.experiments.results import results_frame
from itlm_kit.machine import Where
from itlm_kit.vision.noisy_set import Noisy

EXPERIMENT = get_experiment("cifar10n")
ITLM, ORACLE = EXPERIMENT.cells("quick")


def run_short(settings):
    """Metrics after few epochs: enough for what is bit-exact."""
    return run(settings, replace(recipe(settings), epochs=(1, 1)), 0, Where()).metrics


def test_kept_sets_know_nothing_of_the_truth(blind_label_noise):
    seen = {settings["method"]: run_short(settings) for settings in (ITLM, ORACLE)}
    blind_label_noise()
    unseen = run_short(ITLM)
    for before, after in zip(seen["itlm"]["rounds"], unseen["rounds"], strict=True):
        assert before.pop("clean_share") != after.pop("clean_share") and before == after
    assert run_short(ORACLE) != seen["oracle"]


def test_alpha_follows_the_clean_share_of_the_labels_at_hand():
    rounds = run_short(ITLM)["rounds"]
    assert [row["kept"] for row in rounds] == [770, 770] and [row["epochs"] for row in rounds] == [1, 1]


@pytest.mark.parametrize("trained, epochs, batch", [
    ({"recipe": "paper"}, (80, 20, 20, 20, 20, 133, 133, 133, 133), 256),
    ({"recipe": "fast"}, (8, 4, 4, 4, 4, 13, 13, 13, 13), 250),
    ({"net": "two-layer-cnn"}, (12, 4, 4, 12), 50),
    ({"net": "wide-resnet-10-1"}, (12, 4, 4, 12), 64),
])  # fmt: skip
def test_networks_are_trained_as_in_table_1_or_as_a_cpu_allows(trained, epochs, batch, monkeypatch):
    """All of them by the clean share that the labels turn out to have."""
    asked = []

    def taken(settings, how, seed, where, noisy):
        asked.append((settings["clean"], how))
        return Outcome({"rounds": [{"round": t} for t in range(len(how.epochs))]}, noisy.source)

    monkeypatch.setattr(cifar10n, "people_labelled", lambda *args: Noisy(None, np.arange(10) < 6, None, "by people"))
    monkeypatch.setattr(cifar10n, "run_method", taken)
    settings = {"data": "cifar10n", **trained, "share": 1.0, "protocol": "last", "labels": "worst", "method": "itlm"}
    outcome = run(settings, EXPERIMENT.recipe(settings), 0, Where())
    ((clean, how),) = asked
    assert clean == 0.6 and how.alpha == pytest.approx(0.55)
    assert how.epochs == epochs and how.training.batch_size == batch
    assert [row["epochs"] for row in outcome.metrics["rounds"]] == list(epochs)


def test_images_are_drawn_with_their_labels(monkeypatch):
    """Each image is its own number in two bytes, so that a shifted label would show."""
    n = 2000
    number = np.stack([np.arange(n) // 256, np.arange(n) % 256], 1).astype(np.uint8)[:, None, :, None]
    x = np.broadcast_to(number.repeat(16, 2), (n, 1, 32, 16)).repeat(2, 3)
    true = np.arange(n) % 10
    given = np.where(np.arange(n) % 3 == 0, (true + 1) % 10, true)
    images = data.ImageSet("cifar10", np.ascontiguousarray(x), true, 10, f"CIFAR-10, {n:,} training images")
    monkeypatch.setattr(data, "load", lambda name, part="train", data_root=None: images)
    monkeypatch.setattr(data, "load_cifar10n", lambda kind, root: data.Corrupted(images.x, given, given == true, true))
    noisy = people_labelled({"labels": "worst", "share": 0.1, "protocol": "last"}, 3, Where())
    which = noisy.samples.x[:, 0, 0, 0].int() * 256 + noisy.samples.x[:, 0, 16, 0].int()
    assert len(which) == 200 and len(set(which.tolist())) == 200
    np.testing.assert_array_equal(noisy.samples.y, given[which])
    np.testing.assert_array_equal(noisy.is_clean, (given == true)[which])
    assert noisy.source == "CIFAR-10, 10 % of the training images, seed 3, labels of CIFAR-10N (worst)"


def people_frame():
    rows = [("itlm", 0, 50.0, 60.0), ("itlm", 1, 56.0, 70.0), ("oracle", 0, 66.0, 100.0)]
    return pd.DataFrame(
        {"labels": "worst", "method": method, "round": t, "last_accuracy": accuracy, "clean_share": share, "seed": 0}
        | {"achieved_noise_rate": 0.4}
        for method, t, accuracy, share in rows
    )


def test_table_by_hand():
    (row,) = people_table(people_frame()).to_dict("records")
    assert row == {
        "errors": 40.0, "naive": 50.0, "itlm": 56.0, "oracle": 66.0, "gain": 6.0, "clean kept": 70.0, "seeds": 1,
    }  # fmt: skip


def test_an_oracle_that_is_not_run_yet_leaves_a_gap():
    frame = people_frame()
    (row,) = people_table(frame[frame["method"] == "itlm"]).to_dict("records")
    assert np.isnan(row["oracle"]) and row["gain"] == 6


def test_every_way_to_train_has_a_table_of_its_own():
    def rows(**way):
        cells = [("itlm", 0, 50.0), ("itlm", 1, 56.0), ("oracle", 0, 66.0)]
        about = {"labels": "worst", "clean_share": 70.0, "seed": 0, "achieved_noise_rate": 0.4, **way}
        return [{**about, "method": method, "round": t, "last_accuracy": accuracy} for method, t, accuracy in cells]

    one = people_tables(pd.DataFrame(rows(net="two-layer-cnn")))
    both = people_tables(pd.DataFrame(rows(net="two-layer-cnn") + rows(recipe="fast")))
    assert list(one.index) == [("two-layer-cnn", "worst")]
    assert list(both.index) == [("fast", "worst"), ("two-layer-cnn", "worst")] and (both["gain"] == 6).all()


def test_stored_label_sets_have_the_published_errors():
    frame = results_frame(r for r in of_today(EXPERIMENT, net="two-layer-cnn") if r.settings["data"] == "cifar10n")
    table = people_table(frame)
    published = {"aggregate": 9.0, "random1": 17.2, "random2": 18.1, "random3": 17.6, "worst": 40.2}
    for labels, errors in table["errors"].items():
        assert errors == pytest.approx(published[labels], abs=1)  # of 10,000 of the 50,000
    assert list(table.index) == list(BY_PEOPLE) and not (table["oracle"] < table["naive"] - 2).any()
