"""Rivals on common draws: near the truth where all is clean, absent ones named with what they need."""

import shutil

import numpy as np
import pytest

from itlm_kit import InputError, glm
from itlm_kit.chapters.regression import peers, rivals

ROBUST = ("ITLM", rivals.REWEIGHTED, "Huber (scikit-learn)", "RANSAC (scikit-learn)", "Tukey (statsmodels)",
          *rivals.FAST_LTS)  # fmt: skip


def table(*, clean, d=3, draws=2, sigma=0.05):
    drawn = [glm.draw("random", n=120, d=d, clean=clean, sigma=sigma, seed=seed) for seed in range(draws)]
    return rivals.compare(drawn, alpha=clean - 0.1).set_index("method")


@pytest.fixture(scope="module")
def corrupted():
    return table(clean=0.7)


def test_every_rival_finds_the_truth_in_clean_data():
    found = table(clean=1.0)
    there = found["note"] == ""
    assert (found.loc[there, "error"] < 0.05).all() and (found.loc[there, "seconds"] > 0).all()
    assert found.loc["least squares", "error"] == found.loc["oracle", "error"]


def test_robust_ones_stay_near_the_oracle_where_least_squares_does_not(corrupted):
    there = [name for name in ROBUST if corrupted.loc[name, "note"] == ""]
    assert (corrupted.loc[there, "error"] < 0.2 * corrupted.loc["least squares", "error"]).all()
    assert corrupted.loc["oracle", "error"] < corrupted.loc["ITLM", "error"]


def test_a_row_is_the_mean_over_draws(corrupted):
    errors = []
    for seed in range(2):
        data = glm.draw("random", n=120, d=3, clean=0.7, sigma=0.05, seed=seed)
        errors.append(np.linalg.norm(glm.fast_path(data.x, data.y, alpha=0.6, rounds=30).thetas[-1] - data.theta))
    assert corrupted.loc["ITLM", "error"] == pytest.approx(np.mean(errors))


def test_the_oracle_alone_sees_the_truth(corrupted):
    blind = [glm.draw("random", n=120, d=3, clean=0.7, sigma=0.05, seed=seed) for seed in range(2)]
    blind = [data._replace(is_clean=np.arange(120) < 84) for data in blind]
    found = rivals.compare(blind, alpha=0.6).set_index("method")
    others = corrupted.index.drop("oracle")
    assert found.loc[others, "error"].equals(corrupted.loc[others, "error"])
    assert found.loc["oracle", "error"] > corrupted.loc["oracle", "error"]


@pytest.mark.parametrize("name", ["Tukey (statsmodels)", *rivals.FAST_LTS])
def test_what_is_not_installed_says_what_it_needs(name, monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    rivals._no_robustbase.cache_clear()
    row = table(clean=1.0).loc[name]
    rivals._no_robustbase.cache_clear()
    assert np.isnan(row["error"]) and np.isnan(row["seconds"]) and row["note"].startswith("needs ")


@pytest.fixture
def slow_peer(monkeypatch):
    """In robpy's place: least squares that takes its time."""

    def fit(task):
        return rivals.start(task.x, task.y), 10.0

    slow = rivals.Peer(rivals.FAST_LTS[0], fit)
    monkeypatch.setattr(peers, "PEERS", [rivals.PEERS[2], slow])


CELL = {"peer": rivals.FAST_LTS[0], "n": 120, "d": 3, "runs": 3}


def test_a_cell_of_peers_tells_times_as_a_ratio_and_errors(slow_peer):
    found = peers.run(CELL, peers.PeersRecipe(), 4, None).metrics
    drawn = [glm.draw("random", n=120, d=3, seed=(4, r)) for r in range(3)]
    expected = rivals.compare(drawn, alpha=0.75).set_index("method")["error"]
    assert found["time_ratio"] > 100
    errors = {row["method"]: row["error"] for row in found["rounds"]}
    assert errors == pytest.approx({"ITLM": expected["ITLM"], rivals.FAST_LTS[0]: expected["least squares"]})


def test_a_cell_of_a_peer_that_is_not_there_says_what_it_needs(monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match="peer must be one that runs here; FAST-LTS .robpy. needs robpy: pip install"):
        peers.run(CELL, peers.PeersRecipe(), 0, None)


def test_theil_sen_is_left_out_of_wide_tables():
    note = table(clean=1.0, d=31, draws=1).loc["TheilSen (scikit-learn)", "note"]
    assert note == "takes minutes with 31 features"
