"""What makes training fast on a GPU: tested on a CPU as far as it shows there, the rest where there is a GPU."""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from itlm_kit.vision import itlm, training
from itlm_kit.vision.augment import CropFlip
from itlm_kit.vision.descent import Descent
from itlm_kit.vision.itlm import Watch, accuracy, train_watched
from itlm_kit.vision.models import draw_xavier, two_layer_cnn, wide_resnet
from itlm_kit.vision.regimes import FAST
from itlm_kit.vision.training import Recipe, Samples, new_network, per_sample_losses, train

SMALL = partial(wide_resnet, depth=10, width=1)
QUICK = replace(FAST, batch_size=32)
WIDE = Recipe(SMALL, batch_size=32, step_size=0.1, micro_batch=None, augment=CropFlip(1), bfloat16=True)
EVERY = np.ones(100, bool)


def coloured(n=100, size=8, device="cpu"):
    """Images of four classes that differ in colour."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 4
    x = rng.integers(0, 60, (n, 3, size, size), dtype=np.uint8)
    x[np.arange(n), y % 3] += np.where(y == 3, 0, 150).astype(np.uint8)[:, None, None]
    return Samples(x, y, 4, device)


class NothingAsked(TorchDispatchMode):
    """Fails where a value, or a shape that depends on values, is asked of the device: a GPU would be waited for."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        assert function not in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default), function
        return function(*args, **kwargs or {})


@pytest.mark.parametrize("how", [WIDE, QUICK, Recipe(two_layer_cnn, batch_size=32)])
def test_nothing_in_an_epoch_waits_for_the_device(how):
    samples = coloured(size=16)
    model = draw_xavier(how.build((3, 16, 16), 4), 0)
    changes = training._drawn_changes(how.augment, 100, torch.Generator().manual_seed(0), "cpu")
    with NothingAsked():
        about = {"recipe": how, "descent": Descent(model, how, 1), "epoch": 0}
        losses, correct = training._one_epoch(model, samples, torch.arange(100), changes, **about)
    assert losses.isfinite().all() and len(correct) == 100
    with pytest.raises(AssertionError, match="_local_scalar_dense"), NothingAsked():
        losses.sum().item()


@pytest.mark.parametrize("protocol", ["last", "paper", "holdout"])
def test_watching_an_epoch_is_one_transfer(protocol, monkeypatch):
    """A row of numbers brought over at once (`tolist`) is no scalar asked for: there must be one, and none of these."""
    samples = coloured()
    validation = {"last": None, "paper": samples.y, "holdout": coloured(40)}[protocol]
    watch, model = Watch(samples, samples, validation), draw_xavier(SMALL((3, 8, 8), 4), 0)
    calls, whole = [], itlm._percent
    monkeypatch.setattr(itlm, "_percent", lambda *correct: calls.append(len(correct)) or whole(*correct))
    with NothingAsked():
        selecting, seen = watch.scores(model, 3)
    assert calls == [1 if protocol == "last" else 2]
    assert selecting == (
        3 if protocol == "last" else accuracy(model, coloured(40) if protocol == "holdout" else samples)
    )


@pytest.mark.parametrize("how", [WIDE, QUICK])
def test_one_compilation_serves_all_rounds(how):
    """Networks drawn anew, trained in two epochs each with a last batch that is short, and looked at in between."""
    compilations = []

    def count(graph, inputs):
        compilations.append(graph)
        return graph.forward

    compiled = torch.compile(training._scored, backend=count, dynamic=False)
    samples, how = coloured(size=16), replace(how, compiled=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "compiled", lambda run: compiled)
        patch.setattr(training, "_on_cuda", lambda samples: True)
        fast = [train(samples, EVERY, how, epochs=2, seed=seed, after_epoch=look(samples)) for seed in range(3)]
    plain = [train(samples, EVERY, how, epochs=2, seed=seed) for seed in range(3)]
    assert len(compilations) == 1
    for a, b in zip(fast, plain, strict=True):
        torch.testing.assert_close(a[-1].weight, b[-1].weight, atol=1e-5, rtol=0)


def look(samples):
    return lambda model, epoch: per_sample_losses(model, samples)


