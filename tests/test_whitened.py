"""The fast recipe of CIFAR-10: the layer that whitens, the network behind it, and bfloat16 only where it is faster."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from itlm_kit import InputError
from itlm_kit.machine import has_bfloat16
from itlm_kit.vision import training
from itlm_kit.vision.itlm import accuracy
from itlm_kit.vision.models import draw_xavier
from itlm_kit.vision.regimes import FAST, REGIMES, regime_of, wants_gpu
from itlm_kit.vision.training import Recipe, Samples, new_network, per_sample_losses, train
from itlm_kit.vision.whitened import FLOOR, whiten, whitened_cnn

EVERY = np.ones(120, bool)
SHORT = replace(FAST, batch_size=30)


def coloured(n=120, size=16, seed=0):
    """Noisy images of four classes that differ in colour."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    x = rng.integers(0, 90, (n, 3, size, size), dtype=np.uint8)
    x[np.arange(n), y % 3] += np.where(y == 3, 0, 120).astype(np.uint8)[:, None, None]
    return Samples(x, y, 4)


def smooth(n=60):
    """Images as photographs are: neighbours alike, colours too."""
    rng = np.random.default_rng(0)
    coarse = rng.random((n, 1, 4, 4)).repeat(4, 2).repeat(4, 3)
    return torch.tensor(0.8 * coarse + 0.2 * rng.random((n, 3, 16, 16)), dtype=torch.float32)


def whitened(images):
    model = draw_xavier(whitened_cnn(tuple(images.shape[1:]), 4), 0)
    whiten(model, images)
    return model


def patches_of(images):
    """Every 2 x 2 patch as a row, by a plain loop over corners."""
    height, width = images.shape[2:]
    corners = [(r, c) for r in range(height - 1) for c in range(width - 1)]
    return np.concatenate([images[:, :, r : r + 2, c : c + 2].reshape(len(images), -1) for r, c in corners])


def test_outputs_of_the_first_layer_are_white_on_its_images():
    images = smooth()
    outputs = whitened(images)[0](images).movedim(1, -1).flatten(0, 2).detach().double()
    half = outputs[:, :12]
    torch.testing.assert_close(outputs.mean(0), torch.zeros(24).double(), atol=1e-3, rtol=0)
    torch.testing.assert_close(half.T.cov(), torch.eye(12).double(), atol=0.03, rtol=0)  # the floor takes that much
    torch.testing.assert_close(outputs[:, 12:], -half, atol=1e-4, rtol=0)


def test_filters_are_those_of_a_plain_principal_component_analysis():
    images = smooth()
    patches = patches_of(images.double().numpy())
    _, spreads, directions = np.linalg.svd(patches - patches.mean(0), full_matrices=False)
    expected = directions / np.sqrt(spreads**2 / (len(patches) - 1) + FLOOR)[:, None]
    found = whitened(images)[0].weight.flatten(1)[:12].flip(0).numpy()  # from the largest variance on
    signs = np.sign((found * expected).sum(1, keepdims=True))
    np.testing.assert_allclose(found * signs, expected, rtol=0.02, atol=0.02 * np.abs(expected).max())


def test_images_that_are_all_alike_give_no_infinite_weight():
    assert whitened(torch.full((4, 3, 16, 16), 0.5))[0].weight.isfinite().all()


def test_the_network_has_the_size_written_down_by_hand():
    model = whitened_cnn((3, 32, 32), 10)
    convolutions = 24 * 3 * 4 + 24 + 9 * (24 * 32 + 32 * 32 + 32 * 96 + 3 * 96 * 96)
    assert sum(weight.numel() for weight in model.parameters()) == convolutions + 2 * (2 * 32 + 4 * 96) + 970
    assert model[:-3](torch.rand(2, 3, 32, 32)).shape == (2, 96, 3, 3)
    assert whitened_cnn((1, 16, 20), 7, widths=(8, 8))(torch.rand(2, 1, 16, 20)).shape == (2, 7)
    with pytest.raises(InputError, match="at least 16 x 16"):
        whitened_cnn((3, 15, 32), 10)


def test_the_first_layer_follows_from_all_images_alone_and_stays():
    """From no label, no seed and no kept set: rounds of ITLM start from the same one."""
    samples = coloured()
    others = Samples(samples.x, (samples.y + 1) % 4, 4)
    first = new_network(samples, SHORT, 0)[0].weight
    half = train(others, np.arange(120) < 60, SHORT, epochs=1, seed=1)
    assert torch.equal(first, half[0].weight) and not half[0].weight.requires_grad
    whole = samples.x.float() / 255
    torch.testing.assert_close(first, whitened(whole)[0].weight, atol=1e-3, rtol=1e-3)


def test_many_images_are_looked_at_evenly(monkeypatch):
    seen = []
    how = replace(SHORT, prepare=lambda model, images: seen.append(images))
    monkeypatch.setattr(training, "PREPARING", 50)
    samples = coloured()
    new_network(samples, how, 0)
    torch.testing.assert_close(seen[0], samples.images(torch.arange(0, 120, 3)))


def test_the_fast_recipe_learns():
    samples = coloured()
    model = train(samples, EVERY, SHORT, epochs=8, seed=0)
    assert accuracy(model, coloured(seed=1)) > 95


def test_recipes_of_cifar_10_are_named():
    assert regime_of({"data": "cifar10"}) is regime_of({"recipe": "paper"}) is REGIMES["paper"]
    fast = regime_of({"recipe": "fast"})
    assert (fast.recipe.batch_size, fast.recipe.momentum, fast.recipe.weight_decay) == (250, 0.85, 5e-4)
    wanting = [{"data": "digits"}, {"data": "cifar10", "recipe": "fast"}, {"data": "cifar10"}]
    assert [wants_gpu(settings) for settings in wanting] == [False, False, True]


@pytest.mark.parametrize("able, expected", [
    ({"avx512_bf16": True}, True), ({"amx_bf16": True, "avx512_bf16": False}, True), ({"neon": True}, False),
    ({"avx512_f": True, "avx512_bf16": False}, False), ({}, False),
])  # fmt: skip
def test_bfloat16_is_taken_where_the_processor_multiplies_in_it(able, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    assert has_bfloat16("cpu") is expected and has_bfloat16("cuda")
    plain, asked = (train(coloured(), EVERY, how, epochs=1, seed=0) for how in (replace(SHORT, bfloat16=False), SHORT))
    assert torch.equal(plain[-1].weight, asked[-1].weight) is not expected


def test_a_recipe_that_prepares_nothing_leaves_the_drawn_weights():
    build = Recipe(whitened_cnn)
    drawn = draw_xavier(whitened_cnn((3, 16, 16), 4), 3)
    assert torch.equal(new_network(coloured(), build, 3)[0].weight, drawn[0].weight)
    assert isinstance(drawn[0], nn.Conv2d) and per_sample_losses(drawn, coloured()).isfinite().all()
