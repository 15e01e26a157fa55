"""What a notebook says at its start and hands over at its end."""

import json
import math
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.files import as_path
from itlm_kit.machine import DEVICES, PROFILES, resolve_device

RECORD = "application/vnd.itlm.record+json"
FEWEST = 1000  # images that a notebook can be cut to
_IMAGES = "It is how many the full profile takes: fewer are faster."
RESULTS = "results"  # the folder of measured figures, beside the notebooks
_KIT_RESULTS = Path(__file__).resolve().parents[1] / "notebooks" / RESULTS  # there where the kit is a checkout


class SetUp(NamedTuple):
    """The checked parameters of a notebook."""

    profile: str  # "quick" or "full"
    seed: int
    device: str  # "cpu" or "cuda"
    data_root: Path | None  # None: where `itlm data list` looks by default
    images: int | None = None  # that the full profile takes, where fewer than the paper's can be asked for

    def about(self, source):
        """What data a figure is of, with the seed, which a source that was drawn by it names already."""
        seed = f"seed {self.seed}"
        return source if seed in source else f"{source}, {seed}"


def set_up(
    profile, seed, device="auto", data_root=None, *,
    images=None, most=None, minutes=None, data="drawn from the seed", torch=True,
):  # fmt: skip
    """Check a notebook's parameters, print one line about the run, and return them as a SetUp.

    minutes: how long it takes on two CPU cores, a number or one per profile, {"quick": 0.5, "full": 30}. data: what
    the figures come from, in words, likewise. torch: whether the notebook trains networks; without it torch is not
    imported and everything runs on the CPU. Raises InputError for a parameter that is unknown or of the wrong type.
    """
    import pandas as pd

    profile = check_choice("profile", profile, PROFILES)
    seed = check_integer("seed", seed, low=0, remedy="It makes a run repeatable.")
    data_root = _check_data_root(data_root)
    images = images if most is None else check_integer("images", images, low=FEWEST, high=most, remedy=_IMAGES)
    device = check_choice("device", device, DEVICES)
    device = _torch_device(device) if torch else "cpu"
    pd.set_option("display.max_colwidth", None)  # else tables cut their texts
    parts = (f"profile {profile}, seed {seed}", _versions(torch), device, f"data: {_of_profile(data, profile)}")
    time, cut = _of_profile(minutes, profile), "at most " if profile == "full" and images != most else ""
    print(" · ".join(parts) + ("" if time is None else f" · {cut}{_in_words(time)}"))
    return SetUp(profile, seed, device, data_root, images)


def show(figure, alt):
    """Display a figure with `alt`, what it shows in words, for those who cannot see it."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:  # plain Python
        print(f"[figure] {alt}")
    else:
        display(figure, metadata={"image/png": {"alt": alt}})


def conditions(results=None, *, seed=None, data="", device="", protocol=None, **recipe):
    """Print one line that says how figures were measured, to stand beside their table.

    results: Results, as `stored` gives them; see `experiments.conditions`. Without them it tells what the notebook just
    did, from `seed`, `data`, `device`, `protocol` and what a recipe has: training (a Recipe), epochs, rounds, alpha.
    """
    from itlm_kit.experiments.conditions import conditions as told
    from itlm_kit.experiments.conditions import just_done

    print(told([just_done(recipe, seed, data, device, protocol)] if results is None else results))


def prediction(outcome):
    """Display what became of a prediction that the text asked for, in one sentence."""
    from IPython.display import Markdown, display

    display(Markdown(f"**Your prediction:** {outcome}"))


def record(**figures):
    """Hand figures over to whoever runs the notebook, and show them: `itlm run` collects them in results.json.

    Each value is anything JSON knows, or NumPy or torch values, all finite; raises InputError otherwise.
    """
    plain = {name: _plain(name, value) for name, value in figures.items()}
    for name, value in plain.items():
        _show(name, value)


def readable(value):
    """A recorded value in words: four digits of a number, what a list or a dict holds one after the other."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, dict):
        return ", ".join(f"{name} ({readable(v)})" if isinstance(v, dict) else f"{name} = {readable(v)}"
                         for name, v in value.items())  # fmt: skip
    if isinstance(value, list):
        return ", ".join(map(readable, value))
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


def computed(name, *, profile, seed=0, only=()):
    """Cells of the experiment `name`, computed here and now, as a frame; see `experiments.cells.computed`."""
    from itlm_kit.chapters import get_experiment
    from itlm_kit.experiments import cells

    return cells.computed(get_experiment(name), profile=profile, seed=seed, only=only)


