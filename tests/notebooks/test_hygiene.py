"""Every notebook as it is stored: clean, short-celled, and built the way all of them are."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
import torch

from itlm_kit import InputError, course
from itlm_kit.runner import find_notebooks

ROOT = Path(__file__).parents[2]
NOTEBOOKS = find_notebooks(folder=ROOT / "notebooks")
MOST_LINES = 12
PARAMETERS = {"profile": "quick", "seed": 0, "device": "auto", "data_root": None}
IMAGES = {"01": 3000, "05": 3000, "06": 60_000}  # the parameter `images`: what the full profile takes, unless cut
pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    return nb


def number(path):
    """As its title and its exercises have it: "03", and "03a" for an appendix."""
    return path.stem.partition("_")[0]


def code_cells(nb, tag=None):
    return [c for c in nb.cells if c.cell_type == "code" and (tag is None or tag in c.metadata.get("tags", []))]


def text(nb):
    return "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")


def test_outputs_are_stripped_and_ids_unique(path):
    nb = read(path)
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(nb))
    assert set(nb.metadata) == {"kernelspec"} and nb.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in nb.cells}) == len(nb.cells)


def test_cells_are_short_and_not_too_many(path):
    nb = read(path)
    assert all(len(cell.source.splitlines()) <= MOST_LINES for cell in code_cells(nb))
    low = 20 if path.stem.startswith("00") else 35
    assert low <= len(nb.cells) <= 65


def test_it_opens_with_title_minutes_and_aims(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert re.match(rf"# {number(path)} \S", first.source)
    assert re.search(r"^\*\*\d+ minutes\.\*\* Before: ", first.source, re.M)
    assert len(re.findall(r"^- you can ", first.source, re.M)) == 3


def test_parameters_are_independent_scalars_and_set_up_comes_next(path):
    nb = read(path)
    (cell,) = code_cells(nb, "parameters")
    lines = ast.parse(cell.source).body
    own = {"images": IMAGES[number(path)]} if number(path) in IMAGES else {}
    assert {line.targets[0].id: ast.literal_eval(line.value) for line in lines} == PARAMETERS | own
    first, second, *_ = code_cells(nb)
    assert first is cell and second in code_cells(nb, "setup")
    assert "set_up(profile, seed, device, data_root" in second.source
    most = [int(digits) for digits in re.findall(r"images=images, most=([\d_]+)", second.source)]
    assert most == list(own.values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_cuda_device_that_is_not_there_is_told_by_the_set_up_cell(path):
    (cell,) = code_cells(read(path), "setup")
    given = {**PARAMETERS, "images": IMAGES.get(number(path)), "device": "cuda"}
    if "torch=False" in cell.source:
        exec(cell.source, given)
        assert given["run"].device == "cpu"
    else:
        with pytest.raises(InputError, match="device must be one that is here; got 'cuda', and torch finds none"):
            exec(cell.source, given)


def test_its_cells_bring_tensors_home_from_any_device(path):
    code = "\n".join(cell.source for cell in code_cells(read(path)))
    assert not re.search(r"(?<!\.cpu\(\))\.numpy\(\)|device=[\"']", code)


def test_the_story_has_its_parts(path):
    words = text(read(path))
    assert "**Predict" in words
    for heading in ("## Exercises", "## Where ITLM fails", "## Summary", "### Quiz"):
        assert words.count(f"\n{heading}") == 1, heading
    quiz = words.split("### Quiz")[1].split("<details>")[0]
    assert re.findall(r"^(\d)\. .*\?$", quiz, re.M) == ["1", "2", "3"]


def test_a_twin_without_the_kit_is_compared_with_the_kit(path):
    twins = code_cells(read(path), "twin")
    assert twins and all("assert" in cell.source for cell in twins)


def test_exercises_are_blanks_that_the_course_knows(path):
    chapter, cells = re.sub("^0", "", number(path)), code_cells(read(path), "exercise")
    names = [re.search(r'course\.check\("([\w.]+)", \w+\)$', cell.source).group(1) for cell in cells]
    assert names == [f"{chapter}.{number}" for number in course.exercises(chapter)] and len(names) >= 2
    assert all(cell.source.count("...") == 1 for cell in cells)


def test_it_ends_with_a_record_and_its_claim(path):
    last = read(path).cells[-1]
    assert last.cell_type == "code" and "record(" in last.source and "\nassert " in last.source


def test_cells_do_not_draw(path):
    code = "\n".join(cell.source for cell in code_cells(read(path)))
    assert not re.search(r"\bplt\b|matplotlib|plotly|\.plot\w*\(|\.imshow\(|\.hist\(", code)


def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", text(read(path))):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_it_is_on_both_maps(path):
    """The README and notebook 00 list every notebook, with the minutes that its own first cell gives."""
    (minutes,) = re.findall(r"^\*\*(\d+) minutes", read(path).cells[0].source, re.M)
    readme = (ROOT / "README.md").read_text()
    assert re.search(rf"^\| \[{path.stem}\].*\| {minutes} \|$", readme, re.M)
    if not path.stem.startswith("00"):
        assert re.search(rf"^\| \[{path.stem}\].*\| {minutes} \|$", text(read(NOTEBOOKS[0])), re.M)
