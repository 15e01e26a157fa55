"""What this machine has of what the kit can use, and the command that mends what is missing."""

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from itlm_kit.data import data_root, listing
from itlm_kit.errors import InputError
from itlm_kit.extras import installed, remedy

_CORE = ("itlm_kit", "numpy", "scipy", "pandas", "scikit-learn", "joblib", "threadpoolctl", "click")
_OF_EXTRAS = (
    "matplotlib", "torch", "torchvision", "plotly", "anywidget", "ipywidgets", "jupyterlab", "ipykernel", "papermill",
    "nbconvert", "voila", "statsmodels",
)  # fmt: skip
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
        *(_package(name, f"{sys.executable} -m pip install {name}", needed=True) for name in _CORE),
        *(_package(name, f"{sys.executable} -m {remedy(name)}", needed=False) for name in _OF_EXTRAS),
        _device(),
        Finding("processor", f"{platform.machine()}, {os.cpu_count()} cores"),
        *([_memory()] if installed("psutil") else []),
        _notebooks(),
        Finding("data root", f"{root}, {_free(root)}"),
        *(Finding(f"data {line['name']}", line["state"], remedy=line["remedy"]) for line in listing(root)),
    ]


def _package(name, how, needed):
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed", missing=needed, remedy=how)


def _device():
    if not installed("torch"):
        return Finding("device", "cpu; a GPU is used by torch alone")
    try:
        import torch
        import torchvision  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:  # a pair that does not match, a missing library
        return Finding("device", f"torch or torchvision cannot be imported: {error}", missing=True, remedy=_REINSTALL)
    if torch.cuda.is_available():
        return Finding("device", f"cuda: {torch.cuda.get_device_name()}")
    return Finding("device", "cpu; torch finds no CUDA device, the quick profile needs none")


def _memory():
    import psutil

    found = psutil.virtual_memory()
    return Finding("memory", f"{found.available / _GB:.1f} GB of {found.total / _GB:.1f} GB free")


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
