"""Defences that read a network's features: on planted ones, and beside another implementation."""

from functools import partial

import numpy as np
import pytest
import torch

from itlm_kit.defences.activation_clustering import clustering_kept
from itlm_kit.defences.spectral import spectral_kept, spectral_scores
from itlm_kit.errors import InputError
from itlm_kit.vision.features import penultimate_features
from itlm_kit.vision.models import two_layer_cnn, wide_resnet
from itlm_kit.vision.training import Samples, outputs


def planted(n=300, d=20, bad=30, distance=8.0, seed=0):
    """Features of three classes far from the origin and their labels; in class 1 the first `bad` lie apart: a mask."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    features = rng.normal(size=(n, d)) + 50 * rng.normal(size=(3, d))[y]
    is_bad = np.zeros(n, bool)
    is_bad[np.flatnonzero(y == 1)[:bad]] = True
    features[is_bad, 0] += distance
    return features, y, is_bad


def test_spectral_score_is_the_squared_length_along_the_widest_direction():
    features = np.array([[0.0, 0], [4, 0], [0, 1], [4, 1]]) + 100  # centre (102, 100.5), widest along the first axis
    np.testing.assert_allclose(spectral_scores(features, np.zeros(4, int)), [4, 4, 4, 4])
    features[3] = 110, 101
    centred = features - features.mean(0)
    top = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    np.testing.assert_allclose(spectral_scores(features, np.zeros(4, int)), (centred @ top) ** 2)


@pytest.mark.parametrize("target, removed", [(1, 15), (None, 45)])
def test_one_and_a_half_times_the_expected_are_dropped(target, removed):
    features, y, is_bad = planted(bad=10)
    kept = spectral_kept(features, y, expected=10, target=target)
    assert (~kept).sum() == removed and not kept[is_bad].any()
    assert all((~kept[y == label]).sum() == 15 for label in ([1] if target else range(3)))


def test_without_centring_the_poisons_are_not_found():
    """The slip of several ports: the top direction is then the mean's, along which poisons are as long as others."""
    features, y, is_bad = planted(bad=10)
    members = y == 1
    top = np.linalg.svd(features[members])[2][0]
    longest = np.argsort(-((features[members] @ top) ** 2))[:15]
    assert is_bad[members][longest].sum() < 10 == (~spectral_kept(features, y, expected=10))[is_bad].sum()


def test_scores_do_not_depend_on_order_or_on_where_the_origin_is():
    features, y, _ = planted()
    order = np.random.default_rng(1).permutation(len(y))
    scores = spectral_scores(features, y)
    np.testing.assert_allclose(spectral_scores(features[order], y[order]), scores[order], rtol=1e-6)
    np.testing.assert_allclose(spectral_scores(features + 7, y), scores, rtol=1e-6)


def test_the_smaller_heap_is_dropped_where_it_is_small():
    features, y, is_bad = planted(bad=30)
    kept = clustering_kept(features, y, seed=0)
    assert not kept[is_bad].any() and kept[(y == 1) & ~is_bad].all()
    half = planted(bad=45)  # 45 of 100: no longer small
    assert clustering_kept(*half[:2], seed=0)[half[2]].all()


def test_tiny_classes_are_kept():
    features, y = np.random.default_rng(0).normal(size=(6, 4)), np.array([0, 0, 1, 1, 1, 1])
    assert clustering_kept(features, y, seed=0)[:2].all()


def test_same_seed_same_clusters():
    features, y, _ = planted(distance=2.0)
    np.testing.assert_array_equal(clustering_kept(features, y, seed=3), clustering_kept(features, y, seed=3))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"features": np.zeros(5)}, "one row per label"),
        ({"features": np.zeros((9, 0))}, "one row per label"),
        ({"features": np.zeros((0, 2)), "y": np.zeros(0, int)}, "one row per label"),
        ({"y": np.zeros(3, int)}, "one row per label"),
        (
            {"features": np.full((9, 2), np.nan)},
            "must be finite; got NaN or infinity in rows 0, 1, 2, .*, counted from 0",
        ),
        ({"expected": 0}, "expected must be"),
        ({"expected": 2}, "more than 1.5 x expected = 3; got 3"),
        ({"target": 7}, "class 7 must have"),
    ],
)
def test_bad_input(change, message):
    right = {"features": np.random.default_rng(0).normal(size=(9, 2)), "y": np.arange(9) % 3, "expected": 1}
    with pytest.raises(InputError, match=message):
        spectral_kept(**{**right, **change})
    if "expected" not in change and "target" not in change:
        with pytest.raises(InputError, match=message):
            clustering_kept(**{k: v for k, v in {**right, **change}.items() if k != "expected"}, seed=0)


def test_clustering_needs_a_seed():
    features, y, _ = planted()
    with pytest.raises(InputError, match="seed must be a whole number"):
        clustering_kept(features, y, seed=None)


@pytest.mark.parametrize("build", [two_layer_cnn, partial(wide_resnet, depth=10, width=1)])
def test_the_last_layer_turns_features_into_outputs(build):
    torch.manual_seed(0)
    x = torch.randint(0, 256, (12, 3, 16, 16), dtype=torch.uint8)
    samples, model = Samples(x, np.arange(12) % 2, 2), build((3, 16, 16), 2)
    last = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)][-1]
    features = penultimate_features(model, samples)
    with torch.inference_mode():
        torch.testing.assert_close(last(features), outputs(model, samples))
    assert not last._forward_pre_hooks


def test_features_need_a_linear_layer():
    samples = Samples(np.zeros((2, 1, 8, 8), np.uint8), np.arange(2), 2)
    with pytest.raises(InputError, match="linear layer"):
        penultimate_features(torch.nn.Flatten(), samples)


# --- beside adversarial-robustness-toolbox


@pytest.fixture(scope="module")
def toolbox():
    why = "the package adversarial-robustness-toolbox is not installed: pip install itlm_kit[tests]"
    return pytest.importorskip("art.defences.detector.poison", reason=why)


def test_spectral_scores_agree_with_the_toolbox_where_it_centres(toolbox):
    """It centres to find the direction but not to score: given features that are centred, both agree."""
    features, y, _ = planted()
    theirs = toolbox.SpectralSignatureDefense.spectral_signature_scores
    for label in range(3):
        members = features[y == label]
        centred = members - members.mean(0)
        ours = spectral_scores(members, np.zeros(len(members)))
        np.testing.assert_allclose(theirs(centred)[:, 0] ** 2, ours, rtol=1e-6)
        assert np.abs(theirs(members)[:, 0] ** 2 - ours).max() > 1


def test_clusters_agree_with_the_toolbox(toolbox):
    from art.defences.detector.poison.activation_defence import cluster_activations
    from art.defences.detector.poison.clustering_analyzer import ClusteringAnalyzer

    features, y, is_bad = planted()
    clusters, _ = cluster_activations([features[y == 1]], nb_dims=10, reduce="PCA")
    assigned, _, _ = ClusteringAnalyzer().analyze_by_relative_size(clusters)
    ours = clustering_kept(features, y, seed=0)[y == 1]
    np.testing.assert_array_equal(np.asarray(assigned[0], bool), ours)
    np.testing.assert_array_equal(ours, ~is_bad[y == 1])
