import json
import os
import pickle

import numpy as np
import pytest
import torch

from itlm_kit import InputError, TrajectoryRecorder, rank_suspects


@pytest.fixture(params=["memory", "disk"])
def recorder(request, tmp_path):
    return TrajectoryRecorder(4, 3, tmp_path / "run" if request.param == "disk" else None)


def test_what_was_recorded_is_there_and_the_rest_is_nan(recorder):
    recorder.record(0, [2, 0], [0.5, 1.5], [True, False])
    recorder.record(0, [1], [2.5], [True], margin=[-1], confidence=[0.25])
    np.testing.assert_array_equal(recorder.losses[0], [1.5, 2.5, 0.5, np.nan])
    np.testing.assert_array_equal(recorder.correct[0], [0, 1, 1, np.nan])
    np.testing.assert_array_equal(recorder.margin[0], [np.nan, -1, np.nan, np.nan])
    assert recorder.confidence[0, 1] == 0.25 and np.isnan(recorder.losses[1:]).all()
    np.testing.assert_array_equal(recorder.seen[0], [True, True, True, False])


def test_a_recording_opens_later_without_the_model(tmp_path):
    first = TrajectoryRecorder(4, 3, tmp_path, measured="after")
    first.record(0, np.arange(4), np.arange(4.0), np.ones(4))
    again = TrajectoryRecorder.load(tmp_path)
    assert (again.n, again.epochs, again.measured, again.repeats) == (4, 1, "after", "last")
    np.testing.assert_array_equal(again.losses, [np.arange(4.0)])
    assert isinstance(again.losses, np.memmap) and not again.losses.flags.writeable


def test_a_large_recording_stays_on_disk(tmp_path):
    recorder = TrajectoryRecorder(200_000, 3, tmp_path)
    recorder.record(0, [0], [1.0], [True])
    assert isinstance(recorder.losses, np.memmap)
    assert (tmp_path / "losses.npy").stat().st_size >= 4 * 200_000 * 3


def test_tensors_of_any_float_are_taken(recorder):
    recorder.record(
        0, torch.tensor([3, 1]), torch.tensor([1.0, 2.0], dtype=torch.bfloat16), torch.tensor([True, False])
    )
    np.testing.assert_array_equal(recorder.losses[0], [np.nan, 2, np.nan, 1])


@pytest.mark.parametrize(
    "call, message",
    [
        ((2, [1], [1], [1]), "recorded one by one, the next is at most 1; got 2. Where only some are recorded, count"),
        ((-1, [1], [1], [1]), "epoch must be a whole number"),
        ((1, [4], [1], [1]), r"index must lie in 0\.\.3"),
        ((1, [-1], [1], [1]), r"index must lie in 0\.\.3"),
        ((1, [0.5], [1], [1]), "index must be a row of whole numbers"),
        ((1, [[0], [1, 2]], [1, 1], [1, 1]), "index must have one shape"),
        ((1, [0, 1], [1], [1, 1]), "losses must have one value per index"),
        ((1, [0, 1], [1, 1], [1]), "correct must have one value per index"),
        ((1, [0, 1], [1, -np.inf], [1, 1]), "losses must be numbers or infinity; sample 1 has -inf. Lower the step"),
        ((1, [0, 1], ["a", "b"], [1, 1]), "losses must be real numbers; got <U1"),
        ((1, [0, 1], [[1], [1, 2]], [1, 1]), "losses must have one shape"),
        ((1, [0, 1], [1, 1], [1, 2]), "correct must be true or false; sample 1 has 2"),
        ((1, [0, 1], [1, 1], [1, np.nan]), "correct must be true or false; sample 1 has nan"),
        ((1, [0, 1], [1, 1], [1, 1], None, [0, 1e39]), "confidence must be finite; sample 1 has inf"),
        ((1, [0, 1], [1, 1], [1, 1], None, None, [0, -1]), "called must be labels counted from 0; sample 1 has -1"),
        ((1, [0, 1], [1, 1], [1, 1], None, None, None, [0.5, 1]), "given must be labels .*; sample 0 has 0.5"),
        ((1, [0, 1], [1, 1], [1, 1], None, None, None, [0, 2**24]), "given must be labels .*; sample 1 has"),
    ],
)
def test_bad_records_are_refused_and_write_nothing(recorder, call, message):
    recorder.record(0, [3], [9.0], [0])
    with pytest.raises(InputError, match=message):
        recorder.record(*call)
    np.testing.assert_array_equal(recorder.losses, [[np.nan, np.nan, np.nan, 9.0]])


