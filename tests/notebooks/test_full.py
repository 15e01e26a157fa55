"""Every notebook in the `full` profile, to the end on a CPU: at the paper's sizes, or cut by its own parameter."""

import json
import subprocess
import sys

import pytest
from test_hygiene import NOTEBOOKS, number

from itlm_kit import InputError, data

CUT = {"01": 1200, "05": 1200, "06": 2100}  # images of those that would take more than five minutes of one core
NEEDS = {"01": ["mnist"], "05": ["mnist"], "06": ["mnist", "fashion_mnist"], "07": ["mnist"], "08": ["mnist"]}


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_passes_in_full(path, tmp_path):
    skip_without(NEEDS.get(number(path), ()))
    itlm = [sys.executable, "-c", "from itlm_kit.cli import main; main()"]
    command = [*itlm, "run", path.stem, "--profile", "full", "--device", "cpu", "--out", str(tmp_path / "out")]
    cut = ["--set", f"images={CUT[number(path)]}"] if number(path) in CUT else []
    done = subprocess.run([*command, *cut], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (entry,) = json.loads((tmp_path / "out" / "results.json").read_text())["notebooks"]
    assert entry["verdict"] == "passed" and entry["records"]


def skip_without(names):
    """Skip where a set is not in the data root, `ITLM_DATA_ROOT` or its default."""
    for name in names:
        try:
            data.check(name)
        except InputError as error:
            pytest.skip(str(error))
