"""The paper's figures and tables by chapter, each with its data, its experiments and its claims."""

import re
from importlib import import_module

from itlm_kit.errors import check_choice

# Where each experiment lives; a module is imported when one of its experiments is asked for.
_EXPERIMENTS = {
    "regression.convergence": ("fig2", "fig5", "fig6", "fig7", "drift"),
    "regression.theory_cells": ("theory",),
    "regression.peers": ("peers",),
    "labels.mnist": ("fig1a", "fig1b", "table1-mnist"),
    "labels.cifar": ("table1-cifar", "table2", "late-rounds", "few-images"),
    "labels.scores": ("scores",),
    "labels.alpha": ("alpha",),
    "labels.rivals": ("field",),
    "labels.small_loss": ("small-loss",),
    "labels.warm_or_anew": ("warm-or-anew",),
    "labels.short_updates": ("short-updates",),
    "labels.cifar10n": ("cifar10n",),
    "labels.own_pictures": ("own-pictures",),
    "labels.found_errors": ("found-errors",),
    "mixtures.experiments": ("fig1c", "fig3", "fig8", "table3", "table5"),
    "mixtures.length": ("fig8-length", "gan-length"),
    "backdoors.experiments": ("fig1d", "fig4", "table4", "backdoor-map"),
}
_TITLES = {
    "regression": "convergence and regression (02, 03, 04)",
    "labels": "label noise (01, 05)",
    "mixtures": "GAN filtering (06)",
    "backdoors": "backdoors (07)",
}
_CLAIMS = ("regression.theory_claims", "regression.claims", "labels.claims", "mixtures.claims", "backdoors.claims")

_HEADLINES = (
    "T1.mnist.systematic.60.baseline", "T1.mnist.systematic.60.itlm", "T1.cifar10.systematic.60.itlm",
    "T2.60.itlm.noisy", "T3.mnist.80.iter5", "T4.1->2.naive.test2", "T4.1->2.itlm.test2", "T5.80.centroid",
)  # fmt: skip


def experiment_names():
    """Names of all experiments, in the paper's order of figures, then tables."""
    return sorted(name for names in _EXPERIMENTS.values() for name in names)


def get_experiment(name):
    """The Experiment of that name; raises InputError naming the known ones."""
    check_choice("experiment", name, experiment_names())
    module = next(module for module, names in _EXPERIMENTS.items() if name in names)
    return import_module(f"itlm_kit.chapters.{module}").EXPERIMENTS[name]


def notebooks_of(name):
    """The numbers of the notebooks that an experiment belongs to, e.g. ["01", "05"]."""
    module = next(module for module, names in _EXPERIMENTS.items() if name in names)
    return re.findall(r"\d\d", _TITLES[module.partition(".")[0]])


def all_claims(chapter=""):
    """The claims of all chapters, or of the one named, a tuple of Claims."""
    modules = (import_module(f"itlm_kit.chapters.{name}") for name in _CLAIMS if name.startswith(chapter))
    return tuple(claim for module in modules for claim in module.claims())


def ledger(store, chapter=""):
    """The claims with what a ResultStore holds of them, as a DataFrame; see `ledger.verdicts.ledger`."""
    from itlm_kit.ledger import verdicts

    return verdicts.ledger(all_claims(chapter), store, get_experiment)


def counted_verdicts(store, chapters=()):
    """The table of verdicts by chapter, those named or all, in Markdown, as the README shows it."""
    from itlm_kit.ledger.text import counted

    for name in chapters:
        check_choice("chapter", name, tuple(_TITLES))
    return counted({_TITLES[name]: ledger(store, name) for name in chapters or _TITLES})


def headlines(store):
    """A few figures of each printed table beside what was measured, in Markdown, as the README shows them."""
    from itlm_kit.ledger import verdicts
    from itlm_kit.ledger.text import in_print

    by_id = {claim.id: claim for claim in all_claims()}
    claims = [by_id[name] for name in _HEADLINES]
    return in_print(verdicts.ledger(claims, store, get_experiment))
