"""The workflows of a public host: well-formed, with the least rights, in step with pyproject.toml and the Makefile."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PATHS = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in PATHS}
JOBS = {f"{name}.{job}": spec for name, flow in WORKFLOWS.items() for job, spec in flow["jobs"].items()}
STEPS = [step for job in JOBS.values() for step in job["steps"]]
LINTERS = {
    "check-jsonschema": ["--builtin-schema", "vendor.github-workflows"],
    "actionlint": [],
    "zizmor": ["--offline", "--config", str(ROOT / ".github/zizmor.yml")],
}


@pytest.mark.parametrize("linter", LINTERS)
def test_linters_find_nothing(linter):
    found = shutil.which(linter, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if not found:
        pytest.skip(f"needs {linter} beside Python or on the PATH")
    done = subprocess.run([found, *LINTERS[linter], *PATHS], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read_and_stands_in_line(name):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert "cancel-in-progress" in WORKFLOWS[name]["concurrency"]
    assert "secrets." not in (ROOT / f".github/workflows/{name}.yml").read_text()


@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_in_time(name):
    assert 0 < JOBS[name]["timeout-minutes"] <= 120


def test_only_what_publishes_may_do_more_and_is_handed_what_was_built():
    able = {name: job for name, job in JOBS.items() if "permissions" in job}
    assert set(able) == {"book.publish", "release.publish"}
    assert able["release.publish"]["permissions"] == {"id-token": "write"}
    assert able["release.publish"]["environment"] == "release"
    assert all(job["needs"] == "build" and not any("run" in step for step in job["steps"]) for job in able.values())


def test_actions_are_taken_by_their_major_version():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used and all(re.fullmatch(r"[\w/-]+@(release/)?v\d+", action) for action in used)


def test_no_job_keeps_the_right_to_push():
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_three_systems_with_the_oldest_python_and_one_more():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    matrices = [JOBS[f"check.{name}"]["strategy"]["matrix"] for name in ("linux", "elsewhere")]
    assert all(matrix["python"][0] == oldest and len(matrix["python"]) == 2 for matrix in matrices)
    assert matrices[1]["system"] == ["macos-latest", "windows-latest"]
    asked = [step.get("with", {}).get("python-version") for step in JOBS["check.lowest"]["steps"]]
    assert list(filter(None, asked)) == [oldest]


def test_checks_are_made_monthly_too():
    (at,) = WORKFLOWS["check"][True]["schedule"]  # YAML reads `on` as true
    assert re.fullmatch(r"\d+ \d+ 1 \* \*", at["cron"])


def test_a_gpu_is_not_for_forks():
    job = JOBS["gpu.gpu"]
    assert "head.repo.full_name == github.repository" in job["if"] and "self-hosted" in job["runs-on"]
    assert set(WORKFLOWS["gpu"][True]) == {"workflow_dispatch", "pull_request"}


def test_what_is_made_can_be_made():
    made = {word for step in STEPS for word in re.findall(r"make ([\w-]+)", step.get("run", ""))}
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert made == {"run", "book", "test-gpu", "test-lowest"} and made <= targets


def test_a_release_is_tried_before_it_is_published():
    lines = [step.get("run", "") for step in JOBS["release.build"]["steps"]]
    steps = ["GITHUB_REF_NAME", "python -m build", "tests/core_only.py"]
    places = [next(i for i, line in enumerate(lines) if words in line) for words in steps]
    assert places == sorted(places) and WORKFLOWS["release"][True] == {"push": {"tags": ["v*"]}}
