"""What the core does alone, what it says of what it lacks, and that the extras are told as pyproject.toml has them."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from core_only import ABLE, CORE, NEEDY, plain
from packaging.requirements import Requirement

from itlm_kit import extras

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text()
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
NAMES = {"PIL": "pillow", "IPython": "ipython"}  # imported under another name than installed


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """What `core_only.py` tells where Python finds nothing but the core."""
    command = [sys.executable, HERE / "core_only.py", tmp_path_factory.mktemp("core"), "--hide"]
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_the_core_is_told_as_it_is():
    assert {Requirement(line).name for line in PROJECT["dependencies"]} == set(CORE)


@pytest.mark.parametrize("extra", extras.EXTRAS)
def test_the_extras_are_told_as_they_are(extra):
    wanted = {Requirement(line).name for line in PROJECT["optional-dependencies"][extra]} - {"itlm_kit"}
    assert {plain(NAMES.get(package, package)) for package in extras.EXTRAS[extra]} == set(map(plain, wanted))


def test_the_readme_tells_of_every_extra_and_of_the_core():
    table = README.partition("| extra |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| (none|`.+?) \|.*\| (.+?) \|$", table, re.M))
    assert set(re.findall(r"\w+", " ".join(rows))) - {"none", "with"} == set(extras.EXTRAS)
    assert {name.lower() for name in rows["none"].split(", ")} == set(CORE)


def test_what_make_sets_up_lacks_nothing_of_the_notebooks():
    assert PROJECT["optional-dependencies"]["all"] == ["itlm_kit[notebooks,tests,peers]"]
    assert "itlm_kit[vision]" in PROJECT["optional-dependencies"]["notebooks"]
    assert "itlm_kit[pages]" in PROJECT["optional-dependencies"]["vision"]


def test_the_core_alone_runs_the_method(core):
    assert all(core["uses"].values()) and len(core["uses"]) == 5


@pytest.mark.parametrize("asked", ABLE)
def test_the_core_alone_can(core, asked):
    assert core["faults"][asked] is None


def test_the_core_lists_suspects_and_says_what_a_page_would_take(core):
    _, printed = core["answers"]["examine table.csv --target y --copy-kept kept"]
    assert 'pip install "itlm_kit[pages]"' in printed and "194 kept" in printed


@pytest.mark.parametrize("asked", NEEDY)
def test_a_missing_extra_is_one_line_that_names_it(core, asked):
    assert core["faults"][asked] is None


def test_another_missing_module_is_no_extra():
    error = ModuleNotFoundError("No module named 'nowhere'", name="nowhere")
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        extras.told(error)
    assert "itlm_kit[vision]" in str(extras.told(ModuleNotFoundError(name="torch.nn")))


def test_a_missing_extra_is_an_import_that_failed(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"this needs torch, which is not installed\. Run: pip install"):
        extras.needs("torch", "PIL")
