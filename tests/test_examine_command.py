"""`itlm examine` and examine.folder: all that may fail fails before any work, and what lies there stays as it is."""

import csv
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from itlm_kit import InputError, examine
from itlm_kit.cli.commands import _exit_code
from itlm_kit.examine import pictures
from itlm_kit.trajectories import TrajectoryRecorder, rank_suspects, write_suspects


def draw(file, shade):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), shade).save(file)


@pytest.fixture
def lamps(tmp_path, monkeypatch):
    """A folder of dark and bright pictures, ten of each class, one of the dark ones filed as bright."""
    monkeypatch.chdir(tmp_path)
    for i in range(10):
        draw(tmp_path / "lamps" / "off" / f"{i}.png", 10 + 2 * i)
        draw(tmp_path / "lamps" / "on=ä" / f"{i}.png", 235 + 2 * i if i else 19)
    return tmp_path / "lamps"


@pytest.fixture
def no_training(monkeypatch):
    def train(*_, **__):
        raise AssertionError("work was started")

    monkeypatch.setattr(pictures, "record_training", train)
    monkeypatch.setattr(pictures, "in_words", train)


def contents(folder):
    return {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.rglob("*") if file.is_file()}


def test_a_folder_from_raw_to_a_clean_copy(lamps, capsys):
    before = contents(lamps)
    assert _exit_code(["examine", "lamps", "--alpha", "0.95", "--out", "found", "--copy-kept", "clean"]) == 0
    said = capsys.readouterr().out
    assert "lamps, 20 images: 1 of 20 is a suspect (5 %), the other 19 are kept." in said
    assert "How much is kept (alpha): as you gave it." in said
    found = pd.read_csv("found/suspects.csv")
    assert found["file"][0] == "on=ä/0.png" and found["kept"].tolist() == [False] + 19 * [True]
    assert sorted(os.listdir("found")) == ["report.txt", "suspects.csv", "suspects.html"]
    assert sum(len(files) for *_, files in os.walk("clean")) == 19
    assert contents(lamps) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "there"], "--out must be new.*there is there"),
        (["--out", "dangling"], "--out must be new.*dangling is there"),
        (["--out", "file/new"], "--out must lie in a folder that can be written; .*file is none"),
        (["--out", "lamps/new"], "--out must lie outside lamps, which is only read"),
        (["--copy-kept", "there"], "--copy-kept must be new"),
        (["--copy-kept", "lamps/off/new"], "--copy-kept must lie outside lamps"),
        (["--out", "new", "--copy-kept", "new"], "--copy-kept must not hold --out"),
        (["--out", "new/list", "--copy-kept", "new"], "--copy-kept must not hold --out"),
        (["--target", "y"], "a table must be a file; lamps is a folder"),
    ],
)
def test_places_are_refused_before_any_work(lamps, no_training, options, words, capsys):
    os.mkdir("there")
    os.symlink("nowhere", "dangling")
    (lamps.parent / "file").touch()
    before = sorted(os.walk("."))
    assert _exit_code(["examine", "lamps", *options]) == 2
    assert pd.Series(capsys.readouterr().err).str.contains(words).all()
    assert sorted(os.walk(".")) == before


def test_the_folder_that_one_stands_in_is_not_written_to(lamps, no_training, monkeypatch, capsys):
    monkeypatch.chdir(lamps)
    assert _exit_code(["examine", "."]) == 2
    assert "--out must lie outside ." in capsys.readouterr().err
    assert sorted(os.listdir(".")) == ["off", "on=ä"]


@pytest.mark.parametrize(
    ("classes", "how", "words"),
    [
        ({"a": 9}, {}, "two classes at least, to be told apart; got one, a"),
        ({"a": 9, "b": 1, "c": 1}, {}, "two pictures at least.*b, c has one"),
        ({"a": 2, "b": 2}, {}, "a picture for each of the 5 folds; got 4"),
        ({"a": 9, "b": 9}, {"folds": 1}, "folds must be a whole number of at least 2"),
    ],
)
def test_folders_too_small_are_refused_before_any_work(tmp_path, no_training, classes, how, words):
    for name, count in classes.items():
        for i in range(count):
            draw(tmp_path / name / f"{i}.png", 100)
    with pytest.raises(InputError, match=words):
        examine.folder(tmp_path, **how)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="nowhere must hold.*it is not there"):
        examine.folder(tmp_path / "nowhere")


def write_table(path, *, names="a,b,y", mark="", label=int):
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},0{i},{label(a > 0)}" for i, a in enumerate(rng.normal(size=60))]
    path.write_text(mark + "\n".join([names, *lines]) + "\n", encoding="utf-8")
    return path


