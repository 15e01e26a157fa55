"""Result files: whole or not at all, and never accepted for what they are not."""

import io
import json
import os
import time
import warnings
import zipfile

import numpy as np
import pytest
import toys

from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.results import above_oracle, by_settings, cell_key, results_frame
from itlm_kit.experiments.store import DamagedResult, ResultStore, published_results, read_result

SETTINGS = {"noise": "random", "clean": 0.6}


def result(settings=SETTINGS, seed=0, version=1, recipe=toys.ToyRecipe(), metrics=None, curves=None):  # noqa: B008
    metrics = {"last_accuracy": 81.5} if metrics is None else metrics
    curves = {"losses": np.arange(6.0).reshape(2, 3)} if curves is None else curves
    about = {"data": "digits", "device": "CPU", "seconds": 1.5, "versions": {"numpy": "2"}, "curves": curves}
    return toys.result("table1", settings, metrics, seed=seed, version=version, recipe=recipe, **about)


def cell(settings=SETTINGS, seed=0, **more):
    return Cell(toys.experiment("table1", [SETTINGS], **more), settings, seed)


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path)


def test_a_saved_cell_comes_back_as_it_was(store):
    saved = result()
    path = store.save(saved)
    found = store.load(cell())
    np.testing.assert_array_equal(found.curves["losses"], saved.curves["losses"])
    assert (found.metrics, found.settings, found.data, found.seconds) == (
        {"last_accuracy": 81.5},
        SETTINGS,
        "digits",
        1.5,
    )
    assert path == store.folder / "table1" / f"{saved.key}.json"
    assert sorted(p.suffix for p in path.parent.iterdir()) == [".json", ".npz"]


def test_the_file_says_what_it_is(store):
    about = json.loads(store.save(result()).read_text())
    assert about["schema"] == 2
    assert set(about) == {
        "schema", "experiment", "version", "settings", "recipe", "seed", "metrics", "data", "device", "seconds",
        "versions", "curves",
    }  # fmt: skip


def test_numpy_values_are_written_as_plain_ones(store):
    store.save(result(metrics={"accuracy": np.float64(0.5), "by_class": np.array([1, 2])}))
    assert store.load(cell()).metrics == {"accuracy": 0.5, "by_class": [1, 2]}


def test_the_order_of_settings_does_not_matter_and_everything_else_does():
    base = ("table1", 1, {"a": 1, "b": 2}, {"steps": 1}, 0)
    key = cell_key(*base)
    assert key == cell_key("table1", 1, {"b": 2, "a": 1}, {"steps": 1}, 0)
    changes = ["table2", 2, {"a": 1, "b": 3}, {"steps": 2}, 1]
    others = [cell_key(*base[:i], change, *base[i + 1 :]) for i, change in enumerate(changes)]
    assert len({key, cell_key("table1", 1, {"a": 1}, {"steps": 1}, 0), *others}) == 7


@pytest.mark.parametrize(
    "other",
    [
        cell({**SETTINGS, "clean": 0.7}),
        cell(seed=1),
        cell(version=2),
        cell(recipe=toys.ToyRecipe(steps=2)),
    ],
    ids=["settings", "seed", "version", "recipe"],
)
def test_another_cell_is_not_taken_for_this_one(store, other):
    store.save(result())
    assert store.load(cell()) is not None
    assert store.load(other) is None


def _edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _rename(path):
    other = path.with_name(f"{cell({**SETTINGS, 'clean': 0.9}).key}.json")
    path.with_suffix(".npz").rename(other.with_suffix(".npz"))
    path.rename(other)


def _move(path):
    folder = path.parents[1] / "table2"
    folder.mkdir()
    path.with_suffix(".npz").rename(folder / path.with_suffix(".npz").name)
    path.rename(folder / path.name)


