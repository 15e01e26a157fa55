"""Notebooks run headless: `run` plans and keeps, `execution` and `guard` do one notebook, `report` shows them all."""

from importlib import import_module

from itlm_kit.extras import needs
from itlm_kit.runner.folder import notebooks_folder, results_folder

__all__ = ["Run", "Settings", "default_out", "find_notebooks", "notebooks_folder", "results_folder"]


def __getattr__(name):
    # Imported on first use: who only asks where the notebooks lie does without papermill.
    if name not in __all__:
        raise AttributeError(f"module 'itlm_kit.runner' has no attribute {name!r}")
    needs("papermill", "nbconvert", "filelock", "psutil")
    return getattr(import_module("itlm_kit.runner.run"), name)
