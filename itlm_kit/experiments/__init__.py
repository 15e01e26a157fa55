"""The paper's figures and tables as experiments; `get_experiment` finds one by name."""

from importlib import import_module

from itlm_kit.errors import check_choice

# Where each experiment lives; a module is imported when one of its experiments is asked for.
_MODULES = {
    "convergence": ("fig2", "fig5", "fig6", "fig7"),
    "theory": ("theory",),
    "backdoor": ("fig1d", "fig4", "table4", "backdoor-map"),
    "label_noise": ("fig1a", "fig1b", "table1-mnist"),
    "label_noise_cifar": ("table1-cifar", "table2"),
    "scores": ("scores",),
    "alpha": ("alpha",),
    "field": ("field",),
    "cifar10n": ("cifar10n",),
    "gan": ("fig1c", "fig3", "fig8", "table3", "table5"),
}


def experiment_names():
    """Names of all experiments, in the paper's order of figures, then tables."""
    return sorted(name for names in _MODULES.values() for name in names)


def get_experiment(name):
    """The Experiment of that name; raises InputError naming the known ones."""
    check_choice("experiment", name, experiment_names())
    module = next(module for module, names in _MODULES.items() if name in names)
    return import_module(f"itlm_kit.experiments.{module}").EXPERIMENTS[name]