def test_what_is_found_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    def cut(*_, **__):
        raise KeyboardInterrupt

    path = write_table(tmp_path / "t.csv")
    command = ["examine", str(path), "--target", "y", "--alpha", "0.9", "--out", str(tmp_path / "found")]
    with monkeypatch.context() as killed:
        killed.setattr(examine.Examination, "page", cut)
        assert _exit_code(command) == 130
        assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
    assert _exit_code(command) == 0 and len(os.listdir(tmp_path / "found")) == 3


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_is_copied_as_it_was_written(tmp_path, mark):
    path = write_table(tmp_path / "t.csv", names="a,a,y", mark=mark)
    before = path.read_bytes()
    command = ["examine", str(path), "--target", "y", "--alpha", "0.9"]
    assert _exit_code([*command, "--out", str(tmp_path / "found"), "--copy-kept", str(tmp_path / "clean")]) == 0
    copy = (tmp_path / "clean" / "t.csv").read_bytes()
    lines = before.splitlines()
    assert copy.splitlines()[0] == lines[0] and set(copy.splitlines()) < set(lines)
    assert len(copy.splitlines()) == 1 + 54 and path.read_bytes() == before


def test_numbers_as_classes_are_told_as_they_are(tmp_path, capsys):
    path = write_table(tmp_path / "t.csv")
    assert _exit_code(["examine", str(path), "--target", "y", "--alpha", "0.9", "--out", str(tmp_path / "o")]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Suspects by class"))
    assert " in 0" in line and " in 1" in line and ".0" not in line


@pytest.mark.parametrize(
    ("names", "target", "words"),
    [("a,b, y", "y", "got 'y'. It has 'a', 'b', ' y'"), ("y", "y", "columns beside --target")],
)
def test_a_target_that_cannot_be_is_told(tmp_path, names, target, words, capsys):
    path = tmp_path / "t.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([names.split(","), *(len(names.split(",")) * [i % 2] for i in range(20))])
    assert _exit_code(["examine", str(path), "--target", target, "--out", str(tmp_path / "o")]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--skip-broken"], ["--device", "cpu"]])
def test_what_is_for_pictures_is_refused_for_a_table(tmp_path, option, capsys):
    command = ["examine", str(write_table(tmp_path / "t.csv")), "--target", "y", "--out", str(tmp_path / "o"), *option]
    assert _exit_code(command) == 2 and not (tmp_path / "o").exists()
    assert f"{option[0]} must be left out for a table" in capsys.readouterr().err


def test_many_classes_are_no_flood_of_warnings(tmp_path, recwarn):
    a = np.repeat(np.arange(30.0), 2)
    with pytest.raises(InputError, match="tell the classes apart"):
        examine.table(pd.DataFrame({"a": np.random.default_rng(0).permutation(a)}), a.astype(int).astype(str), folds=2)
    assert not [each for each in recwarn if "unique classes" in str(each.message)]


def test_a_list_does_not_take_the_place_of_a_link(tmp_path):
    (tmp_path / "list.csv").symlink_to("elsewhere")
    with pytest.raises(InputError, match="path must be new"):
        write_suspects(rank_suspects([1.0, 2]), tmp_path / "list.csv")
    assert os.readlink(tmp_path / "list.csv") == "elsewhere"


def test_pictures_that_tell_nothing_are_refused_in_words_for_pictures(tmp_path):
    for name in ("left", "right"):
        for i in range(10):
            draw(tmp_path / name / f"{i}.png", 100)
    with pytest.raises(InputError) as refused:
        examine.folder(tmp_path, alpha=0.9)
    said = str(refused.value)
    assert "agrees with 50 % of the given labels, where the largest class has 50 %, and names 1 of 2 classes" in said
    assert "Add pictures of each class" in said and "step size" not in said


def test_a_recording_names_what_it_lacks():
    recorder = TrajectoryRecorder(n=4, epochs=1)
    recorder.record(0, range(4), [0.1, 0.2, 0.3, 4.0], [1, 1, 1, 0])
    with pytest.raises(InputError, match="called needs labels.*Pass y"):
        examine.recording(recorder, called=[0, 1, 0, 1])
    with pytest.raises(InputError, match="must be a TrajectoryRecorder; got ndarray"):
        examine.recording(np.ones((2, 4)))
    found = examine.recording(recorder, alpha=0.75)
    assert found.kept.tolist() == [True, True, True, False] and "by mean loss" in str(found)
