"""Notebooks planted with one fault each, and a sound one, written where a test wants them."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'profile = "full"\nseed = 7\ndevice = "cpu"\ndata_root = "nowhere"'
SOUND = """\
import sys
from itlm_kit.notebook import record
record(accuracy=93.7, parameters=[profile, seed, device, data_root], python=sys.executable)"""
PICTURE = """\
import matplotlib.pyplot as plt
_ = plt.plot([1, 3, 2])"""
INTERACT = """\
import ipywidgets
def double(alpha=3):
    assert alpha <= 1, "alpha too large"
_ = ipywidgets.interact(double, alpha=(0, 5))"""
WIPED = """\
import ipywidgets
out = ipywidgets.Output()
with out:
    1 / 0
out.clear_output()
with out:
    print("all is well")"""
HOG = """\
import time
hoard = []
for _ in range(200):
    hoard.append(b"x" * 30_000_000)
    time.sleep(0.02)"""

# Number of the cell at fault, from 1: after the title and the parameters.
FAULTY = 3
FAULTS = {
    "03_error": ("y = 0\n1 / y", "error", "ZeroDivisionError: division by zero"),
    "04_interact": (INTERACT, "widget", "AssertionError: alpha too large"),
    "05_wiped": (WIPED, "widget", "ZeroDivisionError: division by zero"),
    "06_slow": ("import time\ntime.sleep(600)", "timeout", "the cell took longer than 4 s"),
    "07_hog": (HOG, "memory", "MB above a bare import of torch; the limit is 50 MB"),
    "08_dead": ("import os\nos._exit(3)", "kernel", "DeadKernelError"),
}


def write_notebook(folder, name, *codes, tags=None, own=""):
    """Write a notebook whose kernel is called what no machine calls it; tags: {position among codes: tag}.

    own: a line that sets a parameter besides those of all notebooks.
    """
    folder.mkdir(exist_ok=True)
    parameters = new_code_cell(f"{PARAMETERS}\n{own}", metadata={"tags": ["parameters"]})
    tags = tags or {}
    cells = [new_code_cell(code, metadata={"tags": [tags[k]] if k in tags else []}) for k, code in enumerate(codes)]
    nb = new_notebook(cells=[new_markdown_cell(f"# Title of {name}"), parameters, *cells])
    nb.metadata.kernelspec = {"name": "no-such-kernel", "display_name": "none", "language": "python"}
    nbformat.write(nb, folder / f"{name}.ipynb")
    return folder / f"{name}.ipynb"


def write_all(folder):
    """The sound notebook 01, one of each fault, and a file that is no notebook."""
    write_notebook(folder, "01_sound", SOUND, PICTURE)
    for name, (code, *_) in FAULTS.items():
        write_notebook(folder, name, code, "print('not reached, or too late')")
    (folder / "09_damaged.ipynb").write_text("{")
    return folder
