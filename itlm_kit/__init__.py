"""Learn, teach and use Iterative Trimmed Loss Minimization (Shen & Sanghavi, ICML 2019)."""

from importlib import import_module

__version__ = "0.2.0"

_HOME = {
    "Classes": "classes",
    "num_kept": "trimming",
    "trim": "trimming",
    "trim_groups": "trimming",
    "trimmed_mean": "trimming",
    "Round": "loop",
    "ITLMResult": "loop",
    "itlm": "loop",
    "itlm_rounds": "loop",
    "TrajectoryRecorder": "trajectories",
    "rank_suspects": "trajectories",
    "write_suspects": "trajectories",
    "Indexed": "trajectories",
    "record_partial_fit": "trajectories",
    "choose_alpha": "choosing",
    "out_of_sample": "choosing",
    "InputError": "errors",
}
__all__ = sorted(_HOME)


def __getattr__(name):
    # Imported on first use, so that `import itlm_kit` stays light.
    if name not in _HOME:
        raise AttributeError(f"module 'itlm_kit' has no attribute {name!r}")
    return getattr(import_module(f"itlm_kit.{_HOME[name]}"), name)


def __dir__():
    return sorted([*globals(), *_HOME])
