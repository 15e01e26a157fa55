"""How a command ends that is stopped from outside, and what it says where the terminal lacks characters."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial

import psutil
import pytest
from planted import SOUND, write_notebook

from itlm_kit.cli import terminal
from itlm_kit.errors import InputError
from itlm_kit.runner.progress import MOST_WORDS, told

NAMES = ("SIGTERM", "SIGHUP")
ends = pytest.mark.parametrize("end", NAMES)
LEAVES_A_PROCESS = """\
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("child", "w").write(str(child.pid))"""


def start(tmp_path, *arguments, ignore=None, **environment):
    """The command in a session of its own, with a folder of its own for what is temporary."""
    (tmp_path / "temporary").mkdir(exist_ok=True)
    heed = "".join(  # whatever the tests themselves run under
        f"signal.signal(signal.{end}, signal.{'SIG_IGN' if end == ignore else 'SIG_DFL'}); "
        for end in filter(partial(hasattr, signal), NAMES)
    )
    planted = "import itlm_kit.runner.folder as folder; folder.FIRST = '01_sound.ipynb'; " if "run" in arguments else ""
    code = f"import signal; {heed}{planted}from itlm_kit.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=tmp_path, start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary"), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def waited_for(path, process):
    while not path.exists() or not path.read_text():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return path.read_text()


@pytest.mark.posix
@ends
def test_a_run_that_is_ended_leaves_no_process_and_no_temporary_folder(tmp_path, end):
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    write_notebook(tmp_path / "notebooks", "02_slow", LEAVES_A_PROCESS, "import time\ntime.sleep(600)")
    process = start(tmp_path, "run", "2", "--out", "out")
    child = psutil.Process(int(waited_for(tmp_path / "notebooks" / "child", process)))
    family = [child, *psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(getattr(signal, end))  # to the command alone, as a scheduler does
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130 and b"--resume goes on" in out and error == b""
    assert not psutil.wait_procs(family, timeout=10)[1]
    assert not list((tmp_path / "temporary").glob("itlm_*"))


def test_what_a_cell_has_started_ends_with_its_notebook(tmp_path):
    write_notebook(tmp_path / "notebooks", "01_sound", LEAVES_A_PROCESS, "import time\ntime.sleep(1)")
    process = start(tmp_path, "run", "--out", "out")
    assert process.wait(120) == 0
    pid = int((tmp_path / "notebooks" / "child").read_text())
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=10)


@pytest.mark.posix
@ends
def test_a_reproduction_that_is_ended_leaves_no_process_and_goes_on(tmp_path, end):
    command = ["reproduce", "fig7", "--jobs", "2", "--out", "cells"]
    process = start(tmp_path, *command)
    while not list(tmp_path.glob("cells/fig7/*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(getattr(signal, end))
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and b"the same command goes on" in out
    assert not psutil.wait_procs(workers, timeout=10)[1]


@pytest.mark.posix
def test_a_command_under_nohup_outlives_the_terminal(tmp_path):
    write_notebook(
        tmp_path / "notebooks", "01_sound", SOUND, "import time\nopen('begun', 'w').write('x')\ntime.sleep(2)"
    )
    process = start(tmp_path, "run", "--out", "out", ignore="SIGHUP")
    waited_for(tmp_path / "notebooks" / "begun", process)
    process.send_signal(signal.SIGHUP)
    assert process.wait(120) == 0


slowly = [pytest.param(each, marks=pytest.mark.slow) for each in ("cp437", "cp850", "latin-1")]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", *slowly])
def test_claims_are_printed_whatever_characters_there_are(tmp_path, encoding):
    process = start(tmp_path, "claims", PYTHONIOENCODING=encoding)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0 and error == b"" and b"Theorem 7" in out


def test_a_letter_that_the_terminal_lacks_ends_no_run(tmp_path):
    write_notebook(tmp_path / "notebooks", "01_sound", "raise ValueError('α and \\x1b[31mη')")
    write_notebook(tmp_path / "notebooks", "02_more", SOUND)
    process = start(tmp_path, "run", "--out", "out", PYTHONIOENCODING="ascii")
    out, error = process.communicate(timeout=120)
    assert process.returncode == 1 and b"passed  02_more" in out and error == b""
    assert out.count(b"ValueError") == 1 and b"\x1b" not in out
    entries = json.loads((tmp_path / "out" / "results.json").read_text())["notebooks"]
    assert [entry["verdict"] for entry in entries] == ["failed", "passed"] and "α" in entries[0]["failure"]["error"]


def test_an_error_is_told_on_one_line_of_half_a_screen():
    failure = {"cell": 7, "kind": "error", "error": "ValueError: \x1b[1;31mred\x1b[0m\n" + "x" * 5000}
    line = told(failure)
    assert line.startswith("cell 7, error: ValueError: red xxx") and "\n" not in line and "\x1b" not in line
    assert MOST_WORDS < len(line) < MOST_WORDS + 80


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(terminal.Path, "home", nobody)
    with pytest.raises(InputError, match="must have a home folder; .*HOME=/tmp itlm"):
        terminal.check_home()