def test_whole_batches_reach_networks_that_normalise_over_them():
    """Micro-batches would be another network: None keeps batches whole, whatever the processor."""
    sizes = []
    model = draw_xavier(SMALL((3, 8, 8), 4), 0)
    model.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    about = {"recipe": WIDE, "descent": Descent(model, WIDE, 1), "epoch": 0}
    training._one_epoch(model, coloured(), torch.arange(100), training._unchanged, **about)
    assert sizes == [32, 32, 32, 4]


def test_products_in_bfloat16_are_close_and_leave_weights_and_losses_in_float32():
    samples, model = coloured(), draw_xavier(SMALL((3, 8, 8), 4), 0)
    images = samples.images(torch.arange(100))
    half, full = (training._scored(model, images, samples.y, bf16, cross_entropy)[0] for bf16 in (True, False))
    torch.testing.assert_close(half, full, atol=0.05, rtol=0.02)
    assert half.dtype == torch.float32 and not torch.equal(half, full)
    half.sum().backward()
    assert {p.dtype for p in model.parameters()} == {p.grad.dtype for p in model.parameters()} == {torch.float32}


def test_scores_for_the_selection_are_fine_enough_to_have_no_ties():
    """bfloat16 would round them to a few values, and ties at the cut go by the order of the samples."""
    samples = coloured()
    losses = per_sample_losses(train(samples, EVERY, WIDE, epochs=1, seed=0), samples)
    assert losses.dtype == torch.float32 and len(losses.unique()) == 100


def test_a_tiny_wide_resnet_learns():
    samples = coloured(200)
    model = train(samples, np.ones(200, bool), WIDE, epochs=6, seed=0)
    assert accuracy(model, samples) > 95


@pytest.mark.gpu
def test_a_gpu_computes_what_a_cpu_does(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    how = replace(WIDE, bfloat16=False)
    here, there = (train(coloured(device=d), EVERY, how, epochs=2, seed=0) for d in ("cpu", "cuda"))
    for a, b in zip(here.parameters(), there.parameters(), strict=True):
        torch.testing.assert_close(a, b.cpu(), atol=2e-3, rtol=0)


@pytest.mark.gpu
@pytest.mark.parametrize("how", [WIDE, QUICK])
def test_no_step_synchronises(how):
    samples, how = coloured(size=16, device="cuda"), replace(how, compiled=True)
    model = new_network(samples, how, 0)
    changes = training._drawn_changes(how.augment, 100, torch.Generator().manual_seed(0), "cuda")
    order = torch.arange(100, device="cuda")
    training._one_epoch(model, samples, order, changes, recipe=how, descent=Descent(model, how, 1), epoch=0)  # compiles
    torch.cuda.set_sync_debug_mode("error")
    try:
        training._one_epoch(model, samples, order, changes, recipe=how, descent=Descent(model, how, 1), epoch=0)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
@pytest.mark.parametrize("how", [WIDE, QUICK])
def test_rounds_on_a_gpu_are_compiled_once_and_learn(how):
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    samples = coloured(200, size=16, device="cuda")
    for seed in range(3):
        theta = train_watched(samples, np.ones(200, bool), replace(how, compiled=True), epochs=8, seed=seed,
                              watch=Watch(samples, samples))  # fmt: skip
        assert theta.report["last_accuracy"] > 95
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1


@pytest.mark.gpu
def test_compiled_bfloat16_is_faster_than_plain_float32():
    """WRN-16-10 on 40 batches of CIFAR-10's size, after a first epoch that compiles."""
    samples = coloured(40 * 256, size=32, device="cuda")
    plain = Recipe(wide_resnet, batch_size=256, step_size=0.1, micro_batch=None, augment=CropFlip())
    slow, fast = (seconds_an_epoch(samples, how) for how in (plain, replace(plain, bfloat16=True, compiled=True)))
    assert slow / fast > 1.5


def seconds_an_epoch(samples, how):
    ends = []

    def after_epoch(model, epoch):
        torch.cuda.synchronize()
        ends.append(time.perf_counter())

    train(samples, np.ones(len(samples), bool), how, epochs=3, seed=0, after_epoch=after_epoch)
    return min(np.diff(ends))
