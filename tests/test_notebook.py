import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest
import torch

from itlm_kit import InputError
from itlm_kit.notebook import (
    beside_printed,
    measured,
    read_records,
    readable,
    record,
    set_up,
    show,
    stored,
    verdicts,
)


def test_set_up_prints_one_line(capsys):
    got = set_up("quick", 3, "cpu", minutes={"quick": 0.25, "full": 40}, data={"quick": "digits", "full": "MNIST"})
    (line,) = capsys.readouterr().out.splitlines()
    assert got == ("quick", 3, "cpu", None, None)
    for part in ("profile quick, seed 3", f"numpy {np.__version__}", "torch", "cpu", "data: digits", "about 15 s"):
        assert part in line


def test_the_full_profile_tells_its_own_time_and_data(capsys):
    set_up("full", 0, "cpu", minutes={"quick": 0.25, "full": 40}, data={"quick": "digits", "full": "MNIST"})
    line = capsys.readouterr().out
    assert "about 40 min" in line and "MNIST" in line and "digits" not in line


@pytest.mark.parametrize("profile, images, words", [
    ("full", 3000, " · about 40 min"), ("full", 1200, " · at most about 40 min"), ("quick", 1200, " · about 15 s")
])  # fmt: skip
def test_fewer_images_take_less_time_in_the_full_profile(profile, images, words, capsys):
    run = set_up(profile, 0, "cpu", images=images, most=3000, minutes={"quick": 0.25, "full": 40}, torch=False)
    assert run.images == images and capsys.readouterr().out.strip().endswith(words)


@pytest.mark.parametrize("source", ["MNIST, 5 % of the training images", "MNIST, 5 % of the training images, seed 3"])
def test_what_a_figure_is_of_names_the_seed_once(source):
    assert set_up("quick", 3, "cpu", torch=False).about(source) == "MNIST, 5 % of the training images, seed 3"


def test_auto_takes_the_device_that_is_there():
    assert set_up("quick", 0, "auto").device == ("cuda" if torch.cuda.is_available() else "cpu")


