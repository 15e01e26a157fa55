"""Large recordings are recorded, reopened, scored and ranked in little memory: what is recorded stays on disk."""

import subprocess
import sys

import pytest

RECORD_SCORE_RANK = """
import resource, sys
import numpy as np, pandas
from itlm_kit.trajectories import SCORES, TrajectoryRecorder, rank_suspects

folder, n, epochs, megabytes = sys.argv[1], *map(int, sys.argv[2:])
held = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (1024 * held + megabytes * 10**6,) * 2)  # mapped files are not in it
rng, batch = np.random.default_rng(0), 10_000
logits = rng.standard_normal((batch, 10), dtype=np.float32)
recorder = TrajectoryRecorder(n, epochs, folder)
for epoch in range(epochs):
    for index in np.split(rng.permutation(n), n // batch):
        recorder.record_logits(epoch, index, logits, index % 10)
recorder = TrajectoryRecorder.load(folder)
for score in SCORES.values():
    assert np.isfinite(score(recorder)).any() and score(recorder).shape == (n,)
suspects = rank_suspects(recorder)
assert len(suspects) == n and suspects["score"].is_monotonic_decreasing
"""


def check(folder, n, epochs, megabytes):
    code = [sys.executable, "-c", RECORD_SCORE_RANK, str(folder), *map(str, (n, epochs, megabytes))]
    done = subprocess.run(code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited so")
def test_a_list_of_suspects_takes_the_room_of_its_own_text(tmp_path):
    check(tmp_path / "run", n=100_000, epochs=4, megabytes=80)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited so")
def test_a_million_samples_over_fifty_epochs_take_less_than_a_gigabyte(tmp_path):
    check(tmp_path / "run", n=1_000_000, epochs=50, megabytes=1000)
