"""Every notebook run headless by `itlm run` in the quick profile: passed, inside its budget, with figures to show."""

import json
import subprocess
import sys

import nbformat
import pytest
import torch
from test_hygiene import NOTEBOOKS

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; torch sees none")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, needs_cuda])]

# What the records of a notebook must show, in addition to the assertion in its own last cell.
FIGURES = {
    "01": lambda r: (
        r["auc_random"] > 0.95 > 0.7 > r["auc_style_at_end"]
        and r["clean_share_kept"] > 0.72
        and r["auc_by_heart"] < 0.9
        and r["narrowing"]["random"] > r["narrowing"]["systematic"] > 10
    ),
    "05": lambda r: r["baseline"] + 10 < r["itlm"] < r["oracle"] and r["clean_share"] > 90 and r["change_random"] < 0,
    "06": lambda r: (
        r["gain"] > 20
        and r["fewer_clean"] > 75
        and r["turned"] < 65
        and r["auc"][0] > 0.8
        and r["auc"][0] - r["auc"][1] > 0.15
        and r["judged"]["real digits"][0] > r["judged"]["kept by ITLM"][0] > r["judged"]["whole pile"][0]
        and r["judged"]["real digits"][1] < r["judged"]["kept by ITLM"][1] < r["judged"]["whole pile"][1]
    ),
    "07": lambda r: (
        r["attack_naive"] >= 90 > 10 > r["attack_itlm"]
        and r["races"]["6->0 at (2, 13)"] > 40 > 10 > r["races"]["6->0 at (2, 2)"]
        and abs(r["clean_itlm"] - r["clean_naive"]) < 2
        and r["dropped_in_window"] > 0.7 > 0.3 > r["dropped_at_end"]
        and r["recall"]["itlm"] > r["recall"]["early-loss"] > 50
        and r["recall"]["spectral"] > 90
    ),
    "08": lambda r: (
        r["precision"] > 0.75
        and r["recall"] > 0.9 < r["likely"]
        and r["first_100"] > 0.9
        and r["clean"] - 0.15 < r["alpha"] < r["clean"] - 0.02
        and r["reached"]["ITLM, round 0"] + 2 < r["reached"]["drop the suspects"] < r["reached"]["oracle"] + 1
        and r["error"]["rows kept"] < 1.1 * r["error"]["oracle"] < 0.3 * r["error"]["all rows"]
        and r["loops"]["batches trimmed"] < r["loops"]["as it is"] < r["loops"]["on the samples kept"]
        and r["rare"]["one list"] < 30 < 90 < r["rare"]["class"]
    ),
    "00": lambda r: (
        r["error_itlm"] < 0.2 * r["error_least_squares"] and r["bad_kept_far"] > 10 and r["bad_survived"]["0.6"] >= 15
    ),
    "02": lambda r: (
        r["bad_to_break"]["exact"] == 8
        and r["largest_rise"] < 1e-9
        and r["leverage"]["ITLM, one start"] > 0.1
        and r["cost_of_alpha"]["0.05"]["10"] > 2 > r["cost_of_alpha"]["0.05"]["-10"]
        and r["cost_of_alpha"]["0.2"]["5"] < 1 < r["cost_of_alpha"]["0.2"]["-5"]
    ),
    "03": lambda r: (
        r["orders"]["large M"]["0.001"] > 1.2 > 1.1 > r["orders"]["M = 1"]["0.001"]
        and r["error_oracle"] < r["error_itlm"] < 0.4 * r["error_least_squares"]
        and all(kind["ITLM"] > 5 * kind["oracle"] for name, kind in r["failures"].items() if name != "σ = 1")
        and r["failures"]["σ = 1"]["ITLM"] > r["failures"]["σ = 1"]["least squares"]
        and r["drift"] > 1.2
        and 0.8 < r["half_from"]["5"] < r["half_from"]["100"] < 0.9
    ),
    "03a": lambda r: (
        all(abs(kind["itlm-1"] / kind["by the map"] - 1) < 0.15 for kind in r["floors"].values())
        and r["order_of_single_steps"] < 1.2
        and 0.9 < r["samples_slope"] < 1.2
        and r["too_high"]["adversary"] > 5 > r["too_high"]["random"]
        and r["peers"]["oracle"] < r["peers"]["ITLM, reweighted, 50 starts"] < 0.2 * r["peers"]["least squares"]
        and min(r["faster_than_robpy"].values()) > 100
    ),
    "04": lambda r: (
        r["error_kinked"] < 0.4 * r["error_least_squares"]
        and r["halving"]["1"] < r["halving"]["0.5"] < r["halving"]["0.2"]
        and r["flow_over_bound"] <= 1
    ),
}


@pytest.fixture(scope="module", params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def run(request, device, tmp_path_factory):
    """(entry in results.json, executed notebook) of one notebook."""
    path, out = request.param, tmp_path_factory.mktemp("run")
    itlm = [sys.executable, "-c", "from itlm_kit.cli import main; main()"]
    done = subprocess.run([*itlm, "run", path.stem, "--device", device, "--out", out], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (entry,) = json.loads((out / "results.json").read_text())["notebooks"]
    return entry, nbformat.read(out / path.name, as_version=4)


@pytest.mark.notebook
def test_it_passes_inside_its_budget(run):
    entry, _ = run
    assert entry["verdict"] == "passed"
    assert entry["seconds"] <= entry["budget_seconds"]


@pytest.mark.notebook
def test_its_records_show_what_it_claims(run):
    entry, _ = run
    assert FIGURES[entry["name"].partition("_")[0]](entry["records"]), entry["records"]


@pytest.mark.notebook
def test_its_figures_are_told_in_words(run):
    _, nb = run
    shown = [out for cell in nb.cells for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]
    told = [out for out in shown if len(out.metadata.get("image/png", {}).get("alt", "")) >= 40]
    assert shown and told == shown
