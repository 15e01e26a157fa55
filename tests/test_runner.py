import errno
import html
import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from PIL import Image
from planted import FAULTS, FAULTY, SOUND, write_all, write_notebook

from itlm_kit.errors import InputError
from itlm_kit.notebook import RECORD
from itlm_kit.runner import find_notebooks
from itlm_kit.runner import run as runner
from itlm_kit.runner.report import draw_page, index_page
from itlm_kit.runner.run import Run, default_out
from itlm_kit.runner.settings import MB, Machine, Settings, probe_machine

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/5ncYPwAAAABJRU5ErkJggg=="
QUICK_LOOK = "from itlm_kit.notebook import record\nrecord(kept=profile)"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """(results.json, out folder, names of cells counted) of one run over a sound notebook and one of each fault."""
    folder, out = write_all(tmp_path_factory.mktemp("planted") / "notebooks"), tmp_path_factory.mktemp("out")
    counted = []
    run = Run(find_notebooks(folder=folder), out, Settings(jobs=2, timeout=4, max_memory=50))
    for _ in run.entries(on_cell=counted.append):
        pass
    return json.loads((out / "results.json").read_text()), out, counted


def entry(report, name):
    return next(e for e in report["notebooks"] if e["name"] == name)


def run_all(folder, out, **options):
    run = Run(find_notebooks(folder=folder), out, Settings(**options.pop("settings", {})), **options)
    return [e["name"] for e in run.entries()], run.report


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_turns_its_notebook_red_with_cell_and_reason(planted, name):
    report, out, _ = planted
    code, kind, error = FAULTS[name]
    failure = entry(report, name)["failure"]
    assert entry(report, name)["verdict"] == "failed"
    assert (failure["kind"], failure["cell"], failure["source"]) == (kind, FAULTY, code)
    assert error in failure["error"]
    assert name in (out / "index.html").read_text()


def test_the_others_still_run_and_the_whole_is_red(planted):
    report, _, counted = planted
    assert entry(report, "01_sound")["verdict"] == "passed"
    assert report["verdict"] == "failed" and report["complete"]
    assert len(report["notebooks"]) == len(FAULTS) + 2
    assert entry(report, "09_damaged")["failure"]["kind"] == "notebook"
    assert counted.count("01_sound") == 4  # parameters, the injected ones, two more


def test_records_parameters_and_interpreter_are_those_of_the_run(planted):
    report, _, _ = planted
    records = entry(report, "01_sound")["records"]
    assert records == {"accuracy": 93.7, "parameters": ["quick", 0, "auto", None], "python": sys.executable}


def test_time_and_memory_are_measured(planted):
    report, _, _ = planted
    slow, hog = entry(report, "06_slow"), entry(report, "07_hog")
    assert 4 <= slow["seconds"] < 25
    assert hog["above_baseline_mb"] > 50 and hog["peak_mb"] < 6000  # far from the 6 GB it wanted
    assert report["baseline_mb"] > 50
    assert 10 < slow["peak_mb"] < hog["peak_mb"]


def test_kept_copies_have_outputs_but_no_widget_state(planted):
    _, out, _ = planted
    for path in out.glob("*.ipynb"):
        assert "widgets" not in nbformat.read(path, as_version=4).metadata
    assert "ZeroDivisionError" in (out / "03_error.ipynb").read_text()
    assert not list(out.glob("*.part"))


def test_pages_carry_their_pictures_and_the_index_asks_for_nothing_from_elsewhere(planted):
    _, out, _ = planted
    assert "data:image/png;base64," in (out / "01_sound.html").read_text()
    assert (out / "01_sound.png").read_bytes().startswith(b"\x89PNG")
    index = (out / "index.html").read_text()
    links = re.findall(r'(?:href|src)="([^"]+)"', index)
    assert all(link.startswith("data:") or (out / link).exists() for link in links)
    assert {"01_sound.html", "01_sound.ipynb", "01_sound.png", "results.json"} <= set(links)
    assert "http" not in index and "Title of 01_sound" in index and "93.7" in index


