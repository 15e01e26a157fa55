"""Bars with the time left: where somebody watches, after two seconds, and nowhere else."""

import io
import sys

import pytest

from itlm_kit.progress import progress


class Screen(io.StringIO):
    """Where somebody watches."""

    def isatty(self):
        return True


@pytest.fixture
def written(monkeypatch):
    """What stands on a stream after three steps of as many seconds each."""

    def after_steps(stream, seconds):
        clock = iter(range(1, 1000 * seconds, seconds))
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
        assert list(progress("abc", words="steps")) == ["a", "b", "c"]
        return stream.getvalue()

    return after_steps


def test_a_screen_sees_what_takes_long(written):
    assert "steps:  67%" in written(Screen(), seconds=30)


def test_what_is_soon_over_needs_no_bar(written, monkeypatch):
    monkeypatch.setattr("itlm_kit.progress.DELAY", 1000)
    assert "steps" not in written(Screen(), seconds=30)


def test_without_tqdm_there_is_none(written, monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    assert written(Screen(), seconds=30) == ""
    with progress(total=2, words="steps") as bar:
        bar.update()


def test_there_is_none_in_a_log(written):
    assert written(io.StringIO(), seconds=30) == ""
