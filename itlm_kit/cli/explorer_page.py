"""An explorer as a web page of its own, served by Voila."""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from itlm_kit.errors import InputError, check_choice
from itlm_kit.explorers import names


def serve(name, *, port, browser=True):
    """Serve the explorer called `name` until stopped; returns Voila's exit code.

    Raises InputError for an unknown name, and when Voila is not installed.
    """
    check_choice("explorer", name, names())
    if find_spec("voila") is None:
        raise InputError(f"voila must be installed for this; it is not. Run: {sys.executable} -m pip install voila")
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
    lines = ["from itlm_kit.explorers import get_explorer", f"get_explorer({name!r})()"]
    nb = new_notebook(cells=[new_code_cell("\n".join(lines))])
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb
