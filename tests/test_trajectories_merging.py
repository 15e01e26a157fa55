"""One recording of several: by hand, and of two processes that train together with torch.distributed."""

import multiprocessing
import os
import warnings

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from itlm_kit import Indexed, InputError, TrajectoryRecorder
from itlm_kit.trajectories import merge_recordings

NAN = np.nan


def two_parts(*folders):
    """Of four samples: 0 and 1 in the one, 1 and 2 in the other, which has an epoch less and counts from 1."""
    first, second = (TrajectoryRecorder(4, 2, folder) for folder in folders or (None, None))
    for epoch in range(2):
        first.record(epoch, [0, 1], [1 + epoch, 2], [1, 0], margin=[5, NAN], called=[1, 2], given=[1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        second.record(1, [2, 1], [3, 6], [1, 1], confidence=[0.5, 0.25], given=[0, 1])
    return first, second


@pytest.mark.parametrize("repeats, loss_of_1, confidence_of_1", [("last", 6, 0.25), ("mean", 4, 0.25)])
@pytest.mark.parametrize("on_disk", [False, True])
def test_parts_are_put_together_by_hand(repeats, loss_of_1, confidence_of_1, on_disk, tmp_path):
    parts = two_parts(tmp_path / "0", tmp_path / "1") if on_disk else two_parts()
    parts, folder = ([tmp_path / "0", str(tmp_path / "1")], tmp_path / "all") if on_disk else (parts, None)
    with pytest.warns(UserWarning, match=f"sample 1 came more than once in epoch 0; by repeats='{repeats}'"):
        whole = merge_recordings(parts, folder, repeats=repeats)
    expected = {
        "losses": [[1, loss_of_1, 3, NAN], [2, 2, NAN, NAN]],
        "correct": [[1, 1, 1, NAN], [1, 0, NAN, NAN]],
        "confidence": [[NAN, confidence_of_1, 0.5, NAN], [NAN] * 4],
        "given": [1, 1, 0, NAN],
    }
    for each in [whole, TrajectoryRecorder.load(folder)] if on_disk else [whole]:
        assert (each.n, each.epochs, each.measured, each.first_epoch) == (4, 2, "during", 0)
        for field, values in expected.items():
            np.testing.assert_array_equal(getattr(each, field), values)


def test_one_part_is_itself():
    whole = merge_recordings(two_parts()[:1])
    for field in ("losses", "correct", "margin", "confidence", "called", "given"):
        np.testing.assert_array_equal(getattr(whole, field), getattr(two_parts()[0], field))
    assert merge_recordings([TrajectoryRecorder(3, 2)]).epochs == 0


def test_parts_that_do_not_belong_together_are_named(tmp_path):
    first, second = two_parts()
    for parts, message in [
        ([], "parts must be recordings, one at least; got none"),
        ([first, TrajectoryRecorder(5, 2)], r"have one n, .*; got \(4, 'during'\) and \(5, 'during'\)"),
        ([first, TrajectoryRecorder(4, 2, measured="after")], "and be measured alike; got"),
        ([first, tmp_path], "folder must hold a recording"),
    ]:
        with pytest.raises(InputError, match=message):
            merge_recordings(parts, tmp_path / "all")
    assert not (tmp_path / "all").exists()
    other = TrajectoryRecorder(4, 1)
    other.record(0, [0], [1.0], [1], given=[2])
    with pytest.raises(InputError, match="must keep its given label; sample 0 had 1 and now has 2"):
        merge_recordings([first, other])


# Two processes that train together

N, EPOCHS = 21, 2
X = torch.randn(N, 4, generator=torch.Generator().manual_seed(0))
DATA = Indexed(TensorDataset(X, torch.arange(N) % 3))


def train_a_part(rank, folder):
    """What each process runs: it records the samples that it gets, to a folder of its own."""
    meeting = f"file://{folder}/meeting"
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    torch.manual_seed(0)
    model = DistributedDataParallel(torch.nn.Linear(4, 3))
    recorder = TrajectoryRecorder(N, EPOCHS, folder / f"process{rank}")
    sampler, losses = DistributedSampler(DATA), np.full((EPOCHS, N), NAN)
    for epoch in range(EPOCHS):
        sampler.set_epoch(epoch)
        for index, x, y in DataLoader(DATA, 4, sampler=sampler):
            logits = model(x)
            recorder.record_logits(epoch, index, logits, y)
            loss = functional.cross_entropy(logits, y, reduction="none")
            losses[epoch, index] = loss.detach()
            loss.mean().backward()
            with torch.no_grad():
                for weights in model.parameters():
                    weights -= 0.3 * weights.grad
                    weights.grad = None
    np.save(folder / f"losses{rank}.npy", losses)
    torch.distributed.destroy_process_group()
    os._exit(0)  # all is written; a thread of gloo's that still runs would abort what Python tears down


def test_processes_that_train_together_are_put_together(tmp_path, monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    spawned = multiprocessing.get_context("spawn")
    jobs = [spawned.Process(target=train_a_part, args=(rank, tmp_path)) for rank in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(120)
    assert [job.exitcode for job in jobs] == [0, 0]
    own = [np.load(tmp_path / f"losses{rank}.npy") for rank in range(2)]
    both = ~np.isnan(own[0]) & ~np.isnan(own[1])
    assert both.sum(1).tolist() == [1, 1]  # of 21 samples one is done twice, so that each process has 11
    parts = [tmp_path / f"process{rank}" for rank in range(2)]
    expected = {"last": np.where(np.isnan(own[1]), own[0], own[1]), "mean": np.nanmean(own, axis=0)}
    for repeats, values in expected.items():
        with pytest.warns(UserWarning, match="came more than once in epoch 0"):
            whole = merge_recordings(parts, repeats=repeats)
        np.testing.assert_allclose(whole.losses, values, rtol=1e-5, atol=1e-6)
        assert whole.given.tolist() == [i % 3 for i in range(N)]
