"""What the README shows can be done as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from itlm_kit.chapters import experiment_names, get_experiment, headlines
from itlm_kit.chapters.mixtures.length import length_frame
from itlm_kit.cli.tables import on_paper
from itlm_kit.experiments.running import joined, plan
from itlm_kit.experiments.scheduling import makespan
from itlm_kit.experiments.store import ResultStore
from itlm_kit.ledger.beside import beside_printed

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
STORE = ResultStore(ROOT / "notebooks/results")
BLOCKS = dict(re.findall(r"^### (.+?)\n.*?^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL))


@pytest.fixture
def copy(tmp_path):
    """A copy of the kit, and a function that runs Python in it."""
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "itlm_kit", tmp_path / "itlm_kit", ignore=leave)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks/00_start_here.ipynb", tmp_path / "notebooks")
    (tmp_path / "notebooks/results").symlink_to(ROOT / "notebooks/results")

    def python(*words):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run([sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    python.folder = tmp_path
    return python


def test_each_way_to_extend_the_kit_is_shown_in_few_lines():
    assert list(BLOCKS) == ["A corruption", "An update", "A claim", "A notebook"]
    assert all(len(list(filter(str.strip, block.splitlines()))) < 15 for block in BLOCKS.values())


def test_a_corruption_is_one_file(copy):
    (place,) = re.findall(r"A file `(.+?)`; then", README)
    (copy.folder / place).write_text(BLOCKS["A corruption"])
    (command,) = re.findall(r"then `itlm (reproduce .+?)` knows it", README)
    only = ["--only", "noise=systematic", "--only", "clean=0.6", "--only", "method=itlm", "--dry-run"]
    assert "1 to compute" in copy("-m", "itlm_kit.cli", *command.split(), *only)
    flipped = "LABEL_NOISE['previous'](np.zeros((6, 1)), np.repeat([0, 1], 3), clean=1 / 3, classes=2).y.tolist()"
    code = f"import numpy as np; from itlm_kit.data.label_noise import LABEL_NOISE; print({flipped})"
    assert copy("-c", code).strip() == "[0, 1, 1, 1, 0, 0]"


def test_an_update_is_a_function(copy):
    code = (
        BLOCKS["An update"]
        + "\nerrors = [np.linalg.norm(t - data.theta) for t in (start, found.state)]\nprint(*errors)"
    )
    naive, ours = map(float, copy("-c", code).split())
    assert ours < 0.1 < naive


def test_a_claim_is_judged(copy):
    assert re.search(r"ITLM stays below the oracle +\d+\.\d+ +reproduced", copy("-c", BLOCKS["A claim"]))


@pytest.mark.notebook
def test_a_notebook_is_run(copy):
    copy("-c", BLOCKS["A notebook"])
    assert "1 of 1 passed" in copy("-m", "itlm_kit.cli", "run", "09", "--out", "out")
    assert '"seed_seen": 0' in (copy.folder / "out/results.json").read_text()


def test_the_readme_tells_the_lengths_of_gan_rounds_as_measured():
    told = re.search(
        r"(\d+) to (\d+) steps keep\s+a first set that is (\d+) to (\d+) % clean \(medians; one training of nine has "
        r"(\d+) %\).*?(\d+) to ([\d,]+) steps one of (\d+) to (\d+) %",
        README,
        re.DOTALL,
    )
    low, high, cleaner, cleanest, single, late, last, worse, worst = (int(n.replace(",", "")) for n in told.groups())
    swept = [
        r
        for r in STORE.results("gan-length")
        if r.settings["pair"] == "mnist+fashion_mnist" and r.settings["clean"] == 0.8
    ]
    by_step = length_frame(swept).set_index("step").sort_index()
    for steps, shares in (((low, high), (cleaner, cleanest)), ((late, last), (worse, worst))):
        rows = by_step.loc[steps[0] : steps[1], "clean_share"]
        assert (round(rows.min()), round(rows.max())) == shares
    assert round(by_step.loc[low:high, "low"].min()) == single and len(swept) == 9


def regained(noise):
    """Shares of what bad labels cost that ITLM wins back on CIFAR-10, measured and printed, by clean share; percent."""
    cells = beside_printed(get_experiment("table1-cifar"), STORE.results("table1-cifar"), "selected_accuracy")
    by_method = cells[cells["noise"] == noise].pivot_table(
        index=["recipe", "clean"], columns="method", values=["measured", "paper"], dropna=False
    )
    found = {}
    for recipe, column in (("fast", "measured"), ("paper", "paper")):
        arms = by_method.loc[recipe, column]
        found[column] = 100 * (arms["itlm"] - arms["baseline"]) / (arms["oracle"] - arms["baseline"])
    return found


@pytest.mark.parametrize("noise, clean", [("systematic", [0.8, 0.7, 0.6]), ("random", [0.7, 0.5, 0.3])])
def test_the_readme_tells_what_rounds_regain_on_cifar10(noise, clean):
    shares = [f"{a:.0f}, {b:.0f} and {c:.0f} % " for a, b, c in (column[clean] for column in regained(noise).values())]
    assert f"{shares[0]}(the paper {shares[1].strip()})" in " ".join(README.split())


def test_the_readme_tells_table_2_and_late_rounds_as_measured():
    last = {
        (name, result.settings["noise"], result.settings["clean"]): result.metrics["rounds"]
        for name in ("table1-cifar", "table2", "late-rounds")
        for result in STORE.results(name)
        if result.settings.get("recipe") == "fast" and result.settings["method"] != "oracle" and result.seed == 0
    }
    table2 = [f"{last['table2', 'random', clean][-1]['last_accuracy']:.1f}" for clean in (0.6, 0.2)]
    cleaner = [
        f"{last['late-rounds', *which][-1]['clean_share'] - last['table1-cifar', *which][4]['clean_share']:.1f}"
        for which in (("systematic", 0.6), ("random", 0.5))
    ]
    told = re.search(
        r"by ([\d.]+) points \(systematic 40 %\) and ([\d.]+) .*?errors ends at ([\d.]+) % .*?of 80 % at ([\d.]+) %",
        " ".join(README.split()),
    )
    assert list(told.groups()) == cleaner + table2


def test_the_readme_shows_printed_figures_beside_measured_ones():
    """Paste what `itlm claims --headlines` prints when new figures are stored."""
    assert headlines(STORE) in README


def test_the_readme_says_how_long_all_of_it_takes(tmp_path):
    """Paste what `itlm reproduce --all --profile full --dry-run` prints when cells are added or take longer."""
    experiments = [get_experiment(name) for name in experiment_names()]
    cells = joined([plan(each, ResultStore(tmp_path), profile="full") for each in experiments]).todo
    assert on_paper(cells) in README
    longest = max(cells, key=lambda cell: cell.seconds)
    assert (longest.experiment.place, longest.settings["pair"]) == ("Figure 3", "celeba+cifar10")
    on_cores = [cell.seconds for cell in cells if not cell.experiment.needs_gpu(cell.settings)]
    assert makespan(on_cores, 100) == longest.seconds


def test_the_readme_says_how_much_longer_the_stored_cells_took_than_on_an_idle_core():
    experiments = map(get_experiment, experiment_names())
    stored = [(each.seconds(r.settings), r.seconds) for each in experiments for r in STORE.results(each.name)]
    expected, taken = map(sum, zip(*stored, strict=True))
    assert f"took {taken / expected:.1f} times as long" in README


@pytest.mark.parametrize(
    "host", ["mybinder.org/v2/gh/OWNER/itlm_kit", "colab.research.google.com/github/OWNER/itlm_kit"]
)
def test_badges_open_a_notebook_that_is_there_and_have_a_place_for_the_owner(host):
    (path,) = re.findall(rf"\(https://{host}\S*?(notebooks/\S+\.ipynb)\)", README)
    assert (ROOT / path).is_file()


def test_links_to_files_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", README) if "://" not in link]
    assert len(links) > 9 and all((ROOT / link).exists() for link in links)
