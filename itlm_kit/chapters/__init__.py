"""The paper's figures and tables by chapter, each with its data, its experiments and its claims."""

from importlib import import_module

from itlm_kit.errors import check_choice

# Where each experiment lives; a module is imported when one of its experiments is asked for.
_EXPERIMENTS = {
    "regression.convergence": ("fig2", "fig5", "fig6", "fig7"),
    "regression.theory_cells": ("theory",),
    "labels.mnist": ("fig1a", "fig1b", "table1-mnist"),
    "labels.cifar": ("table1-cifar", "table2"),
    "labels.scores": ("scores",),
    "labels.alpha": ("alpha",),
    "labels.rivals": ("field",),
    "labels.cifar10n": ("cifar10n",),
    "mixtures.experiments": ("fig1c", "fig3", "fig8", "table3", "table5"),
    "backdoors.experiments": ("fig1d", "fig4", "table4", "backdoor-map"),
}
_CLAIMS = ("regression.theory_claims", "regression.claims", "labels.claims", "mixtures.claims", "backdoors.claims")


def experiment_names():
    """Names of all experiments, in the paper's order of figures, then tables."""
    return sorted(name for names in _EXPERIMENTS.values() for name in names)


def get_experiment(name):
    """The Experiment of that name; raises InputError naming the known ones."""
    check_choice("experiment", name, experiment_names())
    module = next(module for module, names in _EXPERIMENTS.items() if name in names)
    return import_module(f"itlm_kit.chapters.{module}").EXPERIMENTS[name]


def all_claims():
    """The claims of all chapters, a tuple of Claims."""
    modules = (import_module(f"itlm_kit.chapters.{name}") for name in _CLAIMS)
    return tuple(claim for module in modules for claim in module.claims())
