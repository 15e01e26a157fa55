"""Speed of training the paper's networks: the MNIST one on one CPU thread (3,000 images in batches of 1,000), WRN-16-10
on a GPU where there is one; and of the fast recipe for CIFAR-10 on either.
"""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from itlm_kit import TrajectoryRecorder
from itlm_kit.machine import has_bfloat16, single_thread
from itlm_kit.vision.augment import CropFlip
from itlm_kit.vision.itlm import Watch, train_watched
from itlm_kit.vision.models import draw_xavier, two_layer_cnn, wide_resnet
from itlm_kit.vision.regimes import FAST, REGIMES
from itlm_kit.vision.training import PREPARING, Recipe, Samples, train
from itlm_kit.vision.whitened import whiten, whitened_cnn
from tests.benchmarks.measure import compared, medians

N, EPOCHS = 3000, 2
TFLOP_AN_EPOCH = 724  # of WRN-16-10 on 50,000 images of CIFAR-10, forwards and backwards
RECIPE = Recipe(two_layer_cnn)
NO_BFLOAT16 = {"absent": "this processor has no products in bfloat16"}


def training_against_dataloader():
    """Two epochs of a plain DataLoader loop over whole batches, network as published, median of 5 runs."""
    return _ratio(_plain, _kit)


def training_in_bfloat16_against_dataloader():
    """The same with the products in bfloat16, where the processor has them. Median of 5 runs."""
    if not has_bfloat16("cpu"):
        return NO_BFLOAT16
    return _ratio(_plain, _kit_in_bfloat16)


def training_against_recording():
    """The same training with every loss recorded on the way; 0.97 means that recording costs 3 %. Median of 9 runs."""
    return _ratio(_kit, _recording, runs=9)


def wide_resnet_against_float32():
    """WRN-16-10 on a GPU, compiled and in bfloat16, against plain float32: seconds of an epoch of 50,000, TFLOP/s."""
    if not torch.cuda.is_available():
        return {"absent": "torch finds no CUDA device"}
    plain = Recipe(wide_resnet, batch_size=256, step_size=0.1, micro_batch=None, augment=CropFlip())
    slow, fast = (_epoch_on_cuda(how) for how in (plain, replace(plain, bfloat16=True, compiled=True)))
    return compared(slow, fast, tflops=TFLOP_AN_EPOCH / fast)


def fast_recipe_against_dataloader():
    """The fast recipe on one CPU thread, its products in bfloat16, against a plain float32 DataLoader loop.

    The plain loop has the same network and neither crops nor mirrors. One epoch of 2,000 images, median of 3 runs.
    """
    if not has_bfloat16("cpu"):
        return NO_BFLOAT16
    return _ratio(_plain_photographs, partial(_photographs, how=FAST), runs=3, samples=_coloured("cpu", 2000))


def fast_recipe_in_float32_against_dataloader():
    """The same with all products in float32, as on a processor that has no bfloat16."""
    how = partial(_photographs, how=replace(FAST, bfloat16=False))
    return _ratio(_plain_photographs, how, runs=3, samples=_coloured("cpu", 2000))


def fast_recipe_against_float32():
    """The fast recipe on a GPU, compiled and in bfloat16, against plain float32; `training`: seconds of all 50,000."""
    if not torch.cuda.is_available():
        return {"absent": "torch finds no CUDA device"}
    slow, fast = (_epoch_on_cuda(how) for how in (replace(FAST, bfloat16=False, compiled=False), FAST))
    return compared(slow, fast, training=REGIMES["fast"].full * fast)


def mnist_network_against_cpu():
    """The MNIST network on a GPU against one CPU thread, its epochs watched; `table`: seconds of Table 1's MNIST half.

    The half is 8 settings, 5 seeds, 23 trainings of 80 epochs each, one after another: cells side by side (`--jobs`)
    share the GPU, which waits for launches here.
    """
    if not torch.cuda.is_available():
        return {"absent": "torch finds no CUDA device"}
    with single_thread():
        slow, fast = (_watched_epoch(device) for device in ("cpu", "cuda"))
    return compared(slow, fast, table=8 * 5 * 23 * 80 * fast)


