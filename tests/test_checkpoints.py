import numpy as np
import pytest

from itlm_kit import InputError
from itlm_kit.vision.checkpoints import Finished, RoundsFile

ABOUT = {"settings": {"clean": 0.6, "method": "itlm"}, "seed": 3}


def rounds(total, seen=None, cut_after=None):
    """A run of `total` rounds in which each depends on what the one before it kept; killed after `cut_after`."""

    def from_there(finished):
        kept = finished[-1].kept if finished else np.arange(8) < 4
        for t in range(len(finished), total):
            if t == cut_after:
                raise KeyboardInterrupt
            kept = np.roll(kept, 3) ^ (np.arange(8) == t)
            if seen is not None:
                seen.append(t)
            yield Finished({"round": t, "accuracy": t / 3}, kept, {"picture": np.full((2, 2), t, np.uint8)})

    return from_there


def gone_on(path, run, about=ABOUT):
    return list(RoundsFile(path, about).go_on(run))


def test_a_cut_run_goes_on_and_ends_as_an_uncut_one(tmp_path):
    path, seen = tmp_path / "new" / "cell.rounds.npz", []
    with pytest.raises(KeyboardInterrupt):
        gone_on(path, rounds(5, seen, cut_after=3))
    resumed, uncut = gone_on(path, rounds(5, seen)), gone_on(None, rounds(5))
    assert seen == [0, 1, 2, 3, 4]
    for ours, theirs in zip(resumed, uncut, strict=True):
        assert ours.row == theirs.row and np.array_equal(ours.kept, theirs.kept) and ours.kept.dtype == bool
        assert np.array_equal(ours.arrays["picture"], theirs.arrays["picture"])


def test_time_spent_before_the_cut_is_remembered(tmp_path):
    path = tmp_path / "cell.rounds.npz"
    with pytest.raises(KeyboardInterrupt):
        gone_on(path, rounds(5, cut_after=2))
    file = RoundsFile(path, ABOUT)
    assert len(file.finished) == 2 and file.earlier_seconds == sum(done.seconds for done in file.finished) > 0
    earlier = file.earlier_seconds
    list(file.go_on(rounds(5)))
    assert file.earlier_seconds == earlier


def test_a_file_of_another_run_or_a_damaged_one_counts_as_none(tmp_path):
    path = tmp_path / "cell.rounds.npz"
    gone_on(path, rounds(2))
    assert len(RoundsFile(path, ABOUT).finished) == 2
    assert RoundsFile(path, {**ABOUT, "seed": 4}).finished == []
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"no file of ours"):
        path.write_bytes(damaged)
        assert RoundsFile(path, ABOUT).finished == []
    np.savez(path, about=np.array([object()]), rows="[]")
    assert RoundsFile(path, ABOUT).finished == []  # a pickle is never loaded


def test_removed_when_the_run_is_over(tmp_path):
    path = tmp_path / "cell.rounds.npz"
    gone_on(path, rounds(1))
    RoundsFile(path, ABOUT).remove()
    assert list(tmp_path.iterdir()) == []
    RoundsFile(None, ABOUT).remove()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="a folder that can be written"):
        gone_on(tmp_path / "file" / "cell.rounds.npz", rounds(1))
