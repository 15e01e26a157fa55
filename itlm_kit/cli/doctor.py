"""What this machine has of what the kit can use, and the command that mends what is missing."""

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import psutil

from itlm_kit.data import data_root, listing
from itlm_kit.errors import InputError

_NEEDED = (
    "itlm_kit", "numpy", "scipy", "pandas", "scikit-learn", "torch", "torchvision", "matplotlib", "plotly",
    "anywidget", "ipywidgets", "jupyterlab", "ipykernel", "papermill", "nbconvert",
)  # fmt: skip
_OPTIONAL = ("voila", "pytest", "statsmodels")  # for explorers as pages, the tests, comparisons
_REINSTALL = f"{sys.executable} -m pip install --force-reinstall torch torchvision"
_GB = 1e9


class Finding(NamedTuple):
    """One thing looked at: what was found, whether the kit cannot do without, and what mends it."""

    name: str
    found: str
    missing: bool = False
    remedy: str = ""


def examine(root=None):
    """List of Findings: Python, packages, device, memory, data sets under `root`. Raises InputError for a bad root."""
    root = data_root(root)
    return [
        Finding("python", f"{platform.python_version()}, {sys.executable}"),
        *map(_package, _NEEDED),
        *(_package(name, needed=False) for name in _OPTIONAL),
        _device(),
        Finding("processor", f"{platform.machine()}, {os.cpu_count()} cores"),
        Finding("memory", f"{_memory('available')} of {_memory('total')} free"),
        _notebooks(),
        Finding("data root", f"{root}, {_free(root)}"),
        *(Finding(f"data {line['name']}", line["state"], remedy=line["remedy"]) for line in listing(root)),
    ]


def _package(name, needed=True):
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed", missing=needed, remedy=f"{sys.executable} -m pip install {name}")


def _device():
    try:
        import torch
        import torchvision  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:  # a pair that does not match, a missing library
        return Finding("device", f"torch or torchvision cannot be imported: {error}", missing=True, remedy=_REINSTALL)
    if torch.cuda.is_available():
        return Finding("device", f"cuda: {torch.cuda.get_device_name()}")
    return Finding("device", "cpu; torch finds no CUDA device, the quick profile needs none")


def _memory(kind):
    return f"{getattr(psutil.virtual_memory(), kind) / _GB:.1f} GB"


def _free(root):
    while not root.exists():
        root = root.parent
    return f"{shutil.disk_usage(root).free / _GB:.1f} GB free"


def _notebooks():
    from itlm_kit.runner import notebooks_folder

    try:
        return Finding("notebooks", str(notebooks_folder()))
    except InputError as error:
        return Finding("notebooks", "none", remedy=str(error))