def test_resume_keeps_what_passed_and_runs_what_failed_or_changed(tmp_path):
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(folder, "01_same", QUICK_LOOK)
    write_notebook(folder, "02_mended", "1 / 0")
    write_notebook(folder, "03_edited", QUICK_LOOK)
    assert run_all(folder, out)[1]["verdict"] == "failed"
    write_notebook(folder, "02_mended", QUICK_LOOK)
    write_notebook(folder, "03_edited", QUICK_LOOK, "edited = True")
    names, report = run_all(folder, out, resume=True)
    assert sorted(names) == ["02_mended", "03_edited"]
    assert report["verdict"] == "passed" and len(report["notebooks"]) == 3
    assert run_all(folder, out, resume=True)[0] == []
    names, report = run_all(folder, out, resume=True, settings={"device": "cpu"})
    assert len(names) == 3
    one = Run(find_notebooks(["1"], folder), out, Settings(device="cpu", profile="full"), resume=True)
    assert [path.stem for path in one.todo] == ["01_same"]
    assert {e["name"] for e in one.report["notebooks"]} == {"02_mended", "03_edited"}  # not chosen: left as they are


def test_a_parameter_that_one_notebook_has_is_injected_and_asked_for_again_by_resume(tmp_path):
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(folder, "01_a", "from itlm_kit.notebook import record\nrecord(images=images)", own="images = 3000")
    _, report = run_all(folder, out, settings={"own": {"images": 1200}})
    assert report["notebooks"][0]["records"] == {"images": 1200}
    assert run_all(folder, out, settings={"own": {"images": 1200}}, resume=True)[0] == []
    _, report = run_all(folder, out, resume=True)
    assert report["notebooks"][0]["records"] == {"images": 3000}


def test_a_parameter_that_a_notebook_does_not_have_or_all_have_stops_before_any_work(tmp_path):
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(folder, "01_a", SOUND, own="images = 3000")
    write_notebook(folder, "02_b", SOUND)
    words = "a parameter of 02_b: profile, seed, device, data_root; it has no 'images'"
    with pytest.raises(InputError, match=words):
        run_all(folder, out, settings={"own": {"images": 1200}})
    assert not out.exists()
    with pytest.raises(InputError, match="seed is a parameter of all"):
        Settings(own={"seed": 3})


def test_a_notebook_whose_page_is_gone_is_run_again(tmp_path):
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(folder, "01_a", QUICK_LOOK)
    write_notebook(folder, "02_b", QUICK_LOOK)
    run_all(folder, out)
    (out / "01_a.html").unlink()
    assert run_all(folder, out, resume=True)[0] == ["01_a"] and (out / "01_a.html").is_file()


def test_a_folder_holds_one_run(tmp_path):
    path, out = write_notebook(tmp_path / "notebooks", "01_a", QUICK_LOOK), tmp_path / "out"
    running = Run([path], out, Settings())
    with pytest.raises(InputError, match="of one run at a time; another is writing"):
        Run([path], out, Settings(), resume=True)
    list(running.entries())
    before = (out / "results.json").read_text()
    with pytest.raises(InputError, match="hold no earlier run.*--resume"):
        Run([path], out, Settings())
    assert (out / "results.json").read_text() == before


def test_a_folder_under_a_notebook_s_name_is_none(tmp_path):
    write_notebook(tmp_path, "01_a", SOUND)
    (tmp_path / "19_x.ipynb").mkdir()
    assert [path.stem for path in find_notebooks(folder=tmp_path)] == ["01_a"]


def test_a_notebook_that_failed_is_never_taken_for_done(tmp_path):
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(folder, "01_broken", "1 / 0")
    for resume in (False, True):  # into a new folder, then into the same
        names, report = run_all(folder, out, resume=resume)
        assert names == ["01_broken"] and report["verdict"] == "failed"


ENTRY = {
    "name": "01_a", "title": "A", "thumbnail": None, "verdict": "passed", "failure": None, "parameters": {},
    "records": {}, "seconds": 1.0, "budget_seconds": 60, "peak_mb": 100.0, "above_baseline_mb": 9.0,
}  # fmt: skip


CHANGES = [
    {"verdict": None}, {"verdict": "fine"}, {"parameters": None}, {"name": 3}, {"seconds": "1"}, {"title": 3},
    {"failure": "none"}, {"peak_mb": {}}, {"budget_seconds": "60"},
]  # fmt: skip


