"""Problem sets with a kernel: what a student can do to the grader, and the verdict on it."""

import json
import os
import re
import subprocess
import sys
import threading

import nbformat
import pandas as pd
import psutil
import pytest
from problem_set import SOLVED, student_notebook, write_judged_source, write_source

from itlm_kit.course.assignments import cage, read_assignment, session
from itlm_kit.course.assignments.feedback import keep_marks, read_marks, write_grades
from itlm_kit.course.assignments.grading import GRADED, STOPPED, Grade, Limits, grade, grade_all
from itlm_kit.course.assignments.submissions import Submission
from itlm_kit.errors import InputError

walled = pytest.mark.skipif(cage.walls() != "walls", reason=f"on this machine {cage.WORDS[cage.walls()]}")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder with the toy problem set in `source` and an empty folder `handed in`."""
    folder = tmp_path_factory.mktemp("a course")
    write_source(folder / "source")
    (folder / "handed in").mkdir()
    return folder


@pytest.fixture
def graded(course):
    """Grade one submission whose cells say what is given: graded(square="...") -> Grade."""
    toy = read_assignment("toy", course / "source")

    def run(limits=None, **answers):
        path = course / "handed in" / "one.ipynb"
        nbformat.write(student_notebook(toy, **{**SOLVED, **answers}), path)
        hidden = (course / "source", course / "handed in")
        return grade(toy, Submission("one", (path,)), limits or Limits(hidden=hidden))

    return run


def test_each_test_that_passes_gives_its_points(graded):
    found = graded(cube="def cube(x):\n    return x * x * abs(x)")
    assert found.verdict == GRADED and found.points == {"square-test": 4, "cube-test": 0, "why": None}
    assert found.errors == {"cube-test": "AssertionError"} and found.total == 4


# What a student writes in the first cell, the points that the tests then give, and what is said about it.
TRICKS = {
    "a printed score": ("print('100 of 100 points')\nprint('{\"score\": 10}')", 0, 6, "square-test", "NameError"),
    "sys.exit": ("def square(x):\n    import sys\n    sys.exit(0)", 0, 6, "square-test", "SystemExit: 0"),
    "errors made silent": (
        "get_ipython().set_custom_exc((BaseException,), lambda *error, **more: None)\nsquare = abs",
        0, 6, "square-test", "AssertionError: two",
    ),
    "a test that is true": (
        "import numpy as np\nnp.isclose = lambda *a: True\ndef square(x):\n    return 4", 0, 0, "square-test",
        "this notebook replaces numpy.isclose, so its tests prove nothing",
    ),
    "an error of its own": ("def square(x): return x * x\n1 / 0", 4, 6, "square", "ZeroDivisionError"),
    "a syntax error": ("def square(x) return", 0, 6, "square", "SyntaxError"),
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_gains_nothing(graded, trick):
    code, square, cube, place, words = TRICKS[trick]
    found = graded(square=code)
    assert found.verdict == GRADED and (found.points["square-test"], found.points["cube-test"]) == (square, cube)
    assert words in found.errors[place]


def test_python_that_ends_itself_keeps_what_was_earned_before(graded):
    found = graded(cube="import os\nos._exit(0)")
    assert found.verdict == STOPPED and found.points == {"square-test": 4, "cube-test": 0, "why": None}
    assert found.notes == ["cube: Python ended, by an exit or a crash; what came after was not run"]


def test_a_cell_that_takes_too_long_is_stopped_and_the_rest_is_run(graded):
    found = graded(Limits(seconds=2), square="while True:\n    print('x' * 1000)")
    assert found.verdict == GRADED and found.points["cube-test"] == 6
    assert found.errors["square"] == "it took longer than 2 s and was stopped"


def test_memory_beyond_the_limit_is_refused_and_the_rest_is_run(graded):
    found = graded(Limits(megabytes=600), square="import numpy as np\nhoard = np.ones(10**9)")
    assert found.verdict == GRADED and found.points["cube-test"] == 6
    assert "MemoryError" in found.errors["square"]


SPY = """
from pathlib import Path
import socket, itlm_kit
def looked(action):
    try:
        return str(action())
    except Exception as error:
        return type(error).__name__
