"""Whatever comes in, by thousands: it works or is refused in one line, and nothing else happens.

Nothing outside the folder of a case is written, no pickle is loaded, nothing takes longer than its limit.
"""

import copy
import json
import os
import pickle
import signal
import warnings
import zipfile
from contextlib import contextmanager
from functools import partial
from io import BytesIO

import nbformat
import numpy as np
import pytest
import toys
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from planted import SOUND, write_notebook
from problem_set import SOLVED, student_notebook, write_source
from sklearn.ensemble import ExtraTreesClassifier

from itlm_kit import InputError, TrajectoryRecorder, data, examine
from itlm_kit.chapters import experiment_names, get_experiment
from itlm_kit.cli.commands import _exit_code
from itlm_kit.course.assignments import grading, read_assignment
from itlm_kit.course.assignments.feedback import keep_marks, read_marks, write_grades
from itlm_kit.course.assignments.submissions import find_submissions, recognise
from itlm_kit.examine import table_classes
from itlm_kit.experiments.gathering import gather
from itlm_kit.experiments.store import ResultStore
from itlm_kit.names import readable
from itlm_kit.runner import Run, Settings, find_notebooks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers for signals"),
]

CASES = {
    "options": 500, "settings": 150, "tables": 300, "pictures": 250, "cells": 300, "published": 200, "recordings": 350,
    "submissions": 200, "marks": 100, "runs": 150,
}  # fmt: skip
MOST_SECONDS = 30  # of one case, as its own work
MOST_WAITING = 120  # of one case by the clock, however busy the machine is


class TooLong(BaseException):
    """Beyond whatever is caught."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to be in, with a home: all that may change is below `case`."""
    for name in ("here", "home", "case"):
        (tmp_path / name).mkdir()
    for variable in ("HOME", "USERPROFILE", "ITLM_DATA_ROOT"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100000")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def tried(name, place, cases, check):
    """Let hypothesis draw CASES[name] cases, and check(case, folder) each in a new folder."""
    count, before = 0, contents(place)

    @settings(
        max_examples=CASES[name], phases=[Phase.generate, Phase.shrink], deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases)
    def try_one(case):
        nonlocal count
        count += 1
        folder = place / "case" / str(count)
        folder.mkdir()
        with limited(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(case, folder)
        assert contents(place) == before

    try_one()
    assert count >= CASES[name]


def contents(place):
    """All that lies in the place, but for what is in the folders of cases."""
    return {path: path.lstat().st_mtime_ns for path in place.rglob("*") if place / "case" not in (path, *path.parents)}


@contextmanager
def limited():
    def end(number, frame):
        raise TooLong(f"longer than {MOST_SECONDS} s of work, or {MOST_WAITING} s by the clock")

    kinds = {signal.SIGPROF: (signal.ITIMER_PROF, MOST_SECONDS), signal.SIGALRM: (signal.ITIMER_REAL, MOST_WAITING)}
    before = {number: signal.signal(number, end) for number in kinds}
    try:
        for kind, seconds in kinds.values():
            signal.setitimer(kind, seconds)
        yield
    finally:
        for number, (kind, _) in kinds.items():
            signal.setitimer(kind, 0)
            signal.signal(number, before[number])


def answered(call, *arguments, **more):
    """What the call returns; None where it refuses in words."""
    try:
        return call(*arguments, **more)
    except InputError as error:
        assert str(error).strip() and "Traceback" not in str(error)


def command(capsys, *words):
    """The exit code of a command and what it said; 2 comes with one line."""
    code = _exit_code(list(words))
    out, error = capsys.readouterr()
    lines = [line for line in error.splitlines() if not line.startswith("itlm: warning: ")]
    assert code in (0, 1, 2) and "Traceback" not in out + error
    assert code != 2 or (len(lines) == 1 and lines[0].startswith("itlm: ")), error
    return code, out


# What is drawn

ODD_TEXTS = [
    "", " ", "nan", "inf", "-inf", "1e999", "-0", "0x10", "1_000", "１２", "٣", "1,5", "None", "True", "null", "[]",
    "{}", "\0", "a\nb", "\r", "\x1b[31m", "\ud800", "\udce9", "é", "鸡", "🙂", "'", '"', "`id`", "$(id)", "; rm -rf x",
    "%s%n", "../../x", "/", "//", ".", "..", "~", "~nobody/x", "CON", "a" * 300, "9" * 5000, "9" * 40, "-1", "0",
    "1e-320", "=", "==", "=1+1", "--help", "-", "--", "{{ 7 * 7 }}", "<script>", "\u202e", "\ufeff",
]  # fmt: skip
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 2**31, 2**63, 10**30, 10**400, 1e308, -1e-320])
ODD = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


