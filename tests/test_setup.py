"""What a fresh clone is set up with: the lists of packages agree, make does its part, CI adds nothing of its own."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"pytorch-cpu": "torch"}  # conda-forge's CPU build is found under a name of its own
IN_CONDA = ("pages", "vision", "notebooks", "peers")  # the extras that environment.yml brings
ENVIRONMENTS = ["environment.yml", "binder/environment.yml"]

needs_make = pytest.mark.skipif(os.name != "posix" or not shutil.which("make"), reason="needs make and a shell")


def conda(path):
    """{package: its bounds} of a conda environment, under their names in pyproject.toml."""
    lines = [line for line in yaml.safe_load((ROOT / path).read_text())["dependencies"] if isinstance(line, str)]
    wanted = [Requirement(re.sub(r"(?<=\w)=(?=\d)", "==", line)) for line in lines]
    return {CONDA_NAMES.get(one.name, one.name): one.specifier for one in wanted}


@pytest.mark.parametrize("path", ENVIRONMENTS)
def test_conda_environments_agree_with_pyproject(path):
    extras = [line for extra in IN_CONDA for line in PROJECT["optional-dependencies"][extra]]
    wanted = {
        one.name: one.specifier for one in map(Requirement, [*PROJECT["dependencies"], *extras]) if not one.extras
    }
    found = conda(path)
    python, pip = found.pop("python"), found.pop("pip")
    assert found == wanted and not pip
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert str(python).startswith((f">={lowest}", "==3.")) or f">={lowest}" in str(python)


def test_binder_takes_a_python_that_the_kit_admits():
    (pin,) = conda("binder/environment.yml")["python"]
    assert pin.operator == "==" and pin.version in SpecifierSet(PROJECT["requires-python"])


def test_torch_and_torchvision_are_left_to_the_resolver():
    """Their releases come in pairs: an upper bound, a pin or another origin for one of them breaks the other."""
    bounds = {one.name: one for one in map(Requirement, PROJECT["optional-dependencies"]["vision"])}
    for name in ("torch", "torchvision"):
        assert bounds[name].url is None and [one.operator for one in bounds[name].specifier] == [">="]


def test_no_file_names_a_package_index():
    files = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci/run", *(ROOT / path for path in ENVIRONMENTS)]
    files += [path for folder in (".github", "binder") for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert not [path for path in files if re.search(r"index-url|find-links|https?://", path.read_text())]


REPO2DOCKER = shutil.which("repo2docker", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.mark.posix
@pytest.mark.skipif(not REPO2DOCKER, reason="needs repo2docker beside Python or on the PATH")
def test_repo2docker_accepts_the_folder(tmp_path):
    for name in ("binder", "pyproject.toml"):  # what it reads; the rest would only be copied
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    done = subprocess.run(
        [REPO2DOCKER, "--no-build", "--no-run", "--debug", tmp_path], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    for part in ("binder/environment.yml", "binder/postBuild", "binder/start"):
        assert part in done.stdout


@pytest.mark.posix
@pytest.mark.parametrize("script", ["binder/postBuild", "binder/start", ".ci/run"])
def test_scripts_are_whole_and_executable(script):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_the_changelog_tells_of_this_version():
    from itlm_kit import __version__

    versions = re.findall(r"^## \[(.+?)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert versions[0] == __version__ and versions == sorted(versions, reverse=True)


def test_citation_is_complete():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    from itlm_kit import __version__

    assert citation["version"] == __version__ and citation["license"] == PROJECT["license"]
    assert citation["preferred-citation"]["year"] == 2019


FAKE_PYTHON = """#!/bin/sh
# Stands in for a Python whose `-m venv` and `pip install` are quick, and writes down what it was asked.
echo "$*" >> calls
case "$*" in
  -c*) exit {too_old} ;;
  "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && : > .venv/bin/itlm && chmod +x .venv/bin/itlm ;;
  *"pip install"*) test ! -e offline ;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    """A folder with Makefile and pyproject.toml, and a function that calls make in it with a fake Python."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)

    def make(*words, too_old=0):
        python = tmp_path / "python"
        python.write_text(FAKE_PYTHON.format(too_old=too_old))
        python.chmod(0o755)
        (tmp_path / "calls").write_text("")
        # Called by a make of its own, as the tests are: what that one hands on is not for this one.
        plain = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        command = ["make", f"PYTHON={python}", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=plain)
        return done, (tmp_path / "calls").read_text()

    make.folder = tmp_path
    return make


@needs_make
def test_make_sets_up_once(clone):
    done, calls = clone("run")
    assert done.returncode == 0 and "-m venv .venv" in calls and "pip install" in calls
    done, calls = clone("run")
    assert done.returncode == 0 and calls == ""


@needs_make
def test_make_sets_up_again_in_place_when_the_dependencies_change(clone):
    clone("run")
    ready, kept = clone.folder / ".venv/ready", clone.folder / ".venv/kept"
    kept.touch()
    os.utime(ready, (1, 1))
    _, calls = clone("run")
    assert "pip install" in calls and kept.exists() and ready.stat().st_mtime > 1


@needs_make
def test_make_begins_anew_after_a_set_up_that_stopped(clone):
    (clone.folder / "offline").touch()
    done, _ = clone("run")
    assert done.returncode != 0 and not (clone.folder / ".venv/ready").exists()
    (clone.folder / ".venv/half").touch()
    (clone.folder / "offline").unlink()
    done, _ = clone("run")
    assert done.returncode == 0 and not (clone.folder / ".venv/half").exists()


@needs_make
def test_make_names_the_python_it_needs(clone):
    done, calls = clone("test", too_old=1)
    assert done.returncode != 0 and "Python 3.11 or newer is needed" in done.stderr
    assert "venv" not in calls and not (clone.folder / ".venv").exists()


@needs_make
@pytest.mark.parametrize("target", ["run", "test", "test-fast", "test-slow", "test-gpu", "test-lowest", "lab", "bench"])
def test_every_target_sets_up_first(target):
    done = subprocess.run(["make", "-n", "-B", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and ".[all]" in done.stdout


@needs_make
def test_gpu_tests_and_benchmarks_are_skipped_with_a_line_where_there_is_no_gpu(clone):
    done, calls = clone("test-gpu")
    assert done.returncode == 0 and "-m pytest -m gpu" in calls and "-m tests.benchmarks vision" in calls
    (clone.folder / ".venv/bin/python").write_text(FAKE_PYTHON.format(too_old=1))  # whatever it is asked, it says no
    done, calls = clone("test-gpu")
    assert (done.returncode, done.stdout) == (0, "test-gpu: skipped, torch finds no CUDA device\n")
    assert "pytest" not in calls and "benchmarks" not in calls


@needs_make
def test_bench_takes_a_name_and_a_check():
    done = subprocess.run(["make", "-n", "bench", "BENCH=glm", "CHECK=1"], cwd=ROOT, capture_output=True, text=True)
    assert "-m tests.benchmarks glm --check" in done.stdout


def test_this_python_is_one_that_the_kit_admits():
    assert ".".join(map(str, sys.version_info[:3])) in SpecifierSet(PROJECT["requires-python"])
