"""Epochs as training brings them: counted from 1, more than announced, cut and done again, gone on with when killed."""

import shutil
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from silence import no_warnings

from itlm_kit import InputError, TrajectoryRecorder
from itlm_kit.trajectories import SCORES, storage
from itlm_kit.trajectories.fields import BY_EPOCH

NAN = np.nan


@pytest.fixture(params=["memory", "disk"])
def make(request, tmp_path):
    """A recorder in memory, or in a folder."""
    return lambda n, epochs, **how: TrajectoryRecorder(
        n, epochs, tmp_path / "run" if request.param == "disk" else None, **how
    )


@pytest.fixture
def silent():
    """Every warning is an error."""
    with no_warnings():
        yield


def put(recorder, epoch, losses, index=None):
    index = np.arange(len(losses)) if index is None else index
    recorder.record(epoch, index, losses, np.asarray(losses) < 2)


# Counted from 1


def test_an_epoch_1_that_comes_first_is_row_0_and_is_said_at_once(make):
    recorder = make(2, 3)
    with pytest.warns(UserWarning, match="counted from 0; this loop counts from 1, so its epoch 1 is row 0") as told:
        put(recorder, 1, [1.0], [0])
    assert told[0].filename == __file__
    with no_warnings():
        put(recorder, 1, [5.0], [1])
        for epoch in (2, 3):
            put(recorder, epoch, [epoch, 5.0])
    np.testing.assert_array_equal(recorder.losses, [[1, 5], [2, 5], [3, 5]])
    assert recorder.epochs == 3 and SCORES["first_learned"](recorder).tolist() == [0, np.inf]


@pytest.mark.filterwarnings("ignore:epochs are counted from 0")
def test_the_count_is_kept_and_goes_on_after_a_cut(tmp_path, silent):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        put(TrajectoryRecorder(2, 3, tmp_path), 1, [1.0, 1.0])
    recorder = TrajectoryRecorder.resume(tmp_path)
    put(recorder, 2, [2.0, 2.0])
    assert recorder.losses[:, 0].tolist() == [1, 2] and TrajectoryRecorder.load(tmp_path).first_epoch == 1
    with pytest.raises(InputError, match="epoch must be at least 1, the first one recorded; got 0. Count as before"):
        put(recorder, 0, [0.0, 0.0])


# Room


def test_more_epochs_than_announced_find_room(make, silent):
    recorder = make(3, 2)
    for epoch in range(40):
        assert recorder.epochs == epoch
        recorder.record_logits(epoch, [0, 2], np.array([[epoch, 0.0], [0.0, 0.0]]), [0, 1])
    assert recorder.losses.shape == recorder.seen.shape == (40, 3)
    np.testing.assert_array_equal(recorder.margin, [[epoch, NAN, 0] for epoch in range(40)])
    np.testing.assert_array_equal(recorder.given, [0, NAN, 1])
    if recorder.folder is not None:
        again = TrajectoryRecorder.load(recorder.folder)
        assert again.epochs == 40 and isinstance(recorder.losses, np.memmap)
        for name in BY_EPOCH:
            np.testing.assert_array_equal(getattr(again, name), getattr(recorder, name))
            np.testing.assert_array_equal(np.load(tmp := recorder.folder / f"{name}.npy")[:40], getattr(again, name))
            assert tmp.stat().st_size < 128 + 4 * 3 * 40 * 1.2


def test_fewer_epochs_than_announced_are_what_was_recorded(make):
    recorder = make(2, 100)
    put(recorder, 0, [1.0, 2.0])
    assert recorder.epochs == 1 and recorder.losses.tolist() == [[1, 2]]
    assert [len(list(SCORES["mean_loss"].by_epoch(recorder)))] == [1]