class Bomb:
    """As a pickle, a file called "loaded" in the folder of `place`."""

    def __init__(self, place):
        self.path = str(place / "loaded")

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_that_is_loaded_is_seen(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path)))
    assert list(contents(tmp_path)) == [tmp_path / "loaded"]


@st.composite
def spoilt_json(draw, whole):
    """JSON with one to three values replaced, added or gone; as text."""
    whole = [copy.deepcopy(whole)]
    for _ in range(draw(st.integers(1, 3))):
        places = list(places_in(whole))
        container, key = places[draw(st.integers(0, len(places) - 1))]
        how = draw(st.sampled_from(["odd", "odd", "gone", "more"]))
        if how == "gone" and container is not whole:
            del container[key]
        elif how == "more" and isinstance(container, dict):
            container[draw(TEXTS)] = draw(ODD)
        else:
            container[key] = draw(ODD)
    return json.dumps(whole[0])


def places_in(value):
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from places_in(value[key])


@st.composite
def spoilt_bytes(draw, whole):
    """A file cut, changed in places, with something in the middle, or another altogether."""
    how = draw(st.sampled_from(["cut", "changed", "more", "other", "empty", "twice"]))
    at = draw(st.integers(0, len(whole)))
    if how == "changed":
        spoilt = bytearray(whole)
        for place in draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
            spoilt[place] = draw(st.integers(0, 255))
        return bytes(spoilt)
    few = draw(st.binary(max_size=20))
    return {"cut": whole[:at], "more": whole[:at] + few + whole[at:], "other": few, "empty": b"", "twice": 2 * whole}[
        how
    ]