def test_folders_that_cannot_serve(tmp_path):
    TrajectoryRecorder(2, 1, tmp_path / "a")
    with pytest.raises(InputError, match=r"must not hold a recording yet; .*/a does. Go on .*resume\(folder\)"):
        TrajectoryRecorder(2, 1, tmp_path / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="must be a place to write to"):
        TrajectoryRecorder(2, 1, tmp_path / "file")
    with pytest.raises(InputError, match="must hold a recording"):
        TrajectoryRecorder.load(tmp_path / "nothing")


def test_an_infinite_loss_is_the_most_suspicious(recorder):
    recorder.record(0, [0, 1, 2], [1.0, np.inf, 2.0], [1, 0, 1])
    recorder.record(1, [0, 1, 2], [1.0, 1e39, 2.0], [1, 0, 1])  # beyond float32
    assert rank_suspects(recorder)["index"].tolist() == [1, 2, 0, 3] and np.isinf(recorder.losses[:2, 1]).all()


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"PK\x03\x04", b"\x80\x04.", "header", np.zeros((1, 2))])
def test_files_that_are_no_array_of_a_recorder_are_named(tmp_path, damage):
    TrajectoryRecorder(2, 1, tmp_path).record(0, [0], [1.0], [True])
    whole = (tmp_path / "losses.npy").read_bytes()
    damage = whole.replace(b"{'descr'", b"{{{{{{{{") if isinstance(damage, str) else damage
    (tmp_path / "losses.npy").write_bytes(damage) if isinstance(damage, bytes) else np.save(tmp_path / "losses", damage)
    with pytest.raises(InputError, match=r"losses\.npy must be (a whole \.npy file|float32 of shape \(1, 2\))"):
        TrajectoryRecorder.load(tmp_path)


def test_an_archive_in_the_place_of_an_array_is_named(tmp_path):
    TrajectoryRecorder(2, 1, tmp_path)
    np.savez(tmp_path / "other.npz", losses=np.zeros((1, 2), np.float32))
    (tmp_path / "other.npz").replace(tmp_path / "losses.npy")
    with pytest.raises(InputError, match=r"losses\.npy must be a whole \.npy file"):
        TrajectoryRecorder.load(tmp_path)


def test_damaged_recordings_and_other_versions_are_named(tmp_path):
    TrajectoryRecorder(2, 1, tmp_path)
    (tmp_path / "losses.npy").write_bytes((tmp_path / "losses.npy").read_bytes()[:-1])
    with pytest.raises(InputError, match=r"losses\.npy must be a whole \.npy file"):
        TrajectoryRecorder.load(tmp_path)
    about = json.loads((tmp_path / "recorder.json").read_text())
    (tmp_path / "recorder.json").write_text(json.dumps({**about, "format": 99}))
    with pytest.raises(InputError, match="holds format 99"):
        TrajectoryRecorder.load(tmp_path)
    for text in ("[]", "{}", '{"format": 3}'):
        (tmp_path / "recorder.json").write_text(text)
        with pytest.raises(InputError, match="must hold a recording"):
            TrajectoryRecorder.load(tmp_path)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"n": "2"}, "n must be a whole number"),
        ({"n": -2}, "n must be a whole number"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"measured": "once"}, "measured must be one of"),
        ({"repeats": []}, "repeats must be one of"),
        ({"first_epoch": "one"}, "first_epoch must be a whole number"),
        ({"columns": 0}, "columns must be a whole number"),
    ],
)
def test_a_note_that_cannot_be_is_told(tmp_path, change, words):
    TrajectoryRecorder(2, 1, tmp_path).record(0, [0], [1.0], [True])
    about = json.loads((tmp_path / "recorder.json").read_text())
    (tmp_path / "recorder.json").write_text(json.dumps(about | change))
    with pytest.raises(InputError, match=f"the note of a recording must be whole; .* {words}"):
        TrajectoryRecorder.load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["recorder.json", "losses.npy"])