def test_without_torch_nothing_imports_it():
    code = (
        "import sys; from itlm_kit.notebook import set_up; run = set_up('quick', 0, 'auto', torch=False);"
        "sys.exit('torch' in sys.modules or run.device != 'cpu')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_data_root_becomes_a_path(tmp_path):
    assert set_up("quick", 0, "cpu", str(tmp_path), torch=False).data_root == tmp_path


@pytest.mark.parametrize(
    "bad, words",
    [
        ({"profile": "fast"}, "profile must be one of quick, full; got 'fast'"),
        ({"profile": ["quick"]}, "profile must be one of"),
        ({"seed": 0.5}, "seed must be a whole number"),
        ({"seed": "0"}, "seed must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0; got -1"),
        ({"device": "gpu"}, "device must be one of auto, cpu, cuda; got 'gpu'"),
        ({"data_root": 3}, "data_root must be a folder or None; got 3"),
        ({"data_root": __file__}, r"data_root must be a folder; got .* \(a file\)"),
        ({"data_root": "/no/such/folder"}, r"\(nothing there\)"),
        ({"images": 999, "most": 3000}, "images must be a whole number from 1000 to 3000; got 999. It is how many"),
        ({"images": 3001, "most": 3000}, "images must be a whole number from 1000 to 3000; got 3001"),
        ({"images": "all", "most": 3000}, "images must be a whole number"),
        ({"images": None, "most": 3000}, "images must be a whole number"),
    ],
)
def test_parameters_are_checked_before_anything_is_said(bad, words, capsys):
    with pytest.raises(InputError, match=words):
        set_up(**({"profile": "quick", "seed": 0} | bad))
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_asked_for_and_not_there():
    with pytest.raises(InputError, match="torch finds none"):
        set_up("quick", 0, "cuda")


def test_record_and_show_work_in_plain_python(capsys):
    record(error=np.float32(0.5), kept=torch.tensor([3, 4]))
    show(object(), "a rising line")
    assert capsys.readouterr().out.splitlines() == ["error: 0.5", "kept: 3, 4", "[figure] a rising line"]


@pytest.mark.parametrize("value", [np.nan, float("inf"), np.array([1, np.inf]), {"a": float("nan")}, object(), {1, 2}])
def test_what_is_not_finite_or_no_json_is_refused_and_nothing_recorded(value, capsys):
    with pytest.raises(InputError, match="error must be finite"):
        record(fine=1, error=value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "value, words",
    [
        (3.703997850263503, "3.704"),
        (1400, "1,400"),
        (True, "yes"),
        (None, "none"),
        ("α is known", "α is known"),
        ([0.25, 12], "0.25, 12"),
        ({"exact": 8, "OLS": {"a": 0.5}}, "exact = 8, OLS (a = 0.5)"),
    ],
)
def test_records_are_readable(value, words, capsys):
    record(bad_to_break=value)
    assert readable(value) == words and capsys.readouterr().out == f"bad to break: {words}\n"


def test_tables_show_their_texts_whole(capsys):
    with pd.option_context("display.max_colwidth", 50):
        set_up("quick", 0, "cpu", torch=False)
        assert "too long " * 9 in pd.DataFrame({"why": ["too long " * 9 + "not to be cut"]}).to_html()


def executed(tmp_path, *sources):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nb.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(nb, tmp_path / "in.ipynb")
    return papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", progress_bar=False)


def test_records_and_alt_texts_are_in_the_executed_notebook(tmp_path):
    nb = executed(
        tmp_path,
        "import numpy as np\nfrom itlm_kit.notebook import record, show",
        "record(error=np.float64(.25), path=np.arange(3))",
        "from itlm_kit.plots.style import panels\nfigure, _ = panels()\nshow(figure, 'an empty frame')",
        "record(error=0.5, why='twice: the last one counts', parts={'a': [1, 2.5]})",
    )
    assert read_records(nb) == {
        "error": 0.5,
        "path": [0, 1, 2],
        "why": "twice: the last one counts",
        "parts": {"a": [1, 2.5]},
    }
    (picture,) = nb.cells[2].outputs
    assert picture.metadata["image/png"]["alt"] == "an empty frame"


def test_no_records_in_a_notebook_that_did_not_run():
    assert read_records(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text")])) == {}


@pytest.fixture
def no_checkout(tmp_path, monkeypatch):
    """An empty folder as the working folder, and a kit without a folder of notebooks beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("itlm_kit.notebook._KIT_RESULTS", tmp_path / "nothing")


@pytest.mark.parametrize("read", [stored, lambda name: beside_printed(name, "clean_share"), lambda name: verdicts()])
def test_away_from_its_results_a_notebook_says_in_one_line_what_is_missing(no_checkout, read):
    with pytest.raises(InputError, match="results must be a folder with the kit's result files .*which is not there"):
        read("table5")


def test_away_from_its_results_small_cells_are_measured_instead(no_checkout):
    assert set(measured("fig5", only=["panel=e", "sigma=0.2"])["n"]) == {300}


def test_a_working_copy_reads_the_results_of_the_checkout_that_the_kit_runs_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert stored("table5") and max(measured("fig5", only=["panel=e", "sigma=0.2"])["n"]) > 300


def test_verdicts_are_counted_for_the_chapters_that_are_named(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    verdicts("mixtures", "backdoors")
    head, _, *lines = shown[0].data.splitlines()
    assert head.startswith("| chapter (notebooks) | reproduced | mixed | not reproduced |")
    assert [line.split(" | ")[0] for line in lines] == ["| GAN filtering (06)", "| backdoors (07)"]
    with pytest.raises(InputError, match="chapter must be one of regression, labels, mixtures, backdoors; got 'gan'"):
        verdicts("gan")
