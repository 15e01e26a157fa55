"""Put the book's pages together from a run of notebooks and the stored results, and hand them to Sphinx."""

import json
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_output

from itlm_kit.chapters import experiment_names, get_experiment, notebooks_of
from itlm_kit.errors import InputError
from itlm_kit.experiments.store import ResultStore
from itlm_kit.extras import needs
from itlm_kit.files import as_path, write_atomically, writing_to
from itlm_kit.notebook import RECORD
from itlm_kit.report.contents import part_of
from itlm_kit.report.page import drawn
from itlm_kit.runner.folder import NUMBERED
from itlm_kit.runner.results import RESULTS

_HERE = Path(__file__).parent
_HIDDEN = {"parameters", "injected-parameters"}
_WIDGET = "application/vnd.jupyter.widget-view+json"
_CODE_SWITCH = '<label class="code-switch"><input type="checkbox"> Hide the code</label>'


def build(run: str | Path, out: str | Path, store: ResultStore, extra: tuple[Path, ...] = ()) -> Path:
    """Build the book of the notebooks that `itlm run` left in the folder `run`; returns the Path of its first page.

    out: a folder for the site (in html) and for what it is made of (in source); what is there is replaced. store: what
    the report is drawn from. extra: further pages, Markdown files. Raises MissingExtra where Sphinx is not
    installed, InputError where `run` holds no notebooks or one that failed.
    """
    needs("sphinx", "myst_nb", "furo", "sphinx_codeautolink")
    notebooks, source = _passed(as_path(run, "run")), as_path(out, "--out") / "source"
    with writing_to(source):
        _stage(notebooks, source, store, extra)
    return _sphinx(source, as_path(out) / "html")


def _passed(run):
    """The executed notebooks of a run."""
    found = [path for path in sorted(run.glob("[0-9][0-9]*.ipynb")) if NUMBERED.match(path.stem)]
    if not found or not (run / RESULTS).is_file():
        raise InputError(f"run must be a folder that `itlm run` wrote; {run} holds no run. Run: itlm run --out {run}")
    entries = json.loads((run / RESULTS).read_text())["notebooks"]
    failed = [entry["name"] for entry in entries if entry["verdict"] != "passed"]
    if failed:
        raise InputError(f"notebooks must have passed; in {run} {', '.join(failed)} failed. Mend them and run again.")
    return found


def _stage(notebooks, source, store, extra):
    shutil.rmtree(source)
    shutil.copytree(_HERE / "pages", source)
    for path in notebooks:
        nbformat.write(as_page(nbformat.read(path, as_version=4), path.stem[:2]), source / path.name)
    for path in filter(Path.is_file, extra):
        shutil.copy(path, source / path.name)
    body = drawn("body.html", store, notebooks=_addresses(notebooks))
    write_atomically(source / "report_body.html", lambda file: file.write(body.encode()))


def _addresses(notebooks):
    """{number: page}: an appendix such as 03a has one of its own."""
    return {path.stem.partition("_")[0]: f"{path.stem}.html" for path in notebooks}


def as_page(nb, number):
    """An executed notebook as a page: parameter cells hidden, pictures in words, at its end what the paper claims."""
    nb.cells = [_as_read(cell) for cell in nb.cells if not _HIDDEN & _tags(cell)]
    nb.cells.insert(1, new_markdown_cell(_CODE_SWITCH))
    if claims := _claims_text(number):
        nb.cells.append(new_markdown_cell(claims))
    return nb


def _as_read(cell):
    """A cell for who reads it only: no verdict on a blank answer, no figures for machines, pictures in words."""
    if cell.cell_type == "code":
        outputs = [] if "exercise" in _tags(cell) else cell.outputs
        cell.outputs = [each for output in outputs for each in _as_shown(output)]
        if told := " ".join(filter(None, map(_words, cell.outputs))):
            cell.metadata["mystnb"] = {"image": {"alt": told}}
    return cell


def _as_shown(output):
    """An output as a list: empty for recorded figures, with the words below for an explorer, which stands still."""
    data = output.get("data", {})
    below = _words(output) if _WIDGET in data else ""
    told = [new_output("display_data", {"text/markdown": below})] if below else []
    return [] if RECORD in data else [output, *told]


def _words(output):
    return output.get("metadata", {}).get("image/png", {}).get("alt", "")


def _tags(cell):
    return set(cell.metadata.get("tags", []))


def _claims_text(number):
    """Links from a notebook to the figures and tables of the paper that it is about."""
    about = {name: get_experiment(name) for name in experiment_names() if number in notebooks_of(name)}
    links = [f'<a href="report.html#{name}">{each.title}</a> ({each.place})' for name, each in about.items()]
    telling = [link for link, each in zip(links, about.values(), strict=True) if part_of(each.place) != "The text"]
    return f"**Printed beside measured:** {', '.join(telling or links)}." if links else ""


def _sphinx(source, out):
    from sphinx.cmd.build import build_main

    if build_main(["-q", "-E", "-c", str(_HERE), "-b", "html", str(source), str(out)]):
        raise InputError(f"the book's pages must be such that Sphinx can read them; it names those of {source} above.")
    return out / "index.html"
