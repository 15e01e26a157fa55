import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ON_A_GPU = {"wide_resnet_against_float32", "fast_recipe_against_float32", "mnist_network_against_cpu"}
OF_OTHERS = {"margins_against_aum"}  # of packages that may be lacking
BY_THE_WALL_CLOCK = {
    "folder_told_against_taken",
    "run_against_papermill",
    "two_jobs_against_loop",
    "cluster_against_loop",
}


def run(tmp_path, measured, *arguments, recorded=None):
    """Run the benchmarks' command with one made-up benchmark in place of the real ones."""
    path = tmp_path / "recorded.json"
    path.write_text(json.dumps(recorded or {}))
    code = f"""
import pathlib, sys
import tests.benchmarks.__main__ as command
tries = iter([{measured}])
def made_up():
    found = next(tries)
    return found if isinstance(found, dict) else {{"ratio": found}}
command._chosen = lambda name: [made_up]
command.RECORDED = pathlib.Path({str(path)!r})
sys.argv[1:] = {list(arguments)!r}
command.main()
"""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True), path


def test_one_json_line_a_benchmark(tmp_path):
    done, _ = run(tmp_path, 12.3456, recorded={"made_up": 20})
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"name": "made_up", "ratio": 12.3, "recorded": 20}


@pytest.mark.parametrize("measured, code", [("9.9, 9.9, 9.9", 1), ("10.1", 0), ("9.9, 1, 10.1", 0)])
def test_check_fails_below_half_of_the_record_three_times_over(tmp_path, measured, code):
    done, _ = run(tmp_path, measured, "--check", recorded={"made_up": 20})
    assert done.returncode == code and ("made_up" in done.stderr) == bool(code)


def test_what_cannot_be_measured_here_says_why_and_fails_no_check(tmp_path):
    for choice in ("--check", "--record"):
        done, path = run(tmp_path, '{"absent": "no GPU"}', choice, recorded={"made_up": 20})
        assert done.returncode == 0 and json.loads(done.stdout) == {"name": "made_up", "absent": "no GPU"}
        assert json.loads(path.read_text()) == {"made_up": 20}


def test_record_keeps_the_ratio(tmp_path):
    _, path = run(tmp_path, 3.0, "--record", recorded={"other": 1.5})
    assert json.loads(path.read_text()) == {"other": 1.5, "made_up": 3.0}


def test_unknown_name():
    command = [sys.executable, "-m", "tests.benchmarks", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("name must be one of examining, explorers, glm, ")


def chosen(*names):
    """The names of the benchmarks that each of these chooses."""
    code = f"""
import json
from tests.benchmarks.__main__ import _chosen
print(json.dumps([[benchmark.__name__ for benchmark in _chosen(name)] for name in {names}]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return map(set, json.loads(done.stdout))


def test_every_benchmark_has_a_recorded_ratio_and_the_steady_ones_are_named():
    every, steady = chosen(None, "steady")
    recorded = json.loads((ROOT / "tests/benchmarks/recorded.json").read_text()).keys()
    assert recorded - every <= OF_OTHERS and every - recorded == ON_A_GPU
    assert every - steady == BY_THE_WALL_CLOCK