def test_an_entry_as_the_runner_writes_it_is_no_damage(tmp_path):
    write_notebook(tmp_path / "notebooks", "02_b", SOUND)
    (tmp_path / "results.json").write_text(json.dumps({"schema": 1, "notebooks": [ENTRY]}))
    run = Run(find_notebooks(folder=tmp_path / "notebooks"), tmp_path, Settings(), resume=True)
    assert run.report["notebooks"] == [ENTRY]


@pytest.mark.parametrize(
    "report",
    [
        '{"schema": 1',
        "[]",
        "null",
        '{"schema": 1}',
        '{"schema": 1, "notebooks": 3}',
        *(
            json.dumps({"schema": 1, "notebooks": [{k: v for k, v in {**ENTRY, **change}.items() if v is not None}]})
            for change in CHANGES
        ),
    ],
)
def test_resume_refuses_a_damaged_results_file(tmp_path, report):
    write_notebook(tmp_path / "notebooks", "01_a", SOUND)
    (tmp_path / "results.json").write_text(report)
    with pytest.raises(InputError, match="--resume must find a readable results.json"):
        run_all(tmp_path / "notebooks", tmp_path, resume=True)
    assert (tmp_path / "results.json").read_text() == report


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_under_the_name_of_results_is_not_waited_for(tmp_path):
    write_notebook(tmp_path / "notebooks", "01_a", SOUND)
    os.mkfifo(tmp_path / "results.json")
    with pytest.raises(InputError, match="--resume must find a readable results.json"):
        run_all(tmp_path / "notebooks", tmp_path, resume=True)


def test_the_picture_shown_is_the_tagged_one_else_the_first(tmp_path):
    sized = "import matplotlib.pyplot as plt\n_ = plt.figure(figsize=({}, 2)).add_subplot()"
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(folder, "01_tagged", sized.format(2), sized.format(6), tags={1: "thumbnail"})
    write_notebook(folder, "02_first", sized.format(2), sized.format(6))
    run_all(folder, out)
    shapes = [Image.open(out / f"{name}.png").size for name in ("01_tagged", "02_first")]
    assert shapes[0][0] > 2 * shapes[0][1] and shapes[1][0] < 1.5 * shapes[1][1]


def test_an_interactive_plot_is_drawn_offline(tmp_path):
    code = "import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 3, 2])).show('plotly_mimetype')"
    write_notebook(tmp_path / "notebooks", "01_plotly", code)
    run_all(tmp_path / "notebooks", tmp_path / "out")
    page = (tmp_path / "out" / "01_plotly.html").read_text()
    assert 'src="plotly.min.js"' in page and "Plotly.newPlot" in page
    assert (tmp_path / "out" / "plotly.min.js").stat().st_size > 1e6


def test_a_page_asks_for_nothing_from_elsewhere_and_its_formulas_are_drawn_by_the_browser():
    text = r"""# Title
Inline $\theta_t$, and \\(\alpha^*\\), `$5` and

$$\frac{\lfloor\alpha n\rfloor}{2} \le \sum_i \|x_i\|$$

\begin{align} a &= b \\ c &= d \end{align}
"""
    nb = v4.new_notebook(cells=[v4.new_markdown_cell(one) for one in (text, "$\\left x$", "$\\unheard_x$")])
    page = draw_page(nb, "formulas").html
    maths = re.findall(r"<math .*?</math>", page, re.S)
    assert len(maths) == 4 and [one.count('display="block"') for one in maths] == [0, 0, 1, 1]
    assert "<mfrac>" in maths[2] and "θ" in maths[0] and "<mtable" in maths[3]
    assert "<code>$5</code>" in page and r"<code>\left x</code>" in page and r"<code>\unheard_x</code>" in page
    assert 'math { font-family: "' in page
    assert loaded_from(page) == []


def test_pages_of_the_notebooks_have_no_formula_left_and_ask_for_nothing_from_elsewhere():
    for path in find_notebooks(folder=NOTEBOOKS):
        nb = nbformat.read(path, as_version=4)
        text = "".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
        page = draw_page(nb, path.stem).html
        assert loaded_from(page) == []
        maths = re.findall(r"<math .*?</math>", page, re.S)
        assert len(maths) == len(re.findall(r"\$\$.+?\$\$|\$[^$]+?\$", text, re.S))
        assert not any("\\" in one for one in maths)


def test_arg_is_an_operator():
    page = draw_page(v4.new_notebook(cells=[v4.new_markdown_cell(r"$\arg\min_\theta f$")]), "arg").html
    assert "<mo>arg</mo><msub><mo>min</mo>" in page


