"""What would be published: what is in it, and that the wheel alone does what the core can, in an empty environment."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from itlm_kit import __version__

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
OFFLINE = ("No matching distribution", "Could not find a version", "ConnectionError", "Max retries")


def ran(*command, **how):
    """What a command printed, far from this clone; without a package index the test is skipped."""
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=bare, **how)
    if done.returncode and any(words in done.stdout + done.stderr for words in OFFLINE):
        pytest.skip("needs a package index")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(sdist, wheel), the wheel made from the sdist."""
    pytest.importorskip("build", reason="needs the package build: pip install itlm_kit[tests]")
    folder = tmp_path_factory.mktemp("dist")
    ran(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder / f"itlm_kit-{__version__}.tar.gz", folder / f"itlm_kit-{__version__}-py3-none-any.whl"


def of_the_package():
    files = (path for path in (ROOT / "itlm_kit").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_the_wheel_is_the_package_and_its_licence(built):
    names = set(zipfile.ZipFile(built[1]).namelist())
    about = f"itlm_kit-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(about)} == of_the_package()
    assert f"{about}licenses/LICENSE" in names


def test_the_source_has_what_builds_it_and_no_measured_figures(built):
    names = {name.partition("/")[2] for name in tarfile.open(built[0]).getnames()}
    assert of_the_package() | {"LICENSE", "README.md", "pyproject.toml"} <= names
    assert not any(name.startswith(("notebooks", "runs")) for name in names)


def test_the_wheel_alone_does_what_the_core_can(built, tmp_path):
    environment = tmp_path / "empty"
    ran(sys.executable, "-m", "venv", environment)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    ran(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", built[1])
    (tmp_path / "tried").mkdir()
    told = json.loads(ran(python, ROOT / "tests/core_only.py", tmp_path / "tried", cwd=tmp_path))
    assert Path(told["kit"]).is_relative_to(environment) and all(told["uses"].values())
