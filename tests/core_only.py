"""What a core-only install can do and what it says of the rest, told as JSON.

`python core_only.py FOLDER` in such an install; with `--hide` in any other, whose further packages are then not found.
FOLDER is for what the commands write. It ends with 1 where something is not as it should be, and says what.
"""

import contextlib
import io
import json
import os
import sys
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions, requires

CORE = ("click", "joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
NEEDY = {  # what is asked -> the extra that it must name
    "run 02": "notebooks",
    "copy 02": "notebooks",
    "explore line": "notebooks",
    "assignment release regression out": "notebooks",
    "assignment solutions regression": "notebooks",
    "assignment grade .": "notebooks",
    "claims --results results": "vision",
    "report --results results": "pages",
    "book . --results results": "notebooks",
    "reproduce": "vision",
    "reproduce table1-mnist": "vision",
    "reproduce fig2": "pages",
    "examine pictures": "vision",
    "import itlm_kit.vision": "vision",
    "import itlm_kit.plots": "pages",
    "from itlm_kit.explorers import LineExplorer": "notebooks",
    "from itlm_kit.course import assignments": "notebooks",
    "from itlm_kit.book import build": "notebooks",
    "from itlm_kit.runner import Run": "notebooks",
    "from itlm_kit.defences import label_rivals; label_rivals()": "vision",
    "from itlm_kit.chapters import get_experiment; get_experiment('gan-length')": "vision",
    "from itlm_kit import examine; examine.folder('pictures')": "vision",
    "from itlm_kit import data; data.load_folder('pictures')": "pages",
    "from itlm_kit import data; data.load('patches')": "pages",
    "from itlm_kit.pages import template; template('itlm_kit.examine', 'page.html')": "pages",
    "from itlm_kit.machine import resolve_device; resolve_device('cuda')": "vision",
}
ABLE = (
    "--help", "--version", "reproduce --help", "doctor", "data list", "data check digits",
    "examine table.csv --target y --copy-kept kept",
    "import itlm_kit; [getattr(itlm_kit, name) for name in itlm_kit.__all__]",
    "from itlm_kit import data; print(len(data.load('digits').y))",
    "from itlm_kit.machine import resolve_device; assert resolve_device('auto') == 'cpu'",
    "from itlm_kit.course import check; print(check('3.1', None))",
)  # fmt: skip


def hide_the_rest():
    """Let Python find no installed package but the kit, the core and what these need."""
    wanted = {"itlm-kit", *needed_by(CORE)}
    hidden = {
        module for module, owners in packages_distributions().items() if not wanted & {plain(name) for name in owners}
    }

    class Finder(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            return None if name.partition(".")[0] in hidden else super().find_spec(name, path, target)

    sys.meta_path[sys.meta_path.index(PathFinder)] = Finder


def needed_by(names):
    """Names of these packages and of all that they need, whatever extras they have."""
    from packaging.requirements import Requirement

    found, todo = set(), [plain(name) for name in names]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            wanted = map(Requirement, requires(name) or [])
            todo += [plain(one.name) for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def plain(name):
    return name.lower().replace("_", "-")


def write_table():
    """A table in which the first rows are wrong, an empty folder of pictures, and one of results."""
    rows = [f"{i % 100 / 100:.2f},{(i * 37) % 100},{'ab'[(i % 100 < 50) != (i < 6)]}" for i in range(200)]
    with open("table.csv", "w") as file:
        file.write("\n".join(["u,v,y", *rows]) + "\n")
    os.mkdir("pictures")
    os.mkdir("results")
    open("results/fig2.jsonl", "w").close()


def answer(asked):
    """[exit code, what was printed] of a command, or of Python code."""
    from itlm_kit.errors import InputError

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = execute(asked) if " import " in f" {asked} " else command(asked)
        except InputError as error:
            print(error)
            code = 2
    return [code, printed.getvalue()]


def fault(asked, code, printed):
    """What is wrong with an answer; None where nothing is."""
    if asked not in NEEDY:
        return f"exit code {code}: {printed}" if code or "Traceback" in printed else None
    told = f'Run: pip install "itlm_kit[{NEEDY[asked]}]"\n'
    return None if code == 2 and printed.endswith(told) and printed.count("\n") == 1 else f"it does not tell {told}"


def uses():
    """The method, by its public names, on drawn data."""
    import numpy as np

    from itlm_kit import TrajectoryRecorder, examine, glm, itlm, rank_suspects

    data = glm.draw("random", n=200, d=3, clean=0.7, seed=0)

    def losses(theta):
        return (data.y - data.x @ theta) ** 2

    def update(theta, kept, t):
        return np.linalg.lstsq(data.x[kept], data.y[kept])[0]

    theta, *_ = itlm(update(None, np.full(200, True), 0), losses, update, alpha=0.65, rounds=10)
    recorder = TrajectoryRecorder(200, 6)
    for epoch in range(6):
        recorder.record(epoch, np.arange(200), losses(theta) / 2**epoch, losses(theta) < 1)
    y = np.where(data.x[:, 0] > 0, "up", "down")
    y[:20] = np.where(y[:20] == "up", "down", "up")
    found = examine.table(data.x, y)
    return {
        "path": np.allclose(theta, glm.clear_path(data.x, data.y, alpha=0.65, rounds=10).thetas[-1]),
        "estimator": glm.TrimmedLeastSquares(alpha=0.65).fit(data.x, data.y).coef_.shape == (3,),
        "suspects": len(rank_suspects(recorder)) == 200,
        "recording": len(examine.recording(recorder, alpha=0.7).suspects) == 200,
        "table": int((found.suspects["index"][:20] < 20).sum()) > 15,
    }


def execute(code):
    exec(code, {})
    return 0


def command(words):
    from itlm_kit.cli.commands import _exit_code

    return _exit_code(words.split())


if __name__ == "__main__":
    if "--hide" in sys.argv:
        hide_the_rest()
    os.chdir(sys.argv[1])
    write_table()
    import itlm_kit

    answers = {asked: answer(asked) for asked in (*ABLE, *NEEDY)}
    faults = {asked: fault(asked, *given) for asked, given in answers.items()}
    print(json.dumps({"kit": itlm_kit.__file__, "uses": uses(), "answers": answers, "faults": faults}))
    sys.exit("\n".join(f"{asked}: {wrong}" for asked, wrong in faults.items() if wrong) or 0)