def test_a_page_leads_to_pages_and_hides_what_is_for_those_who_run_it():
    text = "[a](03_convergence.ipynb) [b](03_convergence.ipynb#lemma-5) [c](https://elsewhere.org/a.ipynb) [d](x.csv)"
    parameters = v4.new_code_cell("seed = 1234", metadata={"tags": ["injected-parameters"]})
    nb = v4.new_notebook(cells=[v4.new_markdown_cell(text), parameters, v4.new_code_cell("seed + 1")])
    page = draw_page(nb, "links").html
    found = [link for link in re.findall('href="([^"#][^"]*)"', page) if not link.startswith("data:")]
    assert found == ["03_convergence.html", "03_convergence.html#lemma-5", "https://elsewhere.org/a.ipynb", "x.csv"]
    assert "1234" not in page and nb.cells[1].source == "seed = 1234"


def test_the_finding_of_an_explorer_is_printed_below_its_picture():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}
    about = {"image/png": {"alt": "Round 3 keeps 2 < 5."}}
    both = [v4.new_output("display_data", {"image/png": PNG, **more}, metadata=about) for more in (widget, {})]
    page = draw_page(v4.new_notebook(cells=[v4.new_code_cell(outputs=both)]), "explorer").html
    assert page.count('alt="Round 3 keeps 2 &lt; 5."') == 2
    assert page.count("<figcaption>Round 3 keeps 2 &lt; 5.</figcaption>") == 1


def loaded_from(page):
    """Addresses elsewhere of all that a browser would fetch for a page."""
    tags = re.findall(r"<(?:script|link|img|iframe|source|object|embed)\b[^>]*>", page)
    addresses = (re.findall(r"""(?:src|href|data)=["']((?:https?:)?//[^"']+)""", tag) for tag in tags)
    return sum([*addresses, re.findall(r"""(?:url\(|@import\s+)["']?((?:https?:)?//[^"')]+)""", page)], [])


def test_outputs_that_no_page_can_show_fail_their_notebook_alone(tmp_path):
    folder, show = tmp_path / "notebooks", "from IPython.display import display\ndisplay({}, raw=True)"
    write_notebook(folder, "01_picture", show.format({"image/png": "aGVsbG8="}))
    write_notebook(folder, "02_record", show.format({RECORD: {"x": 1}}))
    write_notebook(folder, "03_sound", QUICK_LOOK)
    (folder / "04_list.ipynb").write_text("[]")
    failures = [entry["failure"] for entry in run_all(folder, tmp_path / "out")[1]["notebooks"]]
    assert [failure and failure["kind"] for failure in failures] == ["page", "page", None, "notebook"]
    assert "cannot identify image" in failures[0]["error"] and "KeyError" in failures[1]["error"]


def test_two_interactive_plots_at_once_share_their_script(tmp_path):
    code = "import plotly.graph_objects as go\ngo.Figure().show('plotly_mimetype')"
    for name in ("01_a", "02_b"):
        write_notebook(tmp_path / "notebooks", name, code)
    names, report = run_all(tmp_path / "notebooks", tmp_path / "out", settings={"jobs": 2})
    assert report["verdict"] == "passed" and not list((tmp_path / "out").glob("*.part"))


def test_a_widget_that_brings_a_picture_is_shown_as_that_picture(tmp_path):
    bundle = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "image/png": PNG, "text/plain": "VBox()"}
    write_notebook(
        tmp_path / "notebooks", "01_explorer", f"from IPython.display import display\ndisplay({bundle}, raw=True)"
    )
    run_all(tmp_path / "notebooks", tmp_path / "out")
    page = (tmp_path / "out" / "01_explorer.html").read_text()
    assert f'src="data:image/png;base64,{PNG}"' in page and "VBox()</pre>" not in page


def test_a_page_says_what_its_pictures_show():
    alt = "The loss of bad samples stays <b> above 2, α > 0.5."
    picture = v4.new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": alt}})
    page = draw_page(v4.new_notebook(cells=[v4.new_code_cell(outputs=[picture])]), "picture").html
    assert f'alt="{alt}"' in html.unescape(page) and "<b>" not in page and "No description" not in page


