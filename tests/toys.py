"""Small experiments and results for tests of the machinery and of the ledger."""

from dataclasses import dataclass

from itlm_kit.experiments.experiment import Cell, Experiment
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.settings import Setting

ANYTHING = Setting(lambda value: True, "anything", str)


@dataclass(frozen=True)
class ToyRecipe:
    steps: int = 1


def experiment(name="toy", cells=({},), run=None, *, recipe=ToyRecipe(), **more):  # noqa: B008
    """An experiment with these cells in both profiles (a list, or a function of the profile)."""
    of_profile = cells if callable(cells) else lambda profile: list(cells)
    keys = {key for profile in ("quick", "full") for cell in of_profile(profile) for key in cell}
    how = {"title": "A toy", "place": "nowhere", "allows": dict.fromkeys(keys, ANYTHING)}
    return Experiment(name=name, cells=of_profile, run=run, recipe=lambda settings: recipe, **{**how, **more})


def result(name, settings, metrics, *, seed=0, version=1, recipe=ToyRecipe(), **more):  # noqa: B008
    """A finished cell of such an experiment."""
    steps = {"kind": "ToyRecipe", "steps": recipe.steps}
    about = {"data": "made up", "device": "a CPU", "seconds": 1.0, "versions": {}, **more}
    return Result(
        experiment=name, version=version, settings=settings, recipe=steps, seed=seed, metrics=metrics, **about
    )  # fmt: skip


def result_of(experiment, settings, metrics, *, seed=0, **more):
    """A made-up finished cell of any experiment, that its store will find."""
    from itlm_kit.experiments.recipe import described

    cell = Cell(experiment, settings, seed)
    about = {"data": "made up", "device": "a CPU", "seconds": 1.0, "versions": {}, **more}
    return Result(
        experiment=experiment.name, version=experiment.version, settings=settings, recipe=described(cell.recipe),
        seed=seed, metrics=metrics, **about,
    )  # fmt: skip
