"""Files are whole or not there, whoever else writes them."""

import errno
import gc
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest

from itlm_kit import InputError, files
from itlm_kit.experiments.store import ResultStore
from itlm_kit.files import as_path, scratch_folder, whole_folder, write_arrays, write_atomically, writing_to
from itlm_kit.runner import find_notebooks


def test_arrays_that_are_cut_while_they_are_written_leave_no_file_and_no_complaint(tmp_path, monkeypatch):
    class Cut:
        def __array__(self, *_, **__):
            raise KeyboardInterrupt

    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    write_arrays(tmp_path / "a.npz", {"x": np.arange(3)})
    with pytest.raises(KeyboardInterrupt):
        write_arrays(tmp_path / "a.npz", {"x": np.arange(9), "y": Cut()})
    gc.collect()
    assert np.load(tmp_path / "a.npz")["x"].tolist() == [0, 1, 2] and os.listdir(tmp_path) == ["a.npz"]
    assert complaints == []


def test_two_threads_may_write_one_file(tmp_path):
    together, errors = Barrier(2), []

    def write(text):
        def fill(file):
            file.write(text)
            together.wait(5)  # both parts are open now

        try:
            write_atomically(tmp_path / "a.txt", fill)
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=write, args=(text,)) for text in (b"one" * 9, b"two" * 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() in (b"one" * 9, b"two" * 9)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    write_atomically(tmp_path / "a.txt", lambda file: file.write(b"old"))

    def fill(file):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError, match="No space left"), writing_to(tmp_path):
        write_atomically(tmp_path / "a.txt", fill)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_path_may_start_at_home(tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert as_path("~/a/b") == as_path(Path("~/a/b")) == tmp_path / "a/b" and as_path("a~") == Path("a~")
    assert ResultStore("~/runs").folder == tmp_path / "runs"
    with pytest.raises(InputError, match=f"{tmp_path / 'mine'} has none"):
        find_notebooks(folder="~/mine")


@pytest.mark.parametrize("path", [None, 3, b"bytes", "~nobody-of-this-name/x"])
def test_what_is_no_path_is_told(path):
    with pytest.raises(InputError, match="out must be the name of a file or folder; got "):
        as_path(path, "out")


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "\ud800", None, "~nobody_at_all"])
def test_what_can_be_no_name_is_told(name):
    with pytest.raises(InputError, match="place must be the name of a file or folder"):
        as_path(name, "place")


# What a process that was killed has left


@pytest.fixture
def as_dead(monkeypatch):
    """Context: what is done in it is done under the number of a process that is no more."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    @contextmanager
    def begin():
        with monkeypatch.context() as dead:
            dead.setattr(files.os, "getpid", lambda: ended.pid)
            yield

    return begin()


def test_a_temporary_folder_that_a_kill_left_goes_when_the_next_one_begins(tmp_path, monkeypatch, as_dead):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "itlm_of_somebody_else").mkdir()
    with as_dead:
        left = scratch_folder()
        (left.__enter__() / "kernel.log").touch()
    assert len(list(tmp_path.iterdir())) == 2
    with scratch_folder() as mine, scratch_folder() as more:
        assert {path.name for path in tmp_path.iterdir()} == {"itlm_of_somebody_else", mine.name, more.name}
    assert [path.name for path in tmp_path.iterdir()] == ["itlm_of_somebody_else"]


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "new") as part:
        (part / "list.csv").touch()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with whole_folder(tmp_path / "new") as part:
        (part / "list.csv").touch()
        assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "list.csv"]


def test_what_a_kill_left_half_written_goes_when_the_same_file_is_written(tmp_path, as_dead):
    def leave(name):
        (tmp_path / f"{files._of_mine(name)}x.part").touch()

    leave("a.txt.")  # by a process that is still at work
    with as_dead:
        leave("a.txt.")
        leave("b.txt.")
    write_atomically(tmp_path / "a.txt", lambda file: file.write(b"whole"))
    assert sorted(path.name[:6] for path in tmp_path.iterdir()) == ["a.txt", "a.txt.", "b.txt."]