def test_an_out_folder_that_cannot_be_written_to_stops_before_any_work(tmp_path, monkeypatch):
    path = write_notebook(tmp_path / "notebooks", "01_a", SOUND)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="results must go to a folder that can be written"):
        Run([path], tmp_path / "file", Settings())
    assert (tmp_path / "file").read_text() == "mine"


def test_a_disk_that_fills_up_ends_the_run_in_one_line_with_nothing_half_written(tmp_path, monkeypatch):
    path, out = write_notebook(tmp_path / "notebooks", "01_a", SOUND), tmp_path / "out"
    run = Run([path], out, Settings())

    def full(_, write):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runner, "write_atomically", full)
    with pytest.raises(InputError, match="No space left on device"):
        list(run.entries())
    assert sorted(p.name for p in out.iterdir() if p.name != ".lock") == ["index.html", "results.json"]
    assert json.loads((out / "results.json").read_text())["notebooks"] == []


def test_notebooks_are_found_by_number_and_name(tmp_path, monkeypatch):
    for name in ("00_start_here", "03_convergence", "03a_at_scale", "10_more"):
        write_notebook(tmp_path / "notebooks", name, SOUND)
    write_notebook(tmp_path / "notebooks", "draft", SOUND)
    monkeypatch.chdir(tmp_path)

    def stems(*names):
        return [path.stem for path in find_notebooks(names)]

    assert stems() == ["00_start_here", "03_convergence", "03a_at_scale", "10_more"]
    assert stems("3", "0") == ["00_start_here", "03_convergence"]
    assert stems("convergence", "03", "notebooks/03_convergence.ipynb") == ["03_convergence"]
    assert stems("3a", "at_scale", "03a") == stems("notebooks/03a_at_scale.ipynb") == ["03a_at_scale"]
    with pytest.raises(InputError, match="must be one of 00_start_here, .*; got '4'|got '4'"):
        stems("4")
    with pytest.raises(InputError, match="has none"):
        find_notebooks(folder=tmp_path)


def test_resume_without_out_takes_the_newest_run(tmp_path):
    with pytest.raises(InputError, match="--resume must find an earlier run"):
        default_out(resume=True, runs=tmp_path)
    for name in ("2026-01-02_10-00-00", "2026-01-03_09-00-00", "reproduce"):
        (tmp_path / name).mkdir()
    for name in ("2026-01-02_10-00-00", "2026-01-03_09-00-00"):
        (tmp_path / name / "results.json").write_text("{}")
    assert default_out(resume=True, runs=tmp_path).name == "2026-01-03_09-00-00"
    assert not default_out(runs=tmp_path).exists()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"profile": "slow"}, "profile must be one of quick, full"),
        ({"device": "tpu"}, "device must be one of"),
        ({"jobs": 0}, "jobs must be a whole number"),
        ({"timeout": 1.5}, "timeout must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"max_memory": -5}, "max_memory must be a positive number"),
        ({"max_memory": "5"}, "max_memory must be a positive number"),
        ({"data_root": __file__}, "data root must be a folder"),
        ({"data_root": "/no/such/folder"}, "data root must be a folder"),
    ],
)
def test_bad_settings_are_refused(bad, words):
    with pytest.raises(InputError, match=words):
        Settings(**bad)


def test_the_quick_memory_limit_holds_on_the_cpu_only():
    plain, cuda = Machine(500e6, False), Machine(500e6, True)
    assert Settings().memory_limit(plain) == Settings(device="cpu").memory_limit(cuda) == 330 * MB
    assert Settings().memory_limit(cuda) is Settings(profile="full").memory_limit(plain) is None
    assert Settings(profile="full", max_memory=20).memory_limit(cuda) == 20 * MB


def test_the_baseline_is_that_of_a_python_with_torch():
    machine = probe_machine()
    assert 100e6 < machine.baseline < 3e9
    assert machine.cuda is False or machine.cuda is True


def test_the_index_flags_a_notebook_over_its_time_and_escapes_what_it_shows(planted):
    report = json.loads(json.dumps(planted[0]))
    report["notebooks"] = [entry(report, "01_sound")]
    assert "over 60 s" not in index_page(report)
    report["notebooks"][0] |= {"seconds": 61.0, "title": "<script>alert(1)</script>"}
    assert "over 60 s" in index_page(report)
    assert "<script>" not in index_page(report)
