"""Notebooks run headless: `run` plans and keeps, `execution` and `guard` do one notebook, `report` shows them all.

`folder` finds the notebooks, `settings` says how they are run, `results` reads what an earlier run has left.
"""

from importlib import import_module

from itlm_kit.extras import needs
from itlm_kit.runner.folder import find_notebooks, notebooks_folder, results_folder

_HOME = {"Run": "run", "Settings": "settings", "default_out": "run"}
__all__ = [*_HOME, "find_notebooks", "notebooks_folder", "results_folder"]


def __getattr__(name):
    # Imported on first use: who only asks where the notebooks lie does without papermill.
    if name not in _HOME:
        raise AttributeError(f"module 'itlm_kit.runner' has no attribute {name!r}")
    needs("papermill", "nbconvert", "filelock", "psutil")
    return getattr(import_module(f"itlm_kit.runner.{_HOME[name]}"), name)
