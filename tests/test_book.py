"""The book: it opens offline, its links lead somewhere, and nothing in it was executed twice."""

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from itlm_kit.book import building, docstrings
from itlm_kit.cli.commands import _exit_code
from itlm_kit.errors import InputError
from itlm_kit.experiments.store import ResultStore
from itlm_kit.notebook import RECORD
from itlm_kit.runner.formulas import as_mathml

pytestmark = pytest.mark.timeout(1800)  # Sphinx reads every module
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
FIRST, SECOND = "02_trimmed_loss", "05_label_noise"


def notebook(other):
    """An executed notebook as `itlm run` leaves it: parameters, a formula, a call, a widget with its picture."""
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "image/png": PNG, "text/plain": "widget"}
    outputs = [new_output("display_data", widget, metadata={"image/png": {"alt": "a grey dot"}})]
    script = new_output("display_data", {"application/javascript": "load('https://elsewhere')", "text/plain": "plain"})
    recorded = new_output("display_data", {RECORD: {"name": "a", "value": 1}, "text/plain": "a recorded figure"})
    blank = new_output("display_data", {"text/html": "<div>not attempted</div>"})
    cells = [
        new_markdown_cell(f"# A title\n\nWith $\\alpha^*$, and [another]({other}.ipynb).\n\n$$\\sum_i f_i$$"),
        new_markdown_cell("1. So\n   $$a$$\n   is $b$."),
        new_code_cell("profile = 'quick'", metadata={"tags": ["parameters"]}),
        new_code_cell(
            "from itlm_kit import num_kept\n\nnum_kept(0.5, 10)", outputs=[*outputs, script], execution_count=1
        ),
        new_code_cell("record(a=1)", outputs=[recorded]),
        new_code_cell("answer = ...", outputs=[blank], metadata={"tags": ["exercise"]}),
    ]
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}})


def run_of(folder, verdict="passed"):
    folder.mkdir()
    for name, other in ((FIRST, SECOND), (SECOND, FIRST)):
        nbformat.write(notebook(other), folder / f"{name}.ipynb")
    entries = [{"name": FIRST, "verdict": verdict}, {"name": SECOND, "verdict": "passed"}]
    (folder / "results.json").write_text(json.dumps({"notebooks": entries}))
    return folder