BENCHMARKS = [
    training_against_dataloader,
    training_in_bfloat16_against_dataloader,
    training_against_recording,
    wide_resnet_against_float32,
    fast_recipe_against_dataloader,
    fast_recipe_in_float32_against_dataloader,
    fast_recipe_against_float32,
    mnist_network_against_cpu,
]


def _ratio(way, other, runs=5, samples=None):
    samples = samples or _samples()
    with single_thread():
        for warm_up in (way, other):
            warm_up((samples, 0))
        return compared(*medians([way, other], [(samples, seed) for seed in range(runs)], clock=time.thread_time))


def _samples(device="cpu", n=N):
    rng = np.random.default_rng(0)
    return Samples(rng.integers(0, 256, (n, 1, 28, 28), dtype=np.uint8), np.arange(n) % 10, 10, device)


def _coloured(device, n):
    rng = np.random.default_rng(0)
    return Samples(rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8), np.arange(n) % 10, 10, device)


def _photographs(case, how):
    samples, seed = case
    train(samples, np.ones(len(samples), bool), how, epochs=1, seed=seed)


def _plain_photographs(case):
    samples, seed = case
    model = draw_xavier(whitened_cnn((3, 32, 32), 10), seed)
    whiten(model, samples.x[:PREPARING].float() / 255)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    how = {"momentum": FAST.momentum, "nesterov": True, "weight_decay": FAST.weight_decay}
    _loop(model, torch.optim.SGD(weights, lr=FAST.step_size, **how), samples, FAST.batch_size, seed, 1)


def _kit(case):
    samples, seed = case
    train(samples, np.ones(N, bool), RECIPE, epochs=EPOCHS, seed=seed)


def _kit_in_bfloat16(case):
    samples, seed = case
    train(samples, np.ones(N, bool), replace(RECIPE, bfloat16=True), epochs=EPOCHS, seed=seed)


def _epoch_on_cuda(how, batches=60):
    """Seconds of an epoch of 50,000 images, from the faster of two short ones after one that compiles."""
    n, ends = batches * how.batch_size, []
    samples = _coloured("cuda", n)

    def after_epoch(model, epoch):
        torch.cuda.synchronize()
        ends.append(time.perf_counter())

    train(samples, np.ones(n, bool), how, epochs=3, seed=0, after_epoch=after_epoch)
    return min(np.diff(ends)) * 50_000 / n


def _watched_epoch(device, epochs=8):
    samples, watched = _samples(device), _samples(device, 2000)
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        train_watched(samples, np.arange(N) < 1650, RECIPE, epochs=epochs, seed=0, watch=Watch(watched, watched))
        seconds.append((time.perf_counter() - started) / epochs)
    return seconds[1]


def _recording(case):
    samples, seed = case
    train(samples, np.ones(N, bool), RECIPE, epochs=EPOCHS, seed=seed, recorder=TrajectoryRecorder(N, EPOCHS))


def _plain(case):
    samples, seed = case
    model = draw_xavier(_published(), seed)
    _loop(model, torch.optim.SGD(model.parameters(), lr=RECIPE.step_size), samples, RECIPE.batch_size, seed, EPOCHS)


def _loop(model, optimiser, samples, batch_size, seed, epochs):
    data = TensorDataset(samples.x.float() / 255, samples.y)
    loader = DataLoader(data, batch_size, shuffle=True, generator=torch.Generator().manual_seed(seed))
    for _ in range(epochs):
        for images, labels in loader:
            optimiser.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            optimiser.step()


def _published():
    """The same network with tanh before pooling, as it is usually written."""
    layers = list(two_layer_cnn((1, 28, 28), 10))
    return nn.Sequential(*(layers[i] for i in (0, 2, 1, 3, 5, 4, *range(6, len(layers)))))
