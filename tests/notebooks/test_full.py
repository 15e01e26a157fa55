"""Notebooks in the `full` profile, at the paper's sizes, to the end on a CPU: those that need no data and minutes."""

import json
import subprocess
import sys

import pytest
from test_hygiene import NOTEBOOKS

SHORT = [path for path in NOTEBOOKS if path.stem[:2] in ("00", "02", "03", "04")]


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.stem)
def test_it_passes_in_full(path, tmp_path):
    itlm = [sys.executable, "-c", "from itlm_kit.cli import main; main()"]
    command = [*itlm, "run", path.stem, "--profile", "full", "--device", "cpu", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (entry,) = json.loads((tmp_path / "out" / "results.json").read_text())["notebooks"]
    assert entry["verdict"] == "passed" and entry["records"]