def test_an_appendix_is_a_page_of_its_own(tmp_path):
    run, appendix = run_of(tmp_path / "run"), f"{FIRST[:2]}a_more"
    nbformat.write(notebook(FIRST), run / f"{appendix}.ipynb")
    found = building._passed(run)
    assert [path.stem for path in found] == [FIRST, appendix, SECOND]
    assert building._addresses(found) == {"02": f"{FIRST}.html", "02a": f"{appendix}.html", "05": f"{SECOND}.html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of two notebooks, a teacher's page, and the report on results of which there are none."""
    for package in ("myst_nb", "furo", "sphinx_codeautolink"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("book")
    teaching = folder / "teaching.md"
    teaching.write_text(f"# Teaching\n\nBegin with [the loss]({FIRST}.ipynb).\n")
    first = building.build(run_of(folder / "run"), folder / "out", ResultStore(folder / "nothing"), extra=[teaching])
    assert first == folder / "out" / "html" / "index.html"
    return first.parent


class Page(HTMLParser):
    """The ids of a page, its links, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.text, self.ids, self.links, self.loads = path.read_text(), set(), [], []
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found[key] for key in ("id", "name") if key in found}
        self.links += [found["href"]] if tag == "a" and "href" in found else []
        self.loads += [found["src"]] if "src" in found else []
        self.loads += [found["href"]] if found.get("rel") in ("stylesheet", "icon", "preload") else []


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for path, page in pages.items():
        for load in map(urlsplit, page.loads):
            assert load.scheme in ("", "data"), path
            assert load.scheme or (path.parent / unquote(load.path)).is_file(), (path, load)
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text() and "@import" not in style.read_text()


def test_every_link_within_the_book_leads_somewhere(pages):
    count = 0
    for path, page in pages.items():
        for link in (each for each in map(urlsplit, page.links) if not each.scheme):
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            assert target.is_file(), (path, link)
            if link.fragment and target in pages:
                assert unquote(link.fragment) in pages[target].ids, (path, link)
            count += 1
    assert count > 1000


def test_notebooks_functions_claims_and_teachers_are_linked(site, pages):
    first, report, teaching = (pages[site / f"{name}.html"].links for name in (FIRST, "report", "teaching"))
    assert f"{SECOND}.html" in first
    assert "api/itlm_kit.html#itlm_kit.num_kept" in first
    assert "report.html#fig2" in first and "report.html#table1-mnist" in pages[site / f"{SECOND}.html"].links
    assert {f"{FIRST}.html", f"{SECOND}.html"} <= set(report) and f"{FIRST}.html" in teaching


def test_a_notebook_shows_formulas_and_pictures_and_no_parameters(site, pages):
    page = pages[site / f"{FIRST}.html"].text
    assert page.count("<math ") == 4 and page.count('display="block"') == 2 and "$" not in page.partition("<article")[2]
    assert 'alt="a grey dot"' in page
    assert "profile" not in page and "elsewhere" not in page and "widget-view" not in page


def test_a_notebook_is_made_for_readers():
    cells = building.as_page(notebook(SECOND), "00").cells
    outputs = [output.data for cell in cells for output in cell.get("outputs", [])]
    assert [data for data in outputs if "text/markdown" in data] == [{"text/markdown": "a grey dot"}]  # an explorer's
    assert not any(RECORD in data or "not attempted" in data.get("text/html", "") for data in outputs)
    assert "Hide the code" in cells[1].source and cells[-1].source == "answer = ..."  # no claims are about notebook 00


def test_a_box_hides_the_code(site, pages):
    page = pages[site / f"{FIRST}.html"].text
    assert 'class="code-switch"' in page and "Hide the code</label>" in page and "cell_input" in page
    assert "body:has(.code-switch :checked) .cell_input" in (site / "_static" / "book.css").read_text()


def test_the_first_page_lists_pages_and_no_sections(site):
    listed = (site / "index.html").read_text().partition('<div class="toctree-wrapper')[2]
    assert f'href="{FIRST}.html">A title</a>' in listed and f"{FIRST}.html#" not in listed
    assert "itlm_kit" not in listed.partition("</article>")[0]


def test_the_search_knows_notebooks_functions_and_claims(site):
    index = (site / "searchindex.js").read_text()
    assert all(word in index for word in (FIRST, "itlm_kit.num_kept", "reproduc"))


def test_the_search_puts_the_reference_last(site):
    assert 'startsWith("api/") ? score - 1000' in (site / "_static" / "language_data.js").read_text()


@pytest.mark.parametrize("verdict, says", [("failed", f"{FIRST} failed"), (None, "holds no run")])
def test_a_run_that_cannot_be_shown_is_refused(tmp_path, verdict, says, monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: True)
    run = run_of(tmp_path / "run", verdict) if verdict else tmp_path
    with pytest.raises(InputError, match=says):
        building.build(run, tmp_path / "out", ResultStore(tmp_path / "nothing"))
    assert not (tmp_path / "out").exists()


def test_without_sphinx_the_command_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    assert _exit_code(["book", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "itlm_kit[book]" in capsys.readouterr().err


def test_settings_execute_nothing_and_name_no_address():
    conf = Path(building.__file__).with_name("conf.py").read_text()
    assert 'nb_execution_mode = "off"' in conf and "http" not in conf


def test_docstrings_are_plain_text_in_which_names_and_lists_are_markup():
    lines = ["k: `theta_` of |x|, *any*.", "Faults:", "- a;", "  b.", "- c.", "Raises."]
    docstrings._escape(None, "function", "f", None, None, lines)
    told = [r"k: `theta_` of \|x\|, \*any\*.", "Faults:", "", "- a;", "  b.", "- c.", "", "Raises."]
    assert lines == told


@pytest.mark.parametrize("latex", [r"\arg\min_x f", r"\theta^* \argh"])
def test_a_command_that_the_converter_lacks_is_drawn(latex):
    drawn = as_mathml(latex, "inline")
    assert "arg</mo>" in drawn if "min" in latex else "argh" in drawn
    assert "\\arg<" not in drawn
