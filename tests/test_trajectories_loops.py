"""The recorder in real PyTorch loops: samplers, workers, mixed precision, a process that is killed and gone on with."""

import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from itlm_kit import Indexed, TrajectoryRecorder
from itlm_kit.trajectories.fields import FIELDS

N, EPOCHS = 23, 3
X = torch.randn(N, 4, generator=torch.Generator().manual_seed(0))
DATA = Indexed(TensorDataset(X, torch.arange(N) % 3))
HEAVY = 1.0 + torch.arange(N) % 5  # weights of a sampler


def network():
    torch.manual_seed(0)
    return torch.nn.Linear(4, 3)


def loader_of(epoch, sampler=None, **how):
    """Samples of an epoch in an order of its own."""
    order = torch.Generator().manual_seed(epoch)
    sampler = sampler and WeightedRandomSampler(HEAVY, N, generator=order)
    return DataLoader(DATA, 5, shuffle=sampler is None, sampler=sampler, generator=order, **how)


def descend(model, loss):
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= 0.3 * weights.grad


@pytest.mark.parametrize(
    "how",
    [{}, {"drop_last": True}, {"num_workers": 2}, {"sampler": "weighted"}, {"sampler": "weighted", "num_workers": 2}],
    ids=str,
)
@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.filterwarnings("ignore:sample .* came more than once")
def test_what_is_recorded_is_the_loss_of_the_loop(how, bfloat16):
    model, recorder, expected = network(), TrajectoryRecorder(N, EPOCHS), np.full((EPOCHS, N), np.nan)
    for epoch in range(EPOCHS):
        for index, x, y in loader_of(epoch, **how):
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                logits = model(x)
            assert logits.dtype == (torch.bfloat16 if bfloat16 else torch.float32)
            losses = functional.cross_entropy(logits.float(), y, reduction="none")
            recorder.record_logits(epoch, index, logits, y)
            for i, loss in zip(index.tolist(), losses.tolist(), strict=True):
                expected[epoch, i] = loss
            descend(model, losses.mean())
    np.testing.assert_allclose(recorder.losses, expected, rtol=1e-5, atol=1e-6)
    drawn = recorder.seen.sum(1)
    assert (drawn == 20).all() if "drop_last" in how else (drawn < N).all() == ("sampler" in how)


def train(folder, reached=None):
    """A job as one writes it: goes on from its checkpoint, records, and here waits in mid-epoch to be killed."""
    checkpoint, recording = Path(folder, "checkpoint.pt"), Path(folder, "recording")
    model, start = network(), 0
    if checkpoint.exists():
        start, weights = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(weights)
    recorder = TrajectoryRecorder.resume(recording, N) if recording.exists() else TrajectoryRecorder(N, 2, recording)
    for epoch in range(start, EPOCHS):
        for batch, (index, x, y) in enumerate(loader_of(epoch, sampler="weighted")):
            logits = model(x)
            recorder.record_logits(epoch, index, logits, y)
            descend(model, functional.cross_entropy(logits, y))
            if reached is not None and (epoch, batch) == (EPOCHS - 1, 2):
                reached.set()
                time.sleep(600)
        torch.save((epoch + 1, model.state_dict()), checkpoint)


@pytest.mark.filterwarnings("ignore:sample .* came more than once")
def test_a_job_killed_in_mid_epoch_and_gone_on_with_records_what_a_whole_one_does(tmp_path):
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    spawned = multiprocessing.get_context("spawn")
    reached = spawned.Event()
    job = spawned.Process(target=train, args=(tmp_path / "killed", reached))
    job.start()
    assert reached.wait(120)
    job.kill()  # SIGKILL: nothing is closed or flushed
    job.join()
    cut = TrajectoryRecorder.load(tmp_path / "killed" / "recording")
    assert job.exitcode == -9 and cut.epochs == EPOCHS and 0 < cut.seen[-1].sum() <= 15
    train(tmp_path / "killed")
    train(tmp_path / "whole")
    killed, whole = (TrajectoryRecorder.load(tmp_path / name / "recording") for name in ("killed", "whole"))
    assert whole.epochs == EPOCHS
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(killed, field), getattr(whole, field))
