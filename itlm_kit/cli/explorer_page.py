"""An explorer as a web page of its own, served by Voila."""

import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from itlm_kit.errors import check_choice
from itlm_kit.explorers import names
from itlm_kit.extras import needs


def serve(name, *, port, browser=True):
    """Serve the explorer called `name` until stopped; returns Voila's exit code.

    Raises InputError for an unknown name, MissingExtra when Voila is not installed.
    """
    check_choice("explorer", name, names())
    needs("voila")
    with tempfile.TemporaryDirectory(prefix="itlm_") as folder:
        page = Path(folder, f"{name}.ipynb")
        nbformat.write(_page(name), page)
        command = [sys.executable, "-m", "voila", str(page), f"--port={port}"]
        with subprocess.Popen(command if browser else [*command, "--no-browser"]) as voila:
            try:
                return voila.wait()
            except KeyboardInterrupt:  # the way to end it
                voila.terminate()
                return 0


def _page(name):
    nb = new_notebook(cells=[new_code_cell(_source(name))])
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb


def _source(name):
    from itlm_kit.runner import results_folder

    source = _SOURCES.get(name, _PLAIN)
    results = str(results_folder()) if "{results" in source else ""  # the others need no checkout
    return source.format(name=name, results=results)


# What a page runs: some explorers need something to look at.
_PLAIN = """\
from itlm_kit.explorers import get_explorer
get_explorer({name!r})()"""
_SOURCES = {
    "gan": """\
from dataclasses import replace
from itlm_kit.chapters.mixtures.experiments import gan_run, table_recipe
from itlm_kit.explorers import GanExplorer
from itlm_kit.machine import Where
settings = {{"pair": "digits+patches", "images": 1400, "clean": 0.7, "method": "itlm"}}
run = gan_run(settings, replace(table_recipe(settings), rounds=3), 0, Where())
x = run.mixture.images.x
GanExplorer(run.losses, run.mixture.is_clean, x, run.panels, alpha=0.65, source=run.mixture.source)""",
    "label_noise": """\
from itlm_kit.experiments.results import results_frame
from itlm_kit.explorers import NoiseExplorer
from itlm_kit.notebook import stored
measured = stored("table1-mnist", folder={results!r})
digits = results_frame(r for r in measured if r.settings["data"] == "digits")
NoiseExplorer(digits, noise="systematic", clean=0.6, live=True)""",
    "trajectories": """\
from itlm_kit.chapters.labels.mnist import digits_recording
from itlm_kit.explorers import TrajectoryExplorer
recorder, noisy = digits_recording(seed=0)
TrajectoryExplorer(recorder, noisy.is_clean, images=noisy.samples.x, source=noisy.source, alpha=0.55)""",
}