def test_a_pipe_in_a_recording_is_not_waited_for(tmp_path, name):
    TrajectoryRecorder(2, 1, tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    for opened in (TrajectoryRecorder.load, TrajectoryRecorder.resume):
        with pytest.raises(InputError, match="no file|must hold a recording"):
            opened(tmp_path)


def test_a_note_nested_without_end_is_none(tmp_path):
    (tmp_path / "recorder.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="must hold a recording"):
        TrajectoryRecorder.load(tmp_path)


def test_a_loaded_recording_is_for_reading(tmp_path):
    TrajectoryRecorder(2, 1, tmp_path)
    with pytest.raises(InputError, match=r"was loaded for reading. Go on with TrajectoryRecorder.resume\(folder\)"):
        TrajectoryRecorder.load(tmp_path).record(0, [0], [1.0], [True])


def test_a_folder_without_room_is_told_before_any_file_is_made(tmp_path):
    """A mapped file on a full disk would not raise: it ends the process."""
    with pytest.raises(InputError, match=r"must have room for the recording, 2e\+04 GB; .* GB free. Name a folder on"):
        TrajectoryRecorder(10**9, 1000, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_older_recording_is_named(tmp_path):
    TrajectoryRecorder(2, 1, tmp_path)
    about = json.loads((tmp_path / "recorder.json").read_text())
    (tmp_path / "recorder.json").write_text(json.dumps({**about, "format": 2}))
    with pytest.raises(InputError, match="recording must be of format 3; .* holds format 2. Open it with the version"):
        TrajectoryRecorder.load(tmp_path)


def test_a_file_of_another_shape_is_not_taken_for_its_own(tmp_path):
    for n, name in ((2, "small"), (3, "large")):
        TrajectoryRecorder(n, 1, tmp_path / name)
    (tmp_path / "large" / "given.npy").replace(tmp_path / "small" / "given.npy")
    with pytest.raises(InputError, match=r"given\.npy must be float32 of shape \(2,\); got float32 of \(3,\)"):
        TrajectoryRecorder.load(tmp_path / "small")


def test_a_file_with_fewer_epochs_than_were_recorded_is_named(tmp_path):
    recorder = TrajectoryRecorder(2, 2, tmp_path)
    for epoch in range(2):
        recorder.record(epoch, [0], [1.0], [True])
    np.save(tmp_path / "margin.npy", np.zeros((1, 2), np.float32))
    for opened in (TrajectoryRecorder.load, TrajectoryRecorder.resume):
        with pytest.raises(InputError, match=r"margin\.npy must be float32 of shape \(2, 2\); got float32 of \(1, 2\)"):
            opened(tmp_path)


def test_what_was_recorded_can_be_asked(recorder):
    assert not recorder.has("losses")
    recorder.record(0, [1], [0.5], [True], given=[7])
    fields = ("losses", "correct", "margin", "confidence", "called", "given")
    assert [recorder.has(field) for field in fields] == [True, True, False, False, False, True]
    with pytest.raises(InputError, match="field must be one of losses, .*; got 'loss'"):
        recorder.has("loss")


def test_a_recorder_that_could_not_start_leaves_a_folder_that_can_be_used(tmp_path, monkeypatch):
    monkeypatch.setattr(np.lib.format, "open_memmap", lambda *a, **k: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        TrajectoryRecorder(2, 1, tmp_path)
    monkeypatch.undo()
    TrajectoryRecorder(2, 1, tmp_path)
    assert TrajectoryRecorder.load(tmp_path).n == 2


def test_a_recorder_can_be_sent_between_processes(recorder):
    recorder.record(0, [1], [0.5], [True], given=[7])
    again = pickle.loads(pickle.dumps(recorder))
    np.testing.assert_array_equal(again.losses, recorder.losses)


def test_suspects_are_ranked_by_mean_loss_over_the_epochs_seen(recorder):
    recorder.record(0, [0, 1, 2], [1.0, 5.0, 2.0], [1, 0, 1])
    recorder.record(1, [0, 2], [2.0, 8.0], [1, 0])
    table = rank_suspects(recorder)
    assert table["index"].tolist() == [1, 2, 0, 3]  # 1 and 2 tie at 5.0: the lower index first
    assert dict(zip(table["index"], table["score"], strict=True))[0] == 1.5
    assert np.isnan(table["score"].iloc[-1]) and table["why"].iloc[-1] == "never seen in training"
    early = rank_suspects(recorder, epochs=1)
    assert early["index"].tolist() == [1, 2, 0, 3] and "more suspicious than 2 other samples" in early["why"].iloc[0]


def test_a_row_of_losses_is_enough_to_rank():
    assert rank_suspects(np.array([0.1, 3.0, 2.0]))["index"].tolist() == [1, 2, 0]
    with pytest.raises(InputError, match=r"shape \(n,\) or \(epochs, n\)"):
        rank_suspects(np.zeros((2, 2, 2)))
