"""Files are whole or not there, whoever else writes them."""

import errno
from pathlib import Path
from threading import Barrier, Thread

import pytest

from itlm_kit import InputError
from itlm_kit.experiments.store import ResultStore
from itlm_kit.files import as_path, write_atomically, writing_to
from itlm_kit.runner.run import find_notebooks


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
