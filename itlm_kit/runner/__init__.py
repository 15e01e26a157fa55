"""Notebooks run headless: `run` plans and keeps, `execution` and `guard` do one notebook, `report` shows them all."""

from itlm_kit.runner.run import Run, Settings, default_out, find_notebooks, notebooks_folder

__all__ = ["Run", "Settings", "default_out", "find_notebooks", "notebooks_folder"]
