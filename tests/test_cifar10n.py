"""The experiment `cifar10n`: people's labels of some images, told apart from the truth, and its stored figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from itlm_kit import data
from itlm_kit.chapters import get_experiment
from itlm_kit.chapters.labels import cifar10n
from itlm_kit.chapters.labels.cifar10n import WIDE, people_labelled, people_table, run, schedule
from itlm_kit.data.cifar10n import BY_PEOPLE
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"
EXPERIMENT = get_experiment("cifar10n")
ITLM, ORACLE = EXPERIMENT.cells("quick")


@pytest.fixture
def short(monkeypatch):
    """Few epochs: enough for what is bit-exact."""
    monkeypatch.setattr(cifar10n, "EPOCHS", (1, 1))


def test_kept_sets_know_nothing_of_the_truth(short, monkeypatch):
    seen = {settings["method"]: run(settings, 0, Where()).metrics for settings in (ITLM, ORACLE)}
    whole = label_noise.noisy_data

    def blind(*args):
        noisy = whole(*args)
        return noisy._replace(is_clean=np.random.default_rng(9).permutation(noisy.is_clean))

    monkeypatch.setattr(label_noise, "noisy_data", blind)
    unseen = run(ITLM, 0, Where()).metrics
    for before, after in zip(seen["itlm"]["rounds"], unseen["rounds"], strict=True):
        assert before.pop("clean_share") != after.pop("clean_share") and before == after
    assert run(ORACLE, 0, Where()).metrics != seen["oracle"]


def test_alpha_follows_the_clean_share_of_the_labels_at_hand(short):
    rounds = run(ITLM, 0, Where()).metrics["rounds"]
    assert [row["kept"] for row in rounds] == [770, 770] and [row["epochs"] for row in rounds] == [1, 1]


def test_the_wide_network_is_trained_as_the_paper_has_it():
    how, epochs = schedule({"net": WIDE, "clean": 0.6, "method": "itlm"})
    assert epochs == (80, 20, 20, 20, 20, 133, 133, 133, 133) and how.batch_size == 256


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
    noisy = people_labelled({"labels": "worst", "share": 0.1}, 3, Where())
    which = noisy.samples.x[:, 0, 0, 0].int() * 256 + noisy.samples.x[:, 0, 16, 0].int()
    assert len(which) == 200 and len(set(which.tolist())) == 200
    np.testing.assert_array_equal(noisy.samples.y, given[which])
    np.testing.assert_array_equal(noisy.is_clean, (given == true)[which])
    assert noisy.source == "CIFAR-10, 10 % of the training images, seed 3, labels of CIFAR-10N (worst)"


def test_table_by_hand():
    rows = [("itlm", 0, 50.0, 60.0), ("itlm", 1, 56.0, 70.0), ("oracle", 0, 66.0, 100.0)]
    frame = pd.DataFrame(
        {"labels": "worst", "method": method, "round": t, "last_accuracy": accuracy, "clean_share": share, "seed": 0}
        | {"achieved_noise_rate": 0.4}
        for method, t, accuracy, share in rows
    )
    (row,) = people_table(frame).to_dict("records")
    assert row == {
        "errors": 40.0, "naive": 50.0, "itlm": 56.0, "oracle": 66.0, "gain": 6.0, "clean kept": 70.0, "seeds": 1,
    }  # fmt: skip


def stored(net):
    return [r for r in ResultStore(RESULTS).results("cifar10n", EXPERIMENT.version) if r.settings["net"] == net]


def test_stored_label_sets_have_the_published_errors():
    frame = results_frame(r for r in stored("two-layer-cnn") if r.settings["data"] == "cifar10n")
    table = people_table(frame)
    published = {"aggregate": 9.0, "random1": 17.2, "random2": 18.1, "random3": 17.6, "worst": 40.2}
    for labels, errors in table["errors"].items():
        assert errors == pytest.approx(published[labels], abs=1)  # of 10,000 of the 50,000
    assert list(table.index) == list(BY_PEOPLE) and not (table["oracle"] < table["naive"] - 2).any()