found = [
    [path for path in Path(SOURCE).rglob("*.ipynb")],
    [path for path in Path(HANDED_IN).iterdir()],
    looked(lambda: (Path(HOME) / "itlm_kit_was_here").write_text("x")),
    looked(lambda: socket.create_connection(("127.0.0.1", PORT), 2)),
    looked(lambda: Path("/proc/PARENT").exists()),
    looked(lambda: [Path("mine").write_text("x"), Path("mine").read_text()]),
    looked(lambda: [name for name in __import__("os").environ if "SECRET" in name]),
]
raise Exception(found)
"""


@walled
def test_a_submission_sees_no_solution_no_other_submission_and_no_network(graded, course, monkeypatch):
    import socket

    monkeypatch.setenv("MY_SECRET", "1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = {"SOURCE": repr(str(course / "source")), "HANDED_IN": repr(str(course / "handed in")),
                  "HOME": repr(os.path.expanduser("~")), "PORT": str(server.getsockname()[1]),
                  "PARENT": str(os.getpid())}  # fmt: skip
        found = graded(square=re.sub("|".join(places), lambda name: places[name[0]], SPY))
    said = "[[], [], 'OSError', 'OSError', 'False', \"[1, 'x']\", '[]']"
    assert found.errors["square"] == f"Exception: {said}"


def test_nothing_is_left_when_grading_is_broken_off(course, graded):
    toy, path = read_assignment("toy", course / "source"), course / "handed in" / "endless.ipynb"
    nbformat.write(student_notebook(toy, square="import time\ntime.sleep(1000)"), path)
    done = course / "handed in" / "done.ipynb"
    nbformat.write(student_notebook(toy, **SOLVED), done)
    submissions = [Submission("done", (done,)), Submission("endless", (path,))]
    grades = grade_all(toy, submissions, Limits(seconds=10**6), jobs=2)
    assert next(grades).student == "done"
    grades.close()
    started = [process.cmdline() for process in psutil.Process().children(recursive=True)]
    assert not [words for words in started if any("assignments.kernel" in word for word in words)]


@pytest.fixture(scope="module")
def guessed(tmp_path_factory):
    """Grade an answer to the set that asks for data: guessed("def guess(): ...") -> Grade."""
    folder = tmp_path_factory.mktemp("data")
    guess, path = read_assignment("guess", write_judged_source(folder)), folder / "one.ipynb"

    def run(code):
        nbformat.write(student_notebook(guess, guess=code), path)
        return grade(guess, Submission("one", (path,)), Limits())

    return run


def test_data_are_judged_apart_from_the_code_that_made_them(guessed):
    found = guessed("def guess():\n    return [3, 4, 5]")
    assert found.points == {"saved": 3, "judged": 7} and found.scores == {"sum": 12}


# What a student writes, the points for saving and for the data, the score, and what is said about the data.
FORGED = {
    "another judge": (
        "guess = lambda: [1, 1]\ngiven = lambda: 99\nimport pathlib\npathlib.Path('score').write_text('99')",
        3, 0, {"sum": 2}, "AssertionError: too little",
    ),
    "code in the data": (
        "class Run:\n    def __reduce__(self):\n        return exec, ('import os; os._exit(0)',)\n"
        "np.savez('guess.npz', given=np.array([Run()], object))\nguess = None",
        0, 0, {}, "ValueError: Object arrays cannot be loaded when allow_pickle=False",
    ),
    "a link": (
        "import os\nos.symlink('/etc/hostname', 'guess.npz')\nguess = None",
        0, 0, {}, "FileNotFoundError: [Errno 2] No such file or directory: 'guess.npz'",
    ),
    "an end after the data are saved": (
        "np.savez('guess.npz', given=[4.0])\nimport os\nos._exit(0)", 0, 7, {"sum": 4}, None
    ),
}  # fmt: skip


@pytest.mark.parametrize("trick", FORGED)
def test_data_cannot_be_forged(guessed, trick):
    code, saved, judged, scores, words = FORGED[trick]
    found = guessed(code)
    assert (found.points["saved"], found.points["judged"], found.scores) == (saved, judged, scores)
    assert found.errors.get("judged") == words


def test_a_kernel_that_cannot_start_is_the_teachers_affair(graded):
    with pytest.raises(InputError, match="a kernel must start within the limits"):
        graded(Limits(megabytes=1))


def test_a_folder_that_python_needs_is_not_taken_away(tmp_path):
    walls = cage.command(["true"], tmp_path, hidden=[tmp_path.parent, sys.prefix, tmp_path / "nothing"])
    assert str(tmp_path.parent) not in walls and sys.prefix not in walls


def test_names_and_answers_that_are_no_unicode_are_written_and_their_marks_kept(tmp_path):
    toy = read_assignment("toy", write_source(tmp_path / "source"))
    odd = os.fsdecode(b"Zo\xeb")
    one = Grade(odd, GRADED, {"square-test": 4.0, "cube-test": 0.0, "why": None}, answers={"why": "it \ud800 grows"})
    write_grades(toy, [one], tmp_path / "toy.csv")
    assert "it \\ud800 grows" in (tmp_path / "toy" / f"{odd}.html").read_text()
    table = (tmp_path / "toy.csv").read_text("utf-8-sig").replace(",,", ",3,")
    (tmp_path / "toy.csv").write_text(table)
    keep_marks([one], read_marks(toy, tmp_path / "toy.csv", [odd]))
    assert "Zo\\xeb" in table and one.points["why"] == 3


@pytest.mark.parametrize("content", ["", " ", "a\n", '"', "\0"])
def test_a_table_of_marks_that_is_none_is_told(tmp_path, content):
    toy = read_assignment("toy", write_source(tmp_path / "source"))
    (tmp_path / "toy.csv").write_text(content)
    with pytest.raises(InputError, match="out must be new or a table of grades"):
        read_marks(toy, tmp_path / "toy.csv", [])


def test_the_commands_of_a_course(itlm, course, tmp_path):
    source = ("--source", course / "source")
    code, out, _ = itlm("assignment", "release", "toy", "handed in/Zoë", *source)
    assert code == 0 and out.strip() == "handed in/Zoë/toy.ipynb"
    assert itlm("assignment", "solutions", "toy", "handed in/Jörg Müller.ipynb", *source)[0] == 0
    copied = nbformat.read(tmp_path / "handed in/Zoë/toy.ipynb", as_version=4)
    copied.cells.append(copied.cells[0])
    (tmp_path / "handed in/Zoë/toy.ipynb").write_text(json.dumps(copied))
    (tmp_path / "handed in/Nobody").mkdir()
    (tmp_path / "handed in/PDF.ipynb").write_bytes(b"%PDF-1.4")
    code, out, error = itlm("assignment", "grade", "handed in", *source, "--jobs", 2, "--out", "marks/toy.csv")
    assert (
        code == 0
        and "toy, 4 submissions" in out
        and cage.WORDS[cage.walls()] in out
        and not re.search("Traceback|warning", error)
    )
    table = pd.read_csv(tmp_path / "marks/toy.csv", encoding="utf-8-sig").set_index("student")
    assert table["total"].to_dict() == {"Jörg Müller": 10, "Nobody": 0, "PDF": 0, "Zoë": 0}
    verdicts = {"Jörg Müller": "graded", "Nobody": "no submission", "PDF": "not readable", "Zoë": "graded"}
    assert table["verdict"].to_dict() == verdicts
    assert table["to read"].to_dict() == {"Jörg Müller": 5, "Nobody": 0, "PDF": 0, "Zoë": 0}
    assert "10 of 15 points so far" in (tmp_path / "marks/toy/Jörg Müller.html").read_text()
    assert "because it grows" in itlm("assignment", "solutions", "toy", *source)[1]


def test_points_entered_in_the_table_reach_the_total_and_the_page(itlm, course, tmp_path):
    words = ("assignment", "grade", "handed in", "--source", course / "source", "--out", "toy.csv")
    itlm("assignment", "solutions", "toy", "handed in/Jo.ipynb", "--source", course / "source")
    itlm(*words)
    table = pd.read_csv("toy.csv", encoding="utf-8-sig").astype({"why": object})
    table["why"] = "4,5"
    table.to_csv("toy.csv", sep=";", index=False)
    assert itlm(*words)[0] == 0
    (row,) = pd.read_csv("toy.csv", encoding="utf-8-sig").to_dict("records")
    assert (row["why"], row["total"], row["to read"]) == (4.5, 14.5, 0)
    assert "14.5 of 15 points</p>" in (tmp_path / "toy/Jo.html").read_text()
    (tmp_path / "handed in/Jo.ipynb").rename(tmp_path / "handed in/Joe.ipynb")
    before = (tmp_path / "toy.csv").read_bytes()
    code, _, error = itlm(*words)
    assert code == 2 and "has some of Jo, and the folder no such student" in error
    assert (tmp_path / "toy.csv").read_bytes() == before


def test_a_folder_with_two_sets_is_refused_until_one_is_named(itlm, tmp_path):
    source = write_judged_source(write_source(tmp_path / "source"))
    for name in ("toy", "guess"):
        itlm("assignment", "solutions", name, "in/anna", "--source", source)
    itlm("assignment", "solutions", "guess", "in/ben", "--source", source)
    words = ("assignment", "grade", "in", "--source", source)
    code, out, error = itlm(*words)
    assert code == 2 and not out and "got notebooks of guess (2) and toy (1)" in error and "--name guess" in error
    assert itlm(*words, "--name", "toy")[0] == 0
    table = pd.read_csv("grades.csv", encoding="utf-8-sig").set_index("student")
    assert table["verdict"].to_dict() == {"anna": "graded", "ben": "another set"}


BAD = [
    (["release", "tyo", "out"], "assignment must be one of toy; got 'tyo'"),
    (["release", "toy", "a_file"], "results must go to a folder that can be written; a_file"),
    (["grade", "nothing"], "folder must be one of submissions; there is none at nothing"),
    (["grade", "."], "folder must hold STUDENT.ipynb"),
    (["grade", ".", "--out", "grades.xlsx"], "out must be a name that ends in .csv; got 'grades.xlsx'"),
    (["grade", ".", "--timeout", "0"], "0 is not in the range"),
    (["solutions", "tyo"], "assignment must be one of toy; got 'tyo'"),
]


@pytest.mark.parametrize("arguments, words", BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(itlm, course, tmp_path, arguments, words):
    (tmp_path / "a_file").write_text("mine")
    code, _, error = itlm("assignment", *arguments, "--source", course / "source")
    assert code == 2 and error.count("\n") == 1 and words in error
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]


@pytest.mark.slow
def test_ten_gigabytes_in_small_pieces_and_children(graded):
    found = graded(square="hoard = []\nwhile True:\n    hoard.append(b'x' * 10**7)")
    assert found.verdict == GRADED and "MemoryError" in found.errors["square"]
    fork = "import os, time, numpy as np\npids = [os.fork() for _ in range(3)]\nhoard = np.ones(10**8)\ntime.sleep(60)"
    found = graded(square=fork)
    assert found.verdict == STOPPED and found.notes[0].startswith("square: it took more than 2000 MB of memory")


@pytest.mark.slow
def test_an_endless_loop_that_takes_no_interrupt_is_ended(graded):
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    found = graded(Limits(seconds=2), cube=deaf)
    assert found.verdict == STOPPED and found.points["square-test"] == 4
    assert found.notes == ["cube: it took longer than 2 s and could not be stopped; what came after was not run"]


@pytest.mark.slow
def test_a_session_can_be_ended_from_outside(tmp_path):
    stop = threading.Event()
    with session.session(tmp_path, megabytes=1000, stop=stop) as running:
        threading.Timer(1, stop.set).start()
        with pytest.raises(session.Died):
            running.run("import time; time.sleep(1000)", 100)


HOLDS_A_SESSION = """\
import sys, tempfile, time
from pathlib import Path
from itlm_kit.course.assignments import session

with session.session(Path(tempfile.mkdtemp()), megabytes=1000):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not cage.tied(), reason="this system cannot end a process with the one that started it")
def test_a_grader_that_is_killed_leaves_no_submission_running():
    grader = subprocess.Popen([sys.executable, "-c", HOLDS_A_SESSION], stdout=subprocess.PIPE, text=True)
    assert grader.stdout.readline() == "ready\n"
    family = psutil.Process(grader.pid).children(recursive=True)
    grader.kill()
    grader.wait()
    assert family and not psutil.wait_procs(family, timeout=10)[1]
