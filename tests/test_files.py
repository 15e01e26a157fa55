"""Files are whole or not there, whoever else writes them."""

import errno
from threading import Barrier, Thread

import pytest

from itlm_kit import InputError
from itlm_kit.files import write_atomically, writing_to


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
