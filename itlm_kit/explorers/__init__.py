"""Sliders over the experiments: each explorer answers at once, and leaves a picture and words where nothing moves."""

from importlib import import_module

from itlm_kit.errors import check_choice
from itlm_kit.extras import needs

# Each explorer lives in a module of its name, imported when it is asked for.
_CLASSES = {
    "convergence": "ConvergenceExplorer",
    "gan": "GanExplorer",
    "label_noise": "NoiseExplorer",
    "line": "LineExplorer",
    "trajectories": "TrajectoryExplorer",
    "watermarks": "WatermarkEditor",
}
__all__ = [*sorted(_CLASSES.values()), "get_explorer", "names"]


def names():
    """Names of all explorers."""
    return sorted(_CLASSES)


def get_explorer(name):
    """The explorer class of that name; raises InputError naming the known ones."""
    check_choice("explorer", name, names())
    needs("ipywidgets", "anywidget", "plotly")
    return getattr(import_module(f"itlm_kit.explorers.{name}"), _CLASSES[name])


def __getattr__(name):
    home = next((module for module, cls in _CLASSES.items() if cls == name), None)
    if home is None:
        raise AttributeError(f"module 'itlm_kit.explorers' has no attribute {name!r}")
    return get_explorer(home)
