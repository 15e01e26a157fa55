"""Working copies of notebooks."""

import re

import nbformat
import pytest

from itlm_kit.course.copying import working_copy
from itlm_kit.errors import InputError
from itlm_kit.runner import find_notebooks

LINK = re.compile(r"\]\(([^)#\s]+\.ipynb)")


@pytest.mark.parametrize("out, place", [("mine", "mine/00_start_here.ipynb"), ("mine/a b.ipynb", "mine/a b.ipynb")])
def test_a_copy_is_the_notebook_and_its_links_lead_to_the_kit(tmp_path, monkeypatch, out, place):
    monkeypatch.chdir(tmp_path)
    (original,) = find_notebooks(["0"])
    path = working_copy("0", out)
    assert path.resolve() == tmp_path / place
    copy, kit = nbformat.read(path, as_version=4), nbformat.read(original, as_version=4)
    links = [link for cell in copy.cells for link in LINK.findall(cell.source)]
    assert len(links) == 9 and all(
        (path.parent / link).samefile(original.with_name(link.split("/")[-1])) for link in links
    )
    assert [LINK.sub("", cell.source) for cell in copy.cells] == [LINK.sub("", cell.source) for cell in kit.cells]


def test_nothing_is_written_over(itlm):
    path = working_copy("convergence", ".")
    path.write_text("my work")
    code, _, error = itlm("copy", "3")
    assert code == 2 and "out must be free" in error and path.read_text() == "my work"


def test_the_command_says_where_the_copy_is(itlm):
    code, out, _ = itlm("copy", "05", "work")
    assert code == 0 and out.strip() == "work/05_label_noise.ipynb"


def test_an_unknown_notebook_is_refused(tmp_path):
    with pytest.raises(InputError, match="notebook must be one of 00_start_here"):
        working_copy("99", tmp_path)
    assert not list(tmp_path.iterdir())