def _cut(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


SPOILT = {
    "settings edited": lambda path: _edit(path, settings={**SETTINGS, "clean": 0.7}),
    "version edited": lambda path: _edit(path, version=2),
    "seed edited": lambda path: _edit(path, seed=3),
    "recipe edited": lambda path: _edit(path, recipe={"kind": "ToyRecipe", "steps": 9}),
    "recipe a text": lambda path: _edit(path, recipe="fast"),
    "settings a list": lambda path: _edit(path, settings=["random", 0.6]),
    "settings nested": lambda path: _edit(path, settings={"noise": {"kind": "random"}}),
    "seed a truth": lambda path: _edit(path, seed=True),
    "seed a fraction": lambda path: _edit(path, seed=0.5),
    "metrics a list": lambda path: _edit(path, metrics=[1, 2]),
    "metrics nested": lambda path: _edit(path, metrics={"last_accuracy": {"mean": 81.5}}),
    "a metric infinite": lambda path: path.write_text(path.read_text().replace("81.5", "Infinity")),
    "a metric beyond all numbers": lambda path: path.write_text(path.read_text().replace("81.5", "1e999")),
    "rounds a text": lambda path: _edit(path, metrics={"rounds": "0, 1, 2"}),
    "rounds of numbers": lambda path: _edit(path, metrics={"rounds": [1, 2]}),
    "device null": lambda path: _edit(path, device=None),
    "data a number": lambda path: _edit(path, data=5),
    "seconds a text": lambda path: _edit(path, seconds="fast"),
    "versions a list": lambda path: _edit(path, versions=["numpy 2"]),
    "curves a text": lambda path: _edit(path, curves="losses"),
    "json nested without end": lambda path: path.write_text("[" * 100_000 + "]" * 100_000),
    "json a number": lambda path: path.write_text("7"),
    "schema of another time": lambda path: _edit(path, schema=0),
    "a field too many": lambda path: _edit(path, surprise=1),
    "renamed": _rename,
    "moved to another experiment": _move,
    "json cut": lambda path: _cut(path, 0.5),
    "json empty": lambda path: path.write_text(""),
    "json a list": lambda path: path.write_text("[]"),
    "json not text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "npz missing": lambda path: path.with_suffix(".npz").unlink(),
    "npz cut": lambda path: _cut(path.with_suffix(".npz"), 0.7),
    "npz empty": lambda path: path.with_suffix(".npz").write_bytes(b""),
    "npz of other curves": lambda path: np.savez(path.with_suffix(".npz"), other=np.zeros(3)),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_cell_is_not_accepted(store, spoil):
    path = store.save(result())
    spoil(path)
    with pytest.warns(DamagedResult, match="table.*is damaged and counts as not there: "):
        assert store.results() == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedResult)
        assert store.load(cell()) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_folder_under_a_result_s_name_is_neither_waited_for_nor_read(store):
    store.save(result())
    other = cell(seed=1)
    os.mkfifo(store.path(other))
    os.mkfifo(store.folder / "published.jsonl")
    with pytest.warns(DamagedResult, match="no file"):
        assert store.load(other) is None
    with pytest.warns(DamagedResult, match="no file"):
        assert len(store.results()) == 1
    store.path(cell(seed=2)).mkdir()
    with pytest.raises(InputError, match="a result must be a file; .* is a folder"):
        store.load(cell(seed=2))


def test_a_spoilt_cell_stops_no_other(store):
    store.save(result(seed=1))
    SPOILT["json cut"](store.save(result()))
    with pytest.warns(DamagedResult):
        assert [found.seed for found in store.results()] == [1]


def test_a_flipped_byte_in_the_curves_shows(store):
    curves = store.save(result()).with_suffix(".npz")
    content = bytearray(curves.read_bytes())
    content[len(content) // 3] ^= 0xFF
    curves.write_bytes(content)
    with pytest.warns(DamagedResult):
        assert store.load(cell()) is None


def test_a_pickle_among_the_curves_is_never_loaded(store):
    path = store.save(result())
    np.savez(path.with_suffix(".npz"), losses=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_result(path)


@pytest.mark.parametrize("shape", [(10**14,), (10**30,)])
def test_an_array_that_is_said_to_be_huge_is_damage(store, shape):
    path = store.save(result())
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path.with_suffix(".npz"), "w") as archive:
        archive.writestr("losses.npy", header.getvalue())
    with pytest.warns(DamagedResult):
        assert store.results() == []


def test_saving_anew_mends_a_spoilt_cell(store):
    _cut(store.save(result()), 0.5)
    store.save(result())
    assert store.load(cell()) is not None


def test_a_failing_write_leaves_nothing(store, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        store.save(result())
    assert list((store.folder / "table1").iterdir()) == []


def test_a_metric_that_is_no_number_is_refused(store):
    with pytest.raises(ValueError, match="JSON compliant"):
        store.save(result(metrics={"accuracy": float("nan")}))
    assert list(store.folder.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused_before_work_and_after(tmp_path):
    (tmp_path / "taken").write_text("")
    store = ResultStore(tmp_path / "taken")
    with pytest.raises(InputError, match="folder that can be written"):
        store.prepare("table1")
    with pytest.raises(InputError, match="folder that can be written"):
        store.save(result())


def test_what_a_kill_left_half_written_is_ignored_then_cleared(store):
    folder = store.save(result()).parent
    old, new = folder / "a.json.1.part", folder / "b.json.2.part"
    for part in (old, new):
        part.write_text("{")
    os.utime(old, (time.time() - 7200,) * 2)
    assert len(store.results("table1")) == 1
    store.prepare("table1")
    assert not old.exists() and new.exists()  # the new one may be another process at work
    assert len(store.results("table1")) == 1


def test_results_are_listed_by_experiment_in_the_order_of_settings_and_seeds(store):
    for settings, seed in (({"clean": 0.7}, 0), ({"clean": 0.6}, 1), ({"clean": 0.6}, 0)):
        store.save(result(settings, seed))
    order = [(found.settings["clean"], found.seed) for found in store.results("table1")]
    assert order == [(0.6, 0), (0.6, 1), (0.7, 0)]
    assert (store.experiments(), store.results("table2")) == (["table1"], [])


@pytest.mark.parametrize("prepare", [lambda folder: None, lambda folder: folder.mkdir()], ids=["missing", "empty"])
def test_a_folder_without_results_is_named_with_the_remedy(tmp_path, prepare):
    prepare(tmp_path / "results")
    with pytest.raises(
        InputError, match=r"results must be a folder with the kit's result files .*results'.*name the folder"
    ):
        published_results(tmp_path / "results")


def test_results_of_one_setting_make_a_group_in_the_order_in_which_settings_come():
    first, other, again = result(), result({"noise": "random", "clean": 0.5}), result(seed=1)
    assert by_settings([first, other, again]) == [[first, again], [other]]


def test_frame_has_a_row_per_setting_seed_and_round():
    rounds = [{"round": t, "last_accuracy": 70.0 + t} for t in range(3)]
    frame = results_frame([result(metrics={"last_accuracy": 72.0, "rounds": rounds}, seed=s) for s in (0, 1)])
    assert frame[["clean", "seed", "round", "last_accuracy"]].values.tolist() == [
        [0.6, s, t, 70.0 + t] for s in (0, 1) for t in range(3)
    ]
    assert (set(frame["device"]), set(frame["source"])) == ({"CPU"}, {"digits"})


def test_frame_of_another_list_than_the_rounds():
    metrics = {"rounds": [{"round": 0, "error": 1.0}], "choices": [{"chooser": "cv", "alpha": 0.5}], "best": 0.6}
    frame = results_frame([result(metrics=metrics)], rows="choices")
    assert frame[["clean", "chooser", "alpha", "best"]].values.tolist() == [[0.6, "cv", 0.5, 0.6]]
    assert "error" not in frame


def test_frame_keeps_a_setting_named_data():
    assert results_frame([result({"data": "mnist"})])["data"].tolist() == ["mnist"]


def test_frame_of_cells_without_rounds_has_a_row_per_cell():
    frame = results_frame([result(), result(seed=1)])
    assert frame[["seed", "last_accuracy"]].values.tolist() == [[0, 81.5], [1, 81.5]]


def test_what_beats_the_oracle_by_more_than_a_point_is_flagged():
    def done(method, accuracy, seed=0, clean=0.6):
        return toys.result("x", {"clean": clean, "method": method}, {"last_accuracy": accuracy}, seed=seed)

    oracle, near, far = done("oracle", 90.0), done("itlm", 90.9), done("baseline", 91.1)
    elsewhere = [done("itlm", 99.0, seed=1), done("itlm", 99.0, clean=0.7)]  # no oracle of their own
    assert above_oracle([oracle, near, far, *elsewhere]) == [far]