def test_a_million_samples_stay_on_disk_as_the_room_grows(tmp_path):
    n = 1_000_000
    recorder = TrajectoryRecorder(n, 1, tmp_path)
    put(recorder, 0, [1.0], [n - 1])
    tracemalloc.start()
    put(recorder, 1, [2.0], [n - 1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * 4 * n and all(isinstance(getattr(recorder, name), np.memmap) for name in BY_EPOCH)
    assert recorder.losses[:, -1].tolist() == [1, 2] and not recorder.seen[:, :-1].any()


def test_a_disk_without_room_for_more_is_told_and_leaves_what_is_there(tmp_path, monkeypatch):
    recorder = TrajectoryRecorder(2, 1, tmp_path)
    put(recorder, 0, [1.0, 2.0])
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(1, 1, 0))
        with pytest.raises(InputError, match="must have room for the recording, 4e-08 GB; .* has 0 GB free"):
            put(recorder, 1, [3.0, 4.0])
    assert recorder.epochs == 1
    put(recorder, 1, [3.0, 4.0])
    assert TrajectoryRecorder.load(tmp_path).losses.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("grown", [0, 2, 5])
@pytest.mark.parametrize("half_written", [False, True])
def test_a_process_killed_while_the_files_grow_leaves_them_whole(tmp_path, monkeypatch, grown, half_written):
    recorder = TrajectoryRecorder(2, 1, tmp_path)
    put(recorder, 0, [1.0, 2.0])
    whole, calls = storage._lengthen_file, []

    def killed(path, array, added):
        calls.append(path)
        if len(calls) <= grown:
            return whole(path, array, added)
        if half_written:
            path.write_bytes(path.read_bytes() + b"123456")
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(storage, "_lengthen_file", killed)
        with pytest.raises(KeyboardInterrupt) if grown < len(BY_EPOCH) else warnings.catch_warnings():
            put(recorder, 1, [7.0, 7.0])
    recorder = TrajectoryRecorder.resume(tmp_path)
    for epoch in (1, 2):
        put(recorder, epoch, [3.0, 4.0])
    assert TrajectoryRecorder.load(tmp_path).losses.tolist() == [[1, 2], [3, 4], [3, 4]]
    for name in BY_EPOCH:
        path = tmp_path / f"{name}.npy"
        assert path.stat().st_size == 128 + np.load(path).nbytes


# A gap


def test_an_epoch_that_is_left_out_is_named(make):
    recorder = make(2, 9)
    with pytest.raises(InputError, match="recorded one by one, the next is at most 1; got 2. .*open the folder with"):
        put(recorder, 2, [1.0, 1.0])
    put(recorder, 0, [1.0, 1.0])
    with pytest.raises(InputError, match="the next is at most 1; got 5"):
        put(recorder, 5, [1.0, 1.0])
    assert recorder.epochs == 1


def test_what_was_counted_from_1_is_named_by_its_own_numbers(make):
    recorder = make(2, 9)
    with pytest.warns(UserWarning, match="counts from 1"):
        put(recorder, 1, [1.0, 1.0])
    with pytest.raises(InputError, match="the next is at most 2; got 3"):
        put(recorder, 3, [1.0, 1.0])


# Done again


def test_an_epoch_recorded_again_after_another_replaces_itself_and_is_said(make):
    """As after a checkpoint is loaded since a loss went astray."""
    recorder = make(3, 3)
    for epoch in range(3):
        put(recorder, epoch, [1.0, 2.0, 3.0])
    with pytest.warns(UserWarning, match="epoch 1 is recorded again, after a later one: what it held before is"):
        put(recorder, 1, [9.0], [2])
    np.testing.assert_array_equal(recorder.losses, [[1, 2, 3], [NAN, NAN, 9], [1, 2, 3]])
    with no_warnings():
        put(recorder, 1, [8.0], [0])
        put(recorder, 2, [7.0], [0])
    np.testing.assert_array_equal(recorder.losses, [[1, 2, 3], [8, NAN, 9], [7, NAN, NAN]])
    with pytest.raises(InputError, match="the next is at most 2; got 3"):
        put(recorder, 1, [1.0, 1.0, 1.0])
        put(recorder, 3, [1.0, 1.0, 1.0])


def test_a_killed_job_goes_on_and_does_the_cut_epoch_again(tmp_path, silent):
    first = TrajectoryRecorder(4, 3, tmp_path)
    put(first, 0, [1.0, 2.0, 3.0, 4.0])
    put(first, 1, [5.0, 5.0], [0, 1])
    second = TrajectoryRecorder.resume(tmp_path, n=4)
    assert (second.n, second.epochs, second.measured, second.repeats) == (4, 2, "during", "last")
    put(second, 1, [6.0, 6.0], [3, 2])
    np.testing.assert_array_equal(second.losses, [[1, 2, 3, 4], [NAN, NAN, 6, 6]])
    put(second, 1, [6.0, 6.0], [1, 0])
    put(second, 2, [7.0] * 4)
    put(second, 3, [8.0] * 4)
    assert TrajectoryRecorder.load(tmp_path).losses.tolist() == [[1, 2, 3, 4], [6] * 4, [7] * 4, [8] * 4]


def test_an_older_checkpoint_does_several_epochs_again_each_in_its_turn(tmp_path, silent):
    first = TrajectoryRecorder(2, 3, tmp_path)
    for epoch in range(3):
        put(first, epoch, [1.0, 1.0])
    second = TrajectoryRecorder.resume(tmp_path)
    put(second, 1, [2.0], [0])
    np.testing.assert_array_equal(second.losses, [[1, 1], [2, NAN], [1, 1]])
    put(second, 2, [3.0], [1])
    np.testing.assert_array_equal(second.losses, [[1, 1], [2, NAN], [NAN, 3]])


def test_every_field_is_replaced(tmp_path):
    first = TrajectoryRecorder(2, 1, tmp_path)
    first.record_logits(0, [0, 1], [[1.0, 0], [1, 0]], [0, 1])
    second = TrajectoryRecorder.resume(tmp_path)
    put(second, 0, [4.0], [0])
    assert [second.has(name) for name in BY_EPOCH] == [True, True, False, False, False]
    np.testing.assert_array_equal(second.given, [0, 1])  # labels of the data set, not of an epoch


def test_a_recording_cut_before_its_first_batch_begins_as_new(tmp_path):
    TrajectoryRecorder(2, 3, tmp_path)
    with pytest.warns(UserWarning, match="counts from 1"):
        put(TrajectoryRecorder.resume(tmp_path), 1, [1.0, 2.0])
    assert TrajectoryRecorder.load(tmp_path).losses.tolist() == [[1, 2]]


def test_what_cannot_be_gone_on_with_is_named(tmp_path):
    with pytest.raises(InputError, match=r"must hold a recording \(recorder.json\); .*/nothing does not. Name the"):
        TrajectoryRecorder.resume(tmp_path / "nothing")
    recorder = TrajectoryRecorder(4, 3, tmp_path / "run", measured="after")
    recorder.record_logits(0, range(4), np.eye(4)[:, :3], [0, 1, 2, 0])
    with pytest.raises(InputError, match="n must be that of the recording in .*/run, 4; got 5. Record to a new"):
        TrajectoryRecorder.resume(tmp_path / "run", n=5)
    again = TrajectoryRecorder.resume(tmp_path / "run")
    put(again, 1, [1.0] * 4)
    for call, message in [
        ((2, [4], np.zeros((1, 3)), [0]), r"index must lie in 0\.\.3; got 4\.\.4"),
        ((2, [0], np.zeros((1, 5)), [0]), "logits must have as many columns as before, 3; got 5"),
        ((2, [0], np.zeros((1, 3)), [1]), "must keep its given label; sample 0 had 0 and now has 1"),
        ((3, [0], np.zeros((1, 3)), [0]), "the next is at most 2; got 3"),
    ]:
        with pytest.raises(InputError, match=message):
            again.record_logits(*call)
    assert again.epochs == 2


def test_what_is_loaded_stays_for_reading_while_another_goes_on(tmp_path):
    put(TrajectoryRecorder(2, 1, tmp_path), 0, [1.0, 2.0])
    reader, writer = TrajectoryRecorder.load(tmp_path), TrajectoryRecorder.resume(tmp_path)
    put(writer, 1, [3.0, 4.0])
    with pytest.raises(InputError, match="was loaded for reading"):
        put(reader, 1, [3.0, 4.0])
    assert reader.losses.tolist() == [[1, 2]] and writer.losses.tolist() == [[1, 2], [3, 4]]


def test_two_that_write_to_one_folder_are_told_before_they_spoil_it(tmp_path, monkeypatch):
    """As when each of several processes is given the same one, or a job is started again while it still runs."""
    first = TrajectoryRecorder(2, 3, tmp_path)
    put(first, 0, [1.0, 1.0])
    second = TrajectoryRecorder.resume(tmp_path)
    put(second, 1, [2.0, 2.0])
    with pytest.raises(InputError, match="one recorder that writes to it; another has taken .* with merge_recordings"):
        put(first, 1, [3.0, 3.0])
    assert second.losses.tolist() == [[1, 1], [2, 2]]
    with monkeypatch.context() as at_once:
        at_once.setattr(storage, "_make", lambda folder: folder.mkdir(exist_ok=True))  # neither sees the other yet
        both = [TrajectoryRecorder(2, 3, tmp_path / "new") for _ in range(2)]
    with pytest.raises(InputError, match="another has taken"):
        put(both[0], 0, [1.0, 1.0])
    put(both[1], 0, [2.0, 2.0])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@pytest.mark.filterwarnings("ignore:epochs are counted from 0", "ignore:epoch .* is recorded again")
def test_whatever_is_cut_and_done_again_each_epoch_holds_its_last_turn(data, tmp_path_factory):
    """Kills and older checkpoints, with and without a new process, counted from 0 or 1: against a dict of rows."""
    folder, n, first = tmp_path_factory.mktemp("cut"), 3, data.draw(st.integers(0, 1))
    recorder, rows, last = TrajectoryRecorder(n, 1, folder), {}, -1
    for turn in range(data.draw(st.integers(1, 12))):
        row = data.draw(st.integers(0, last + 1)) if rows else 0
        if row == last or data.draw(st.booleans()):
            recorder = TrajectoryRecorder.resume(folder, n)
        seen = data.draw(st.sets(st.integers(0, n - 1)))
        put(recorder, first + row, np.full(len(seen), turn), np.array(sorted(seen), int))
        rows[row], last = [turn if i in seen else NAN for i in range(n)], row
    for recording in (recorder, TrajectoryRecorder.load(folder)):
        np.testing.assert_array_equal(recording.losses, [rows[row] for row in range(len(rows))])


def test_a_folder_may_start_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    TrajectoryRecorder(2, 1, "~/run").record(0, [0, 1], [0.5, 0.1], [True, False])
    assert (tmp_path / "run" / "recorder.json").exists() and not (tmp_path / "~").exists()
    assert TrajectoryRecorder.load("~/run").n == TrajectoryRecorder.resume("~/run").n == 2
