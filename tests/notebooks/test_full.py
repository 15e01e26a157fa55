"""Notebooks in the `full` profile, on real data and at the paper's sizes, run to the end on a CPU."""

import json
import subprocess
import sys

import pytest
from test_hygiene import NOTEBOOKS

DATA = {"07": "mnist", "08": "mnist"}
# Left out, for each takes more than ten minutes of a core: 01 and 05 train on 3,000 images for hours of epochs in all,
# 06 on 86,000.
SHORT = [path for path in NOTEBOOKS if path.stem[:2] not in ("01", "05", "06")]


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.stem)
def test_it_passes_in_full(path, real_data, tmp_path):
    root = real_data(DATA.get(path.stem[:2], "digits"))
    command = ["run", path.stem, "--profile", "full", "--device", "cpu", "--data-root", root, "--out", tmp_path / "out"]
    itlm = [sys.executable, "-c", "from itlm_kit.cli import main; main()"]
    done = subprocess.run([*itlm, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (entry,) = json.loads((tmp_path / "out" / "results.json").read_text())["notebooks"]
    assert entry["verdict"] == "passed" and entry["records"]