def measured(name, *, only=(), folder=RESULTS):
    """Full cells of the experiment `name` as a frame: from result files, or smaller ones computed where these are not.

    See `experiments.cells.measured`; `source_of` says which they are.
    """
    from itlm_kit.chapters import get_experiment
    from itlm_kit.experiments import cells
    from itlm_kit.experiments.store import ResultStore

    return cells.measured(get_experiment(name), ResultStore(_results(folder)), only=only)


def stored(name, *, folder=RESULTS):
    """The finished cells of the experiment `name` in a folder of result files, a list of Results.

    Those of its figure or table, in either profile. Raises InputError for a folder that has no result files.
    """
    from itlm_kit.chapters import get_experiment
    from itlm_kit.experiments import cells
    from itlm_kit.experiments.store import published_results

    return cells.stored(get_experiment(name), published_results(_results(folder)))


def beside_printed(name, measure, *, profile="full", folder=RESULTS):
    """A measure of the experiment `name` beside what the paper prints, as a frame; see `ledger.beside`."""
    from itlm_kit.chapters import get_experiment
    from itlm_kit.ledger import beside

    return beside.beside_printed(get_experiment(name), stored(name, folder=folder), measure, profile=profile)


def verdicts(*chapters, folder=RESULTS):
    """Display the verdicts on the paper's claims, counted anew from result files: a line for each of these chapters.

    chapters: "regression", "labels", "mixtures", "backdoors"; none: all of them. Raises InputError for other names, and
    for a folder that has no result files.
    """
    from IPython.display import Markdown, display

    from itlm_kit.chapters import counted_verdicts
    from itlm_kit.experiments.store import published_results

    display(Markdown(counted_verdicts(published_results(_results(folder)), chapters)))


def _results(folder):
    is_working_copy = folder == RESULTS and not Path(folder).is_dir()
    return _KIT_RESULTS if is_working_copy and _KIT_RESULTS.is_dir() else folder


def read_records(nb):
    """Return {name: value} of all that `record` left in an executed notebook (nbformat 4)."""
    outputs = (output for cell in nb.cells for output in cell.get("outputs", []))
    records = (output["data"][RECORD] for output in outputs if RECORD in output.get("data", {}))
    return {one["name"]: one["value"] for one in records}


def _check_data_root(data_root):
    if data_root is None:
        return None
    if not isinstance(data_root, str | os.PathLike):
        raise InputError(f"data_root must be a folder or None; got {data_root!r}. `itlm data list` shows the default.")
    path = as_path(data_root, "data_root")
    if not path.is_dir():
        found = "a file" if path.exists() else "nothing there"
        raise InputError(f"data_root must be a folder; got {str(data_root)!r} ({found}). Name one, or leave it None.")
    return path


def _torch_device(device):
    import torch

    device = resolve_device(device)
    if device == "cpu":
        torch.set_num_threads(1)  # as the experiments: small networks gain nothing by more, and lose much on a busy CPU
    return device


def _versions(torch):
    python = ".".join(map(str, sys.version_info[:3]))
    names = ("itlm_kit", "numpy", *(["torch"] if torch else []))
    return ", ".join([f"Python {python}", *(f"{name} {_version(name)}" for name in names)])


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:  # run from the source folder without an install
        return "(not installed)"


def _of_profile(value, profile):
    return value.get(profile) if isinstance(value, dict) else value


def _in_words(minutes):
    return f"about {minutes:.0f} min" if minutes >= 2 else f"about {math.ceil(minutes * 60)} s"


def _plain(name, value):
    try:
        return json.loads(json.dumps(value, default=_to_list, allow_nan=False))
    except (TypeError, ValueError) as error:
        remedy = "Record a number, a text, or a list or dict of these."
        raise InputError(f"{name} must be finite and of a kind JSON knows; got {value!r}. {remedy}") from error


def _to_list(value):
    if hasattr(value, "tolist"):  # NumPy and torch alike
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _show(name, value):
    from IPython import get_ipython
    from IPython.display import display

    text = f"{name.replace('_', ' ')}: {readable(value)}"
    if get_ipython() is None:  # plain Python
        print(text)
    else:
        display({RECORD: {"name": name, "value": value}, "text/plain": text}, raw=True)