def archive(**members):
    """A .npz of members as they are, arrays or the bytes of a file."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, member in members.items():
            packed.writestr(f"{name}.npy", member if isinstance(member, bytes) else array_file(member))
    return file.getvalue()


def array_file(array):
    file = BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def huge_array_file(shape=(10**13,)):
    """The file of an array that its header says is huge."""
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(64)


# Options

NAMES = experiment_names()
KEYS = sorted({key for name in NAMES for key in get_experiment(name).allows})


@st.composite
def options(draw):
    name = draw(st.sampled_from(NAMES) if draw(st.integers(0, 9)) < 9 else TEXTS)
    own = sorted(get_experiment(name).allows) if name in NAMES else KEYS
    keys = st.sampled_from(own) | st.sampled_from(KEYS) | TEXTS
    values = (
        TEXTS | NUMBERS.map(str) | st.sampled_from(["random", "itlm", "0.5", "3", "digits", "mnist", "cpu", "full"])
    )
    pairs = st.builds("{}={}".format, keys, values) | TEXTS
    words = ["reproduce", name, "--dry-run"]
    for option, count in {"--set": 3, "--only": 2}.items():
        words += [word for pair in draw(st.lists(pairs, max_size=count)) for word in (option, pair)]
    for option in ("--seeds", "--jobs", "--profile", "--device", "--data-root", "--out", "--minutes"):
        if draw(st.integers(0, 6)) == 6:
            words += [option, draw(values)]
    return words


def test_options_of_a_reproduction(place, capsys):
    tried("options", place, options(), lambda words, folder: command(capsys, *words))


@st.composite
def run_settings(draw):
    fields = ["profile", "seed", "device", "data_root", "jobs", "timeout", "max_memory"]
    return {name: draw(ODD) for name in draw(st.lists(st.sampled_from(fields), unique=True))}, draw(st.lists(TEXTS))


def test_settings_of_a_run(place, capsys):
    notebooks = write_notebook(place / "notebooks", "01_a", SOUND).parent

    def check(case, folder):
        how, names = case
        answered(Settings, **how)
        answered(find_notebooks, names, notebooks)
        command(capsys, "run", *names, "--jobs", "0")

    tried("settings", place, run_settings(), check)


# Tables

CELLS = st.sampled_from(
    ["0", "1", "-3.5", "1e308", "1e101", "1e999", "inf", "-inf", "nan", "NA", "", " ", "yes", "no", "2020-01-01",
     "2020-13-45", "1,5", "0" * 400, '"', '""', "a\nb", "\0", "é", "🙂", "True", "1970-01-01T00:00:00Z", "=1+1",
     "0001-01-01", "9999-12-31", "12:30", "1e-320", "9" * 25, "9" * 400, "0x1f", "1+2j", "<b>"]
)  # fmt: skip
COLUMNS = st.sampled_from(
    ["a", "b", "c", "", " ", "a", "y", "index", "kept", "Unnamed: 0", '"', "a.1", "é\n", "\0", "0"]
)


@st.composite
def tables(draw):
    """(bytes of a CSV, the target, more options): most of them so near to a table that they are judged."""
    if draw(st.integers(0, 7)) == 7:
        return draw(st.binary(max_size=200)), draw(TEXTS), []
    separator, end = draw(st.sampled_from([",", ",", ";", "\t", "|"])), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    width, rows = draw(st.integers(1, 4)), draw(st.sampled_from([40, 40, 30, 60, 10, 2, 1, 0]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    table = [[f"{value:.3f}" for value in row] for row in rng.normal(size=(rows, width))]
    kind = draw(st.sampled_from(["classes", "words", "numbers"]))
    for row in table:
        high = float(row[0]) > 0
        row.append({"classes": "01"[high], "words": ("no", "yes")[high], "numbers": row[0]}[kind])
    table.insert(0, draw(st.lists(COLUMNS, min_size=width, max_size=width)) + ["y"])
    for _ in range(draw(st.integers(0, 4))):
        row = table[draw(st.integers(0, rows))]
        row[draw(st.integers(0, width))] = draw(CELLS)
        if draw(st.integers(0, 3)) == 3:
            row += draw(st.lists(CELLS, max_size=2))
    column = draw(st.none() | st.integers(0, width))
    value = draw(CELLS)
    for row in table[1:] if column is not None else ():
        row[column] = value
    text = end.join(map(separator.join, table)) + end
    content = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"])), "replace")
    content = draw(spoilt_bytes(content)) if draw(st.integers(0, 5)) == 5 else content
    target = draw(st.sampled_from(["y", "y", "y", "y", "a", "é\n"]))
    alpha = draw(st.sampled_from([[], ["--alpha", "0.9"], ["--alpha", "1e-9"], ["--by-class"]]))
    return content, target, alpha


def test_tables(place, capsys, monkeypatch):
    monkeypatch.setattr(table_classes, "ExtraTreesClassifier", partial(ExtraTreesClassifier, n_estimators=5))
    judged = 0

    def check(case, folder):
        nonlocal judged
        content, target, more = case
        (folder / "table.csv").write_bytes(content)
        places = ["--out", str(folder / "found"), "--copy-kept", str(folder / "clean")]
        code, _ = command(capsys, "examine", str(folder / "table.csv"), "--target", target, *places, *more)
        assert (folder / "table.csv").read_bytes() == content
        made = {path.name for path in folder.iterdir()} - {"table.csv"}
        assert made == ({"found", "clean"} if code == 0 else set())
        judged += code == 0

    tried("tables", place, tables(), check)
    assert judged > CASES["tables"] / 10


# Pictures


def picture(kind, mode="RGB", size=(6, 5)):
    file = BytesIO()
    Image.new(mode, size).save(file, kind)
    return file.getvalue()


PICTURES = [picture("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "1", "P", "I;16")]
PICTURES += [picture("JPEG"), picture("JPEG", "CMYK"), picture("GIF", "P"), picture("TIFF", "F"), picture("BMP")]
PICTURES += [picture("PNG", size=(1, 1)), picture("PNG", size=(3000, 1)), picture("ICO"), picture("WEBP")]
FILE_NAMES = st.sampled_from(
    ["0.png", "1.jpg", "2.gif", "3.tif", "a\nb.png", "x.txt", "4", ".hidden.png", "5.PNG", "é.png", "\udce9.png",
     "6.npy", "-rf.png", "7.heic", "8.h5", "a" * 200 + ".png", "9.svg"]
)  # fmt: skip
LINKS = st.sampled_from(
    ["nowhere", ".", "..", "../cat", "/etc/passwd", "/dev/zero", "/proc/self/mem", "loop", "a/../b"]
)


@st.composite
def pictures(draw):
    """{name of a file: its bytes, the end of a link, or None for a pipe}, and how it is to be loaded."""
    names = st.tuples(st.sampled_from(["cat", "dog", "cat/more", "a\nb", "", "\udce9"]), FILE_NAMES)
    whole = st.sampled_from(PICTURES)
    content = whole | whole.flatmap(spoilt_bytes) | LINKS | st.binary(max_size=40) | st.none()
    files = {("cat", "whole.png"): PICTURES[0], ("dog", "whole.png"): PICTURES[0]} if draw(st.booleans()) else {}
    files |= draw(st.dictionaries(names, content, max_size=5))
    how = {"size": draw(st.sampled_from([None, "auto", 4, 0, 10**9])), "skip_broken": draw(st.booleans())}
    return files, {**how, "labelled": draw(st.integers(0, 4)) < 4}


def test_folders_of_pictures(place):
    loaded = 0

    def check(case, folder):
        nonlocal loaded
        files, how = case
        for (below, name), content in files.items():
            (folder / "set" / below).mkdir(parents=True, exist_ok=True)
            path = folder / "set" / below / name
            if content is None:
                os.mkfifo(path)
            elif isinstance(content, str):
                path.symlink_to(content)
            else:
                path.write_bytes(content)
        before = sorted(folder.rglob("*"))
        got = answered(data.load_folder, folder / "set", **how)
        answered(data.image_files, folder / "set")
        assert got is None or (len(got.x) == len(got.y) == len(got.files) and got.x.dtype == np.uint8)
        assert sorted(folder.rglob("*")) == before
        loaded += got is not None

    tried("pictures", place, pictures(), check)
    assert loaded > CASES["pictures"] / 10


# Result files

METRICS = {"last_accuracy": 81.5, "rounds": [{"round": 0, "error": 1.0}, {"round": 1, "error": 0.5}]}
CURVES = {"losses": np.arange(6.0).reshape(2, 3)}
DONE = toys.result("toy", {"clean": 0.6}, METRICS, curves=CURVES)
TOY = toys.experiment("toy", [{"clean": 0.6}])


def saved_text():
    from itlm_kit.experiments.results import as_text

    return as_text(DONE)


def curve_files(place, name):
    pickled = array_file(np.array([Bomb(place)], dtype=object))
    whole = archive(**{name: CURVES["losses"]})
    members = [
        pickled,
        pickle.dumps(Bomb(place)),
        huge_array_file(),
        huge_array_file((10**30,)),
        b"",
        np.zeros(3),
        b"\x93NUMPY",
    ]
    odd = st.sampled_from([archive(**{name: member}) for member in members] + [pickled, pickle.dumps(Bomb(place))])
    return st.just(whole) | odd | spoilt_bytes(whole)


def result_texts(name="toy"):
    text = saved_text()
    return spoilt_json(json.loads(text)) | spoilt_bytes(text.encode()) | st.just(text)


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))


def is_whole(found):
    """Whether a result that was read is the one that was saved, or another of its name that is sound."""
    return found.key == DONE.key and np.asarray(found.curves.get("losses", 0)).dtype != object


def test_cells_of_a_working_folder(place):
    cell = toys.Cell(TOY, {"clean": 0.6})

    def check(case, folder):
        text, curves = case
        written(folder / "toy" / f"{DONE.key}.json", text)
        written(folder / "toy" / f"{DONE.key}.npz", curves)
        store = ResultStore(folder)
        found = store.results() + [found for found in [store.load(cell)] if found]
        assert all(map(is_whole, found))
        answered(gather, [folder], folder / "into", lambda name: TOY)
        for each in found:
            store.save(each)

    tried("cells", place, st.tuples(result_texts(), curve_files(place, "losses")), check)


def test_published_results(place, capsys):
    def check(case, folder):
        lines, curves, end = case
        written(folder / "toy.jsonl", end.join(line if isinstance(line, bytes) else line.encode() for line in lines))
        written(folder / "toy.npz", curves)
        found = ResultStore(folder).results()
        assert all(map(is_whole, found))
        answered(gather, [folder], folder / "into", lambda name: TOY)
        answered(gather, [folder], folder, lambda name: TOY)

    lines = st.lists(result_texts(), min_size=1, max_size=3)
    curves = curve_files(place, f"{DONE.key}/losses")
    tried("published", place, st.tuples(lines, curves, st.sampled_from([b"\n", b"\r\n", b"\x0b"])), check)


# Recordings


def recording(folder):
    recorder = TrajectoryRecorder(6, 2, folder)
    rng = np.random.default_rng(0)
    for epoch in range(2):
        recorder.record_logits(epoch, np.arange(6), rng.normal(size=(6, 2)), np.arange(6) % 2)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@st.composite
def recordings(draw, place, whole):
    """{name of a file: its bytes, None for a pipe} of a recording."""
    arrays = sorted(name for name in whole if name.endswith(".npy"))
    pickled = array_file(np.array([Bomb(place)] * 6, dtype=object))
    others = [
        array_file(np.zeros(shape, kind)) for shape in ((2, 6), (6,), (), (2, 6, 1)) for kind in ("f4", "f8", "U3")
    ]
    odd = st.sampled_from(
        [*others, pickled, pickle.dumps(Bomb(place)), huge_array_file((10**13, 6)), archive(a=np.zeros(3)), None]
    )
    about = json.loads(whole["recorder.json"])
    files = dict(whole)
    if draw(st.booleans()):
        files["recorder.json"] = draw(
            spoilt_json(about).map(str.encode)
            | spoilt_bytes(whole["recorder.json"])
            | st.sampled_from([None, b"[" * 10**5])
        )
    for name in draw(st.lists(st.sampled_from(arrays), max_size=2, unique=True)):
        files[name] = draw(odd | spoilt_bytes(whole[name]))
    return files


def test_recordings(place):
    whole = recording(place / "case" / "whole")

    def check(files, folder):
        for name, content in files.items():
            os.mkfifo(folder / name) if content is None else (folder / name).write_bytes(content)
        loaded = answered(TrajectoryRecorder.load, folder)
        if loaded is not None:
            answered(examine.recording, loaded)
            answered(examine.recording, loaded, alpha=0.5)
        resumed = answered(TrajectoryRecorder.resume, folder)
        if resumed is not None:
            answered(resumed.record_logits, resumed.epochs, np.arange(6), np.eye(2)[np.arange(6) % 2], np.arange(6) % 2)
        answered(TrajectoryRecorder, 6, 2, folder)

    tried("recordings", place, recordings(place, whole), check)


# Submissions


class NoKernel:
    """In place of a session: takes all code, and runs none."""

    def run(self, code, seconds):
        assert isinstance(code, str)


@contextmanager
def no_session(folder, **how):
    yield NoKernel()


@st.composite
def submissions(draw, nb):
    """{path below the folder of submissions: bytes}."""
    text = json.dumps(nb)
    names = st.sampled_from(
        ["Ann.ipynb", "a\nb.ipynb", "\udce9.ipynb", "Bob/toy.ipynb", "Bob/2.ipynb", "x.IPYNB", "é/toy.ipynb",
         "-rf/toy.ipynb", "=1+1.ipynb", "<b>.ipynb", ".ipynb", "toy.txt", "leaderboard.ipynb"]
    )  # fmt: skip
    contents = spoilt_json(nb).map(str.encode) | spoilt_bytes(text.encode()) | st.just(text.encode())
    return {"sound.ipynb": text.encode()} | draw(st.dictionaries(names, contents, min_size=1, max_size=3))


def test_submissions(place, monkeypatch):
    monkeypatch.setattr(grading, "session", no_session)
    toy = read_assignment("toy", write_source(place / "source"))
    nb = student_notebook(toy, **SOLVED)

    def check(files, folder):
        for name, content in files.items():
            written(folder / "in" / name, content)
        found = answered(find_submissions, folder / "in")
        if found and answered(recognise, found, place / "source"):
            grades = list(grading.grade_all(toy, found, grading.Limits()))
            assert {one.student for one in grades} == {one.student for one in found}
            assert next(one for one in grades if one.student == "sound").total == 10
            write_grades(toy, grades, folder / "out.csv")
            students = {one.student for one in found}
            assert read_marks(toy, folder / "out.csv", students).keys() == set(map(readable, students))

    tried("submissions", place, submissions(json.loads(nbformat.writes(nb))), check)


@st.composite
def mark_tables(draw):
    header = draw(st.lists(st.sampled_from(["student", "why", "square-test", "total", "x", ""]), max_size=5))
    rows = draw(
        st.lists(
            st.lists(st.sampled_from(["Ann", "Bob", "3", "5", "-1", "6", "2,5", "nan", "inf", '"', "\0"]), max_size=6)
        )
    )
    text = "\n".join(draw(st.sampled_from([",", ";", "\t"])).join(row) for row in [header, *rows])
    return draw(st.just(text.encode()) | spoilt_bytes(text.encode() or b" ") | st.binary(max_size=60))


def test_tables_of_marks(place):
    toy = read_assignment("toy", write_source(place / "source"))

    def check(content, folder):
        written(folder / "marks.csv", content)
        marks = answered(read_marks, toy, folder / "marks.csv", ["Ann"])
        if marks:
            grade = grading.Grade("Ann", grading.GRADED, dict.fromkeys(toy.points), answers={"why": "x"})
            keep_marks([grade], marks)
            assert all(mark is None or 0 <= mark <= toy.points[name] for name, mark in grade.points.items())

    tried("marks", place, mark_tables(), check)


# Earlier runs


def test_results_of_an_earlier_run(place):
    notebook = write_notebook(place / "notebooks", "01_a", SOUND)
    earlier = place / "case" / "earlier"
    first = Run([notebook], earlier, Settings())
    first._lock.release()
    entry = {"title": "A", "thumbnail": None, "failure": None, "budget_seconds": 60, "peak_mb": 1,
             "above_baseline_mb": 1, "name": "01_a", "verdict": "passed", "parameters": {}, "seconds": 1.0,
             "records": {"kept": 3}}  # fmt: skip
    failed = {**entry, "name": "02_b", "verdict": "failed",
              "failure": {"kind": "error", "cell": 3, "source": "1 / 0", "error": "ZeroDivisionError"}}  # fmt: skip
    report = {**first.report, "notebooks": [entry, failed]}

    def check(content, folder):
        written(folder / "results.json", content)
        run = answered(Run, [notebook], folder, Settings(), resume=True)
        if run is None:
            assert (folder / "results.json").read_bytes() == content
        else:
            run._lock.release()
            assert json.loads((folder / "results.json").read_text())["verdict"] in ("passed", "failed")

    tried("runs", place, spoilt_json(report).map(str.encode) | spoilt_bytes(json.dumps(report).encode()), check)


def test_there_are_two_thousand_cases():
    assert sum(CASES.values()) >= 2000
