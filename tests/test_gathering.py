"""Published results: gathered as often as one likes, never two for one cell, none lost in silence."""

import json
import warnings

import numpy as np
import pytest
import toys

from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.gathering import gather
from itlm_kit.experiments.store import DamagedResult, ResultStore

CELLS = [{"clean": clean} for clean in (0.6, 0.8)]


def find(name, **more):
    if name != "toy":
        raise InputError(f"experiment must be one of toy; got {name!r}.")
    return toys.experiment("toy", CELLS, **more)


def done(clean=0.6, accuracy=81.5, seed=0, losses=(0.0, 1.0, 2.0), **more):
    curves = {"losses": np.array(losses) + seed}
    return toys.result_of(find("toy"), {"clean": clean}, {"accuracy": accuracy}, seed=seed, curves=curves, **more)


def folder_of(path, *results):
    for result in results:
        ResultStore(path).save(result)
    return path


@pytest.fixture
def work(tmp_path):
    return folder_of(tmp_path / "work", *(done(clean, seed=seed) for clean in (0.8, 0.6) for seed in (1, 0)))


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_cells_become_one_file_one_a_line_in_order(work, tmp_path):
    (found,) = gather([work], tmp_path / "out", find)
    assert found == ("toy", 4, 4, [])
    assert list(contents(tmp_path / "out")) == ["toy.jsonl", "toy.npz"]
    lines = [json.loads(line) for line in (tmp_path / "out" / "toy.jsonl").read_text().splitlines()]
    assert [(line["settings"]["clean"], line["seed"]) for line in lines] == [(0.6, 0), (0.6, 1), (0.8, 0), (0.8, 1)]
    published = ResultStore(tmp_path / "out")
    found = published.load(Cell(find("toy"), CELLS[1], 1))
    assert found.metrics == {"accuracy": 81.5} and found.curves["losses"].tolist() == [1.0, 2.0, 3.0]
    assert [r.key for r in published.results()] == [r.key for r in ResultStore(work).results()]


def test_gathering_again_changes_not_a_byte(work, tmp_path):
    gather([work], tmp_path / "out", find)
    before = contents(tmp_path / "out")
    (found,) = gather([work, tmp_path / "out"], tmp_path / "out", find)
    assert (found.cells, found.new, contents(tmp_path / "out")) == (4, 0, before)


def test_the_order_of_folders_does_not_matter(tmp_path):
    one, two = folder_of(tmp_path / "1", done()), folder_of(tmp_path / "2", done(seed=1))
    for name, folders in (("a", (one, two)), ("b", (two, one))):
        gather(folders, tmp_path / name, find)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_same_figures_from_elsewhere_are_no_other_result(work, tmp_path):
    other = folder_of(tmp_path / "other", done(seconds=9.0, device="another CPU", versions={"numpy": "9"}))
    (found,) = gather([work, other], tmp_path / "out", find)
    assert found.cells == 4


@pytest.mark.parametrize("other", [done(accuracy=81.6), done(losses=(0.0, 1.0, 9.0))], ids=["metrics", "curves"])
def test_two_different_results_of_one_cell_are_refused_and_nothing_is_written(work, tmp_path, other):
    gather([work], tmp_path / "out", find)
    before = contents(tmp_path / "out")
    more = folder_of(tmp_path / "other", other, done(seed=7))
    with pytest.raises(InputError, match=r"one result; toy {'clean': 0.6}, seed 0, has another in .*other"):
        gather([more], tmp_path / "out", find)
    assert contents(tmp_path / "out") == before


GONE = {"its recipe is no more": {"recipe": toys.ToyRecipe(steps=2)}, "an older version's": {"version": 2}}


@pytest.mark.parametrize("why", GONE)
def test_a_cell_goes_only_when_what_computed_it_is_no_more_and_is_named(work, tmp_path, why):
    gather([work], tmp_path / "out", find)
    (found,) = gather([work], tmp_path / "out", lambda name: find(name, **GONE[why]))
    assert (found.cells, len(found.dropped)) == (0, 8)  # from the published file and from the working folder
    assert found.dropped[0] == f"{{'clean': 0.6}}, seed 0: {why}"
    assert not list((tmp_path / "out").iterdir())


def test_cells_of_an_experiment_that_is_no_more_are_named(tmp_path):
    work = folder_of(tmp_path / "work", done(), toys.result("other", {}, {"accuracy": 1.0}))
    found = {one.experiment: one for one in gather([work], tmp_path / "out", find)}
    assert (found["toy"].cells, found["other"].cells) == (1, 0)
    assert found["other"].dropped == [
        "{}, seed 0: its settings are no more (experiment must be one of toy; got 'other'.)"
    ]


def test_cells_that_are_not_listed_stay(tmp_path):
    work = folder_of(tmp_path / "work", done(0.65))
    assert gather([work], tmp_path / "out", find)[0].cells == 1


def test_a_damaged_cell_of_a_working_folder_is_named_and_left(work, tmp_path):
    path = next((work / "toy").glob("*.json"))
    path.write_text("{")
    with pytest.warns(DamagedResult, match=path.name):
        (found,) = gather([work], tmp_path / "out", find)
    assert found.cells == 3


@pytest.mark.parametrize("spoil", ["{", "", "[]"])
def test_a_damaged_published_file_is_never_written_over(work, tmp_path, spoil):
    gather([work], tmp_path / "out", find)
    path = tmp_path / "out" / "toy.jsonl"
    path.write_text("\n".join([spoil, *path.read_text().splitlines()[1:]]) + "\n")
    before = contents(tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedResult)
        with pytest.raises(InputError, match="published files must be whole"):
            gather([work], tmp_path / "out", find)
    assert contents(tmp_path / "out") == before


def test_a_damaged_line_counts_as_not_there_and_is_named_by_its_number(work, tmp_path):
    gather([work], tmp_path / "out", find)
    path = tmp_path / "out" / "toy.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:-9], *lines[2:]]))
    with pytest.warns(DamagedResult, match="toy.jsonl, line 2 is damaged"):
        assert len(ResultStore(tmp_path / "out").results("toy")) == 3


@pytest.mark.parametrize("prepare", [lambda folder: None, lambda folder: folder.mkdir()], ids=["missing", "empty"])
def test_a_folder_without_cells_is_refused(tmp_path, prepare):
    prepare(tmp_path / "work")
    with pytest.raises(InputError, match="folders must hold finished cells; .*work has none"):
        gather([tmp_path / "work"], tmp_path / "out", find)


def test_working_cells_may_lie_beside_the_published_file(work):
    gather([work], work, find)
    (found,) = gather([work], work, find)
    assert (found.cells, found.new) == (4, 0)
